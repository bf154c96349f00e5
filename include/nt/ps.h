// Processes and threads as objects.
//   IRQL <= DISPATCH_LEVEL unless said.
#pragma once

#include <nt/ke.h>
#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROCESS_CREATE_THREAD 0x0002
#define PROCESS_QUERY_INFORMATION 0x0400
#define PROCESS_ALL_ACCESS 0x1fffff
#define THREAD_TERMINATE 0x0001
#define THREAD_QUERY_INFORMATION 0x0040
#define THREAD_ALL_ACCESS 0x1fffff

// Makes a thread that runs StartRoutine(StartContext) at PASSIVE_LEVEL, and a handle to it.
// ProcessHandle: of the process whose thread it is to be; null, the System process. Otherwise the
// statuses of ObReferenceObjectByHandle, STATUS_INSUFFICIENT_RESOURCES, and for a process that has
// ended STATUS_PROCESS_IS_TERMINATING. IRQL PASSIVE_LEVEL.              [MSDN PsCreateSystemThread]
NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext);
// Ends the calling thread. Does not return. IRQL PASSIVE_LEVEL.      [MSDN PsTerminateSystemThread]
NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus);

HANDLE NTAPI PsGetThreadId(PETHREAD Thread);
HANDLE NTAPI PsGetCurrentThreadId(void);
// STATUS_PENDING while it runs.                                                            [MSDN
// PsGetThreadExitStatus]
NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread);
#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())

// The process that the calling thread is in: the one it is attached to, else its own.
//                                                                      [MSDN PsGetCurrentProcess]
PEPROCESS NTAPI PsGetCurrentProcess(void);
// The process whose thread it is, attached or not.
//                                              [MSDN PsGetThreadProcessId, PsGetCurrentProcessId]
PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread);
PEPROCESS NTAPI PsGetCurrentThreadProcess(void);
HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread);
HANDLE NTAPI PsGetCurrentThreadProcessId(void);
HANDLE NTAPI PsGetCurrentProcessId(void);
// Any IRQL.                                                               [MSDN PsGetProcessId]
HANDLE NTAPI PsGetProcessId(PEPROCESS Process);

// The object of that identifier, referenced, whether it has ended or not. STATUS_INVALID_CID: there
// is none. IRQL PASSIVE_LEVEL.        [MSDN PsLookupProcessByProcessId, PsLookupThreadByThreadId]
NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process);
NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread);

// The version, as RtlGetVersion says it; each may be NULL. CSDVersion, of which the caller gives
// buffer and MaximumLength, is the name of a service pack: there is none. TRUE: a checked build;
// this is none. Any IRQL.                                                      [MSDN PsGetVersion]
BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion);

// ---- Data: cells of the current System. Any IRQL.
#ifdef _WIN32
extern DECLSPEC_IMPORT PEPROCESS PsInitialSystemProcess;
extern POBJECT_TYPE* PsProcessType;
extern POBJECT_TYPE* PsThreadType;
#else
PEPROCESS* NTAPI MicaCellPsInitialSystemProcess(void);
POBJECT_TYPE* NTAPI MicaCellPsProcessType(void);
POBJECT_TYPE* NTAPI MicaCellPsThreadType(void);
// The System process.                                              [MSDN PsInitialSystemProcess]
#define PsInitialSystemProcess MicaCellPsInitialSystemProcess()[0]
// Where the type is: POBJECT_TYPE*, as drivers see it.                                  [wdm.h]
#define PsProcessType MicaCellPsProcessType()
#define PsThreadType MicaCellPsThreadType()
#endif

#ifdef __cplusplus
}
#endif
