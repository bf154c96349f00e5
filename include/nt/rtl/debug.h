// Text for the debugger's console. Any IRQL, also for wide characters, which Windows takes at
// PASSIVE_LEVEL only. No floating point. docs/rtl.md lists the formats.
#pragma once

#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DPFLTR_DEFAULT_ID 101
#define DPFLTR_IHVVIDEO_ID 78
#define DPFLTR_IHVAUDIO_ID 79
#define DPFLTR_IHVNETWORK_ID 80
#define DPFLTR_IHVSTREAMING_ID 81
#define DPFLTR_IHVBUS_ID 82
#define DPFLTR_IHVDRIVER_ID 77

#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000u

// At most 512 bytes of one call are shown; the rest is cut. Whatever the component and the level,
// everything is shown, as if every filter mask were full. Return STATUS_SUCCESS.
//   [MSDN DbgPrint, DbgPrintEx, vDbgPrintEx, vDbgPrintExWithPrefix]
ULONG NTAPI DbgPrint(PCSTR Format, ...);
ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, MS_VA_LIST arglist);
ULONG NTAPI vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format,
                                  MS_VA_LIST arglist);

// Gets the text of each call as a counted string, cut as above and valid until it returns. Called
// at HIGH_LEVEL, on several processors at once.
typedef VOID(NTAPI* PDEBUG_PRINT_CALLBACK)(PSTRING Output, ULONG ComponentId, ULONG Level);

// Sets the routine (Enable) or takes it back; there is one at a time. When taking back returns no
// call is going on. IRQL <= DISPATCH_LEVEL, not from the routine itself. STATUS_SUCCESS;
// STATUS_UNSUCCESSFUL: one is set already, or another one than this;
// STATUS_INVALID_PARAMETER: a null routine.             [wdm.h, DbgSetDebugPrintCallback]
NTSTATUS NTAPI DbgSetDebugPrintCallback(PDEBUG_PRINT_CALLBACK DebugPrintCallback, BOOLEAN Enable);

// Goes to the debugger. Where there is none it raises STATUS_BREAKPOINT: if nobody handles that,
// a bugcheck. With the kernel option `pass-breakpoints` it is as if there were one, whose user lets
// the System go on at once: a line says so. Any IRQL.
//                                                                [MSDN DbgBreakPoint, KdBreakPoint]
VOID NTAPI DbgBreakPoint(void);

// Twice parenthesised; nothing in a driver built without DBG.             [MSDN KdPrint, KdPrintEx]
#if defined(DBG) && DBG
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint() DbgBreakPoint()
#else
#define KdPrint(arguments) ((void)0)
#define KdPrintEx(arguments) ((void)0)
#define KdBreakPoint() ((void)0)
#endif

#ifdef __cplusplus
}
#endif
