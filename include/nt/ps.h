// Processes and threads as objects.
//   IRQL <= DISPATCH_LEVEL unless said.
#pragma once

#include <nt/ke.h>
#include <nt/ob.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROCESS_TERMINATE 0x0001
#define PROCESS_CREATE_THREAD 0x0002
#define PROCESS_SET_SESSIONID 0x0004
#define PROCESS_VM_OPERATION 0x0008
#define PROCESS_VM_READ 0x0010
#define PROCESS_VM_WRITE 0x0020
#define PROCESS_DUP_HANDLE 0x0040
#define PROCESS_CREATE_PROCESS 0x0080
#define PROCESS_SET_QUOTA 0x0100
#define PROCESS_SET_INFORMATION 0x0200
#define PROCESS_QUERY_INFORMATION 0x0400
#define PROCESS_SUSPEND_RESUME 0x0800
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000
#define PROCESS_SET_LIMITED_INFORMATION 0x2000
#define PROCESS_ALL_ACCESS 0x1fffff
#define THREAD_TERMINATE 0x0001
#define THREAD_SUSPEND_RESUME 0x0002
#define THREAD_ALERT 0x0004
#define THREAD_GET_CONTEXT 0x0008
#define THREAD_SET_CONTEXT 0x0010
#define THREAD_SET_INFORMATION 0x0020
#define THREAD_QUERY_INFORMATION 0x0040
#define THREAD_SET_THREAD_TOKEN 0x0080
#define THREAD_IMPERSONATE 0x0100
#define THREAD_DIRECT_IMPERSONATION 0x0200
#define THREAD_SET_LIMITED_INFORMATION 0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_RESUME 0x1000
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

// What a routine is told of a process that begins. FileObject is NULL: processes are not made of
// files yet.                                                          [MSDN PS_CREATE_NOTIFY_INFO]
typedef struct _PS_CREATE_NOTIFY_INFO {
  SIZE_T Size;
  union {
    ULONG Flags;
    struct {
      ULONG FileOpenNameAvailable : 1;
      ULONG IsSubsystemProcess : 1;
      ULONG Reserved : 30;
    };
  };
  HANDLE ParentProcessId;
  CLIENT_ID CreatingThreadId;
  struct _FILE_OBJECT* FileObject;
  PCUNICODE_STRING ImageFileName;
  PCUNICODE_STRING CommandLine;
  NTSTATUS CreationStatus;  // an error refuses the process
} PS_CREATE_NOTIFY_INFO, *PPS_CREATE_NOTIFY_INFO;

typedef VOID(NTAPI* PCREATE_PROCESS_NOTIFY_ROUTINE)(HANDLE ParentId, HANDLE ProcessId,
                                                    BOOLEAN Create);
typedef VOID(NTAPI* PCREATE_PROCESS_NOTIFY_ROUTINE_EX)(PEPROCESS Process, HANDLE ProcessId,
                                                       PPS_CREATE_NOTIFY_INFO CreateInfo);

// Calls the routine from now on, or with Remove no longer: when a process has its first thread, in
// the thread that made it, and when its last one ends (Create is FALSE, CreateInfo NULL), in that
// one. PASSIVE_LEVEL, in a critical region. Removing waits for calls that go on, so it must not be
// done from one. STATUS_INVALID_PARAMETER: it is registered already, or 64 are;
// STATUS_PROCEDURE_NOT_FOUND: there is none to remove. Flags of the image that the routine is in
// are not looked at. IRQL PASSIVE_LEVEL.
//                     [MSDN PsSetCreateProcessNotifyRoutine, PsSetCreateProcessNotifyRoutineEx]
NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine,
                                               BOOLEAN Remove);
NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX NotifyRoutine,
                                                 BOOLEAN Remove);

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
