// Tokens: who a process is for, of which groups, and what it may do.
//   There is one, LocalSystem's, and every process has it: there is no user mode and no logon yet.
//                                                                  [MSDN "Access Tokens"; ntifs.h]
#pragma once

#include <nt/ke.h>
#include <nt/ob.h>
#include <nt/se/sid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef PVOID PACCESS_TOKEN;

typedef struct _SID_AND_ATTRIBUTES {
  PSID Sid;
  ULONG Attributes;
} SID_AND_ATTRIBUTES, *PSID_AND_ATTRIBUTES;

#pragma pack(push, 4)
typedef struct _LUID_AND_ATTRIBUTES {
  LUID Luid;
  ULONG Attributes;
} LUID_AND_ATTRIBUTES, *PLUID_AND_ATTRIBUTES;
#pragma pack(pop)

#define SE_GROUP_MANDATORY 0x00000001u
#define SE_GROUP_ENABLED_BY_DEFAULT 0x00000002u
#define SE_GROUP_ENABLED 0x00000004u
#define SE_GROUP_OWNER 0x00000008u
#define SE_GROUP_INTEGRITY 0x00000020u
#define SE_GROUP_INTEGRITY_ENABLED 0x00000040u

#define SE_PRIVILEGE_ENABLED_BY_DEFAULT 0x00000001u
#define SE_PRIVILEGE_ENABLED 0x00000002u

// The low parts of privileges' identifiers; the high ones are zero.                      [ntifs.h]
#define SE_MIN_WELL_KNOWN_PRIVILEGE 2
#define SE_CREATE_TOKEN_PRIVILEGE 2
#define SE_ASSIGNPRIMARYTOKEN_PRIVILEGE 3
#define SE_LOCK_MEMORY_PRIVILEGE 4
#define SE_INCREASE_QUOTA_PRIVILEGE 5
#define SE_MACHINE_ACCOUNT_PRIVILEGE 6
#define SE_TCB_PRIVILEGE 7
#define SE_SECURITY_PRIVILEGE 8
#define SE_TAKE_OWNERSHIP_PRIVILEGE 9
#define SE_LOAD_DRIVER_PRIVILEGE 10
#define SE_SYSTEM_PROFILE_PRIVILEGE 11
#define SE_SYSTEMTIME_PRIVILEGE 12
#define SE_PROF_SINGLE_PROCESS_PRIVILEGE 13
#define SE_INC_BASE_PRIORITY_PRIVILEGE 14
#define SE_CREATE_PAGEFILE_PRIVILEGE 15
#define SE_CREATE_PERMANENT_PRIVILEGE 16
#define SE_BACKUP_PRIVILEGE 17
#define SE_RESTORE_PRIVILEGE 18
#define SE_SHUTDOWN_PRIVILEGE 19
#define SE_DEBUG_PRIVILEGE 20
#define SE_AUDIT_PRIVILEGE 21
#define SE_SYSTEM_ENVIRONMENT_PRIVILEGE 22
#define SE_CHANGE_NOTIFY_PRIVILEGE 23
#define SE_REMOTE_SHUTDOWN_PRIVILEGE 24
#define SE_UNDOCK_PRIVILEGE 25
#define SE_SYNC_AGENT_PRIVILEGE 26
#define SE_ENABLE_DELEGATION_PRIVILEGE 27
#define SE_MANAGE_VOLUME_PRIVILEGE 28
#define SE_IMPERSONATE_PRIVILEGE 29
#define SE_CREATE_GLOBAL_PRIVILEGE 30
#define SE_TRUSTED_CREDMAN_ACCESS_PRIVILEGE 31
#define SE_RELABEL_PRIVILEGE 32
#define SE_INC_WORKING_SET_PRIVILEGE 33
#define SE_TIME_ZONE_PRIVILEGE 34
#define SE_CREATE_SYMBOLIC_LINK_PRIVILEGE 35

