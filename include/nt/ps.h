// Threads as objects.
#pragma once

#include <nt/ke.h>
#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THREAD_TERMINATE 0x0001
#define THREAD_ALL_ACCESS 0x1fffff

// Makes a thread that runs StartRoutine(StartContext) at PASSIVE_LEVEL, and a handle to it.
// ProcessHandle: null, the System process; another is STATUS_INVALID_HANDLE.
// STATUS_INSUFFICIENT_RESOURCES. IRQL PASSIVE_LEVEL.                    [MSDN PsCreateSystemThread]
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

#ifdef __cplusplus
}
#endif
