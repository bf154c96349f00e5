// Raising exceptions, and the time of day.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Raise an exception in the caller. One that nobody handles is bugcheck
// SYSTEM_THREAD_EXCEPTION_NOT_HANDLED in a system thread, KMODE_EXCEPTION_NOT_HANDLED in a DPC or
// an interrupt, and where no loaded image called. Do not return.
// IRQL <= APC_LEVEL.                                                           [MSDN ExRaiseStatus]
DECLSPEC_NORETURN VOID NTAPI ExRaiseStatus(NTSTATUS Status);
DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID);       // STATUS_ACCESS_VIOLATION
DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID);  // STATUS_DATATYPE_MISALIGNMENT

// Raise STATUS_ACCESS_VIOLATION if [Address, Address + Length) is not all below what is the
// kernel's (0x7FFFFFFF0000), STATUS_DATATYPE_MISALIGNMENT if it begins at no multiple of Alignment
// (a power of two). No byte is looked at for reading; for writing one of each page is read and
// written. A Length of 0 is good. On the host the kernel's memory lies among what may be a user's.
// IRQL <= APC_LEVEL.                                           [MSDN ProbeForRead, ProbeForWrite]
VOID NTAPI ProbeForRead(VOID const volatile* Address, SIZE_T Length, ULONG Alignment);
VOID NTAPI ProbeForWrite(VOID volatile* Address, SIZE_T Length, ULONG Alignment);

// From UTC to local time and back, in 100 ns since 1601, by the bias that KUSER_SHARED_DATA has.
// Any IRQL.                                                          [MSDN ExSystemTimeToLocalTime]
VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime);
VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime);

#ifdef __cplusplus
}
#endif