#define TOKEN_ASSIGN_PRIMARY 0x0001u
#define TOKEN_DUPLICATE 0x0002u
#define TOKEN_IMPERSONATE 0x0004u
#define TOKEN_QUERY 0x0008u
#define TOKEN_QUERY_SOURCE 0x0010u
#define TOKEN_ADJUST_PRIVILEGES 0x0020u
#define TOKEN_ADJUST_GROUPS 0x0040u
#define TOKEN_ADJUST_DEFAULT 0x0080u
#define TOKEN_ADJUST_SESSIONID 0x0100u
#define TOKEN_ALL_ACCESS 0x000F01FFu
#define TOKEN_READ 0x00020008u
#define TOKEN_WRITE 0x000200E0u
#define TOKEN_EXECUTE 0x00020000u

typedef enum _TOKEN_TYPE { TokenPrimary = 1, TokenImpersonation } TOKEN_TYPE, *PTOKEN_TYPE;
typedef enum _SECURITY_IMPERSONATION_LEVEL {
  SecurityAnonymous,
  SecurityIdentification,
  SecurityImpersonation,
  SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL;
typedef enum _TOKEN_ELEVATION_TYPE {
  TokenElevationTypeDefault = 1,
  TokenElevationTypeFull,
  TokenElevationTypeLimited
} TOKEN_ELEVATION_TYPE;

// Those that can be asked for.
typedef enum _TOKEN_INFORMATION_CLASS {
  TokenUser = 1,
  TokenGroups = 2,
  TokenPrivileges = 3,
  TokenOwner = 4,
  TokenPrimaryGroup = 5,
  TokenSource = 7,
  TokenType = 8,
  TokenStatistics = 10,
  TokenSessionId = 12,
  TokenElevationType = 18,
  TokenElevation = 20,
  TokenIntegrityLevel = 25
} TOKEN_INFORMATION_CLASS;

typedef struct _TOKEN_USER {
  SID_AND_ATTRIBUTES User;
} TOKEN_USER, *PTOKEN_USER;
typedef struct _TOKEN_GROUPS {
  ULONG GroupCount;
  SID_AND_ATTRIBUTES Groups[1];
} TOKEN_GROUPS, *PTOKEN_GROUPS;
typedef struct _TOKEN_PRIVILEGES {
  ULONG PrivilegeCount;
  LUID_AND_ATTRIBUTES Privileges[1];
} TOKEN_PRIVILEGES, *PTOKEN_PRIVILEGES;
typedef struct _TOKEN_OWNER {
  PSID Owner;
} TOKEN_OWNER, *PTOKEN_OWNER;
typedef struct _TOKEN_PRIMARY_GROUP {
  PSID PrimaryGroup;
} TOKEN_PRIMARY_GROUP, *PTOKEN_PRIMARY_GROUP;
typedef struct _TOKEN_SOURCE {
  CHAR SourceName[8];
  LUID SourceIdentifier;
} TOKEN_SOURCE, *PTOKEN_SOURCE;
typedef struct _TOKEN_STATISTICS {
  LUID TokenId;
  LUID AuthenticationId;
  LARGE_INTEGER ExpirationTime;
  TOKEN_TYPE TokenType;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  ULONG DynamicCharged;
  ULONG DynamicAvailable;
  ULONG GroupCount;
  ULONG PrivilegeCount;
  LUID ModifiedId;
} TOKEN_STATISTICS, *PTOKEN_STATISTICS;
typedef struct _TOKEN_ELEVATION {
  ULONG TokenIsElevated;
} TOKEN_ELEVATION, *PTOKEN_ELEVATION;
typedef struct _TOKEN_MANDATORY_LABEL {
  SID_AND_ATTRIBUTES Label;
} TOKEN_MANDATORY_LABEL, *PTOKEN_MANDATORY_LABEL;

// Who asks, from SeCaptureSubjectContext on.
typedef struct _SECURITY_SUBJECT_CONTEXT {
  PACCESS_TOKEN ClientToken;  // NULL: the thread impersonates nobody
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  PACCESS_TOKEN PrimaryToken;
  PVOID ProcessAuditId;
} SECURITY_SUBJECT_CONTEXT, *PSECURITY_SUBJECT_CONTEXT;

#define PRIVILEGE_SET_ALL_NECESSARY 1
typedef struct _PRIVILEGE_SET {
  ULONG PrivilegeCount;
  ULONG Control;
  LUID_AND_ATTRIBUTES Privilege[1];
} PRIVILEGE_SET, *PPRIVILEGE_SET;
#define SE_PRIVILEGE_USED_FOR_ACCESS 0x80000000u

FORCEINLINE LUID RtlConvertUlongToLuid(ULONG Value) {
  LUID luid;
  luid.LowPart = Value;
  luid.HighPart = 0;
  return luid;
}

// A handle to the primary token of a process. IRQL PASSIVE_LEVEL.
//   STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH: of the process's handle, which user mode
//   needs with PROCESS_QUERY_INFORMATION.                              [MSDN ZwOpenProcessTokenEx]
NTSTATUS NTAPI ZwOpenProcessToken(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                  PHANDLE TokenHandle);
NTSTATUS NTAPI ZwOpenProcessTokenEx(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                    ULONG HandleAttributes, PHANDLE TokenHandle);
// STATUS_NO_TOKEN: the thread impersonates nobody; and as above.       [MSDN ZwOpenThreadTokenEx]
NTSTATUS NTAPI ZwOpenThreadToken(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                 PHANDLE TokenHandle);
NTSTATUS NTAPI ZwOpenThreadTokenEx(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                                   BOOLEAN OpenAsSelf, ULONG HandleAttributes, PHANDLE TokenHandle);

// What a token says; user mode needs a handle with TOKEN_QUERY, for TokenSource TOKEN_QUERY_SOURCE.
// SIDs follow the structure in the buffer. IRQL PASSIVE_LEVEL.      [MSDN ZwQueryInformationToken]
//   STATUS_BUFFER_TOO_SMALL: *ReturnLength, in bytes, says what it takes.
//   STATUS_INVALID_INFO_CLASS; STATUS_INVALID_HANDLE and others of ObReferenceObjectByHandle.
NTSTATUS NTAPI ZwQueryInformationToken(HANDLE TokenHandle,
                                       TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID TokenInformation, ULONG TokenInformationLength,
                                       PULONG ReturnLength);
// The same in a block of paged pool, which the caller frees; the ULONG itself, and no block, for
// TokenSessionId. STATUS_INVALID_INFO_CLASS, STATUS_INSUFFICIENT_RESOURCES. IRQL PASSIVE_LEVEL.
//                                                                   [MSDN SeQueryInformationToken]
NTSTATUS NTAPI SeQueryInformationToken(PACCESS_TOKEN Token,
                                       TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID* TokenInformation);

// The token, referenced. IRQL <= DISPATCH_LEVEL.  [MSDN PsReferencePrimaryToken]
PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS Process);
VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken);

// IRQL PASSIVE_LEVEL.           [MSDN SeCaptureSubjectContext, SeReleaseSubjectContext]
VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
// Whether the token's user is an administrator.                            [MSDN SeTokenIsAdmin]
BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token);
// Whether the calling thread has it enabled; always for KernelMode. IRQL PASSIVE_LEVEL.
//                                                                    [MSDN SeSinglePrivilegeCheck]
BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode);
// Whether the subject has them enabled: all with PRIVILEGE_SET_ALL_NECESSARY, else one. Marks those
// that it found. Always for KernelMode. IRQL PASSIVE_LEVEL.                [MSDN SePrivilegeCheck]
BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET RequiredPrivileges,
                               PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                               KPROCESSOR_MODE AccessMode);

#ifdef __cplusplus
}
#endif
