// The registry by path. IRQL PASSIVE_LEVEL. The statuses are those of nt/zw/keys.h, and
// STATUS_INVALID_PARAMETER for a RelativeTo that is none of these.
#pragma once

#include <nt/cm/key.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- What Path is relative to.                                     [MSDN RtlQueryRegistryValues]
#define RTL_REGISTRY_ABSOLUTE 0    // a whole path
#define RTL_REGISTRY_SERVICES 1    // \Registry\Machine\System\CurrentControlSet\Services
#define RTL_REGISTRY_CONTROL 2     // \Registry\Machine\System\CurrentControlSet\Control
#define RTL_REGISTRY_WINDOWS_NT 3  // \Registry\Machine\Software\Microsoft\Windows NT\CurrentVersion
#define RTL_REGISTRY_DEVICEMAP 4   // \Registry\Machine\Hardware\DeviceMap
#define RTL_REGISTRY_USER 5        // \Registry\User\.Default
#define RTL_REGISTRY_MAXIMUM 6
#define RTL_REGISTRY_HANDLE 0x40000000    // Path is the handle of a key
#define RTL_REGISTRY_OPTIONAL 0x80000000  // of a query: the key need not be there

// ---- What an entry of a table asks for.                            [MSDN RtlQueryRegistryValues]
#define RTL_QUERY_REGISTRY_SUBKEY 0x00000001    // Name is a subkey's; entries that follow are of it
#define RTL_QUERY_REGISTRY_TOPKEY 0x00000002    // from here on entries are of the first key again
#define RTL_QUERY_REGISTRY_REQUIRED 0x00000004  // the value must be there
#define RTL_QUERY_REGISTRY_NOVALUE 0x00000008   // just a call
#define RTL_QUERY_REGISTRY_NOEXPAND 0x00000010  // strings as they are
#define RTL_QUERY_REGISTRY_DIRECT 0x00000020    // EntryContext gets the data
#define RTL_QUERY_REGISTRY_DELETE 0x00000040    // the value is deleted then
#define RTL_QUERY_REGISTRY_TYPECHECK 0x00000100  // DefaultType's highest byte is the type
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define RTL_QUERY_REGISTRY_TYPECHECK_MASK (0xffu << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)

typedef NTSTATUS(NTAPI RTL_QUERY_REGISTRY_ROUTINE)(PWSTR ValueName, ULONG ValueType,
                                                   PVOID ValueData, ULONG ValueLength,
                                                   PVOID Context, PVOID EntryContext);
typedef RTL_QUERY_REGISTRY_ROUTINE* PRTL_QUERY_REGISTRY_ROUTINE;

typedef struct _RTL_QUERY_REGISTRY_TABLE {
  PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
  ULONG Flags;
  PWSTR Name;
  PVOID EntryContext;
  ULONG DefaultType;
  PVOID DefaultData;
  ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;

// Answers the entries of a table in turn, until one without QueryRoutine and Name, or one that
// fails: its status is the result.
//   An entry with a Name is about that value, one without about all values of the key, or with
//   NOVALUE about none. The routine is called with the value; a REG_EXPAND_SZ with the variables of
//   Environment in place and as REG_SZ, a REG_MULTI_SZ once for each string as REG_SZ, unless
//   NOEXPAND. Strings end in a null, which their length counts.
//   DIRECT, without a routine: a string goes to the UNICODE_STRING at EntryContext, into its buffer
//   or, if that is NULL, into one from the pool (RtlFreeUnicodeString); a REG_MULTI_SZ only with
//   NOEXPAND. Other data of up to four bytes goes to EntryContext. Longer data goes into the buffer
//   there, which begins with its size as a LONG: alone if that is negative, else behind two ULONGs,
//   its length and its type.
//   A value that is not there has the default, unless DefaultType is REG_NONE; a DefaultLength of 0
//   stands for the length of a default string.
//   STATUS_OBJECT_NAME_NOT_FOUND: not there, and REQUIRED. STATUS_OBJECT_TYPE_MISMATCH: not the
//   type of TYPECHECK. STATUS_BUFFER_TOO_SMALL, of DIRECT. STATUS_INVALID_PARAMETER: SUBKEY or
//   DIRECT without a name, DIRECT with a routine, or of a REG_MULTI_SZ that is to be expanded.
//   STATUS_NO_MEMORY.                                               [MSDN RtlQueryRegistryValues]
NTSTATUS NTAPI RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path,
                                      PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                      PVOID Environment);

// Sets a value of a key, which is made if only its last part is not there.
//                                                                      [MSDN RtlWriteRegistryValue]
NTSTATUS NTAPI RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName,
                                     ULONG ValueType, PVOID ValueData, ULONG ValueLength);
//                                                                     [MSDN RtlDeleteRegistryValue]
NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName);
// Makes a key, or finds it.                                             [MSDN RtlCreateRegistryKey]
NTSTATUS NTAPI RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path);
// STATUS_SUCCESS: it is there.                                           [MSDN RtlCheckRegistryKey]
NTSTATUS NTAPI RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path);

#ifdef __cplusplus
}
#endif
