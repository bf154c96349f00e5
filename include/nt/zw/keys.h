// The system services on registry keys. [MSDN wdm.h, ntifs.h]
//   IRQL PASSIVE_LEVEL. Pointers are trusted, as for a caller in kernel mode, and so is what a
//   handle was opened for: the rights that a routine names are not judged. STATUS_INVALID_HANDLE,
//   STATUS_OBJECT_TYPE_MISMATCH; STATUS_KEY_DELETED for a handle to a key that was deleted; and
//   what a callback of nt/cm/callback.h says.
//   Sizes: *ResultLength is what all of it takes. Into less than the structure without what ends it
//   nothing is written: STATUS_BUFFER_TOO_SMALL. Into less than all, as much as fits:
//   STATUS_BUFFER_OVERFLOW.
#pragma once

#include <nt/cm.h>

#ifdef __cplusplus
extern "C" {
#endif

// The key of that name; all but the last part of which must be there. *Disposition, unless NULL,
// says whether it is new. TitleIndex is not looked at; Class, unless NULL, is kept with a new key.
// A symbolic link leads on to the key that it names, but if REG_OPTION_OPEN_LINK, OBJ_OPENLINK or
// REG_OPTION_CREATE_LINK say that it is meant itself. STATUS_OBJECT_NAME_NOT_FOUND,
// STATUS_OBJECT_NAME_INVALID, STATUS_CHILD_MUST_BE_VOLATILE; STATUS_INVALID_PARAMETER for a part of
// more than 255 characters, for other options, and beneath \Registry, \Registry\Machine and
// \Registry\User; STATUS_NAME_TOO_LONG for a path that no string can hold;
// STATUS_INSUFFICIENT_RESOURCES.                                                [MSDN ZwCreateKey]
NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                           PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition);

// OpenOptions: REG_OPTION_OPEN_LINK, REG_OPTION_BACKUP_RESTORE.    [MSDN ZwOpenKey, ZwOpenKeyEx]
NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                         POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions);

// The same in a transaction. What is done by the handle, and by keys that are opened beneath it, is
// the transaction's: nobody else sees it until the transaction is committed, and when it is rolled
// back it never was. Then the handle is to be closed: STATUS_TRANSACTION_NOT_ACTIVE. What a
// transaction has changed another cannot change: STATUS_TRANSACTIONAL_CONFLICT; who is in none has
// that transaction rolled back. Others' changes are seen as soon as they are committed.
// STATUS_INVALID_TRANSACTION: the root is another transaction's.
//             [MSDN ZwCreateKeyTransacted, ZwOpenKeyTransacted, ZwOpenKeyTransactedEx; WI6 p1 ch4]
NTSTATUS NTAPI ZwCreateKeyTransacted(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes, ULONG TitleIndex,
                                     PUNICODE_STRING Class, ULONG CreateOptions,
                                     HANDLE TransactionHandle, PULONG Disposition);
NTSTATUS NTAPI ZwOpenKeyTransacted(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                   POBJECT_ATTRIBUTES ObjectAttributes, HANDLE TransactionHandle);
NTSTATUS NTAPI ZwOpenKeyTransactedEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes, ULONG OpenOptions,
                                     HANDLE TransactionHandle);

// DELETE. The key is gone, with its values; its handles are to be closed still.
// STATUS_CANNOT_DELETE: it has subkeys, or is one of those that are always there.
//                                                                               [MSDN ZwDeleteKey]
NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle);

// KEY_QUERY_VALUE. Of the classes those with a structure in nt/cm/key.h, else
// STATUS_INVALID_PARAMETER.                                                      [MSDN ZwQueryKey]
NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass,
                          PVOID KeyInformation, ULONG Length, PULONG ResultLength);

// KEY_ENUMERATE_SUB_KEYS. The subkeys stand in the order of their names in upper case.
// KeyBasicInformation, KeyNodeInformation and KeyFullInformation. STATUS_NO_MORE_ENTRIES.
//                                                                            [MSDN ZwEnumerateKey]
NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index,
                              KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                              ULONG Length, PULONG ResultLength);

// KEY_SET_VALUE. The value is new, or has that type and data from now on. A symbolic link has one
// value, SymbolicLinkValue of type REG_LINK: an absolute path; STATUS_ACCESS_DENIED for others.
// STATUS_INVALID_PARAMETER for a name of more than 16383 characters, STATUS_INSUFFICIENT_RESOURCES.
//                                                                             [MSDN ZwSetValueKey]
NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex,
                             ULONG Type, PVOID Data, ULONG DataSize);

// KEY_QUERY_VALUE. STATUS_OBJECT_NAME_NOT_FOUND; STATUS_DATATYPE_MISALIGNMENT for a buffer of the
// ...Align64 classes that is not; STATUS_INVALID_PARAMETER for other classes.
//                                                                           [MSDN ZwQueryValueKey]
NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength);

// KEY_QUERY_VALUE. The values stand in the order in which they were first set.
// STATUS_NO_MORE_ENTRIES.                                               [MSDN ZwEnumerateValueKey]
NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength);

// KEY_QUERY_VALUE. The data of several values at one instant, each at a multiple of 4 of
// ValueBuffer; the entries say where, how much and of which type. STATUS_OBJECT_NAME_NOT_FOUND if
// one is not there. *BufferLength is how much there is, and was written; what does not fit is left
// out: STATUS_BUFFER_OVERFLOW, and *RequiredBufferLength, unless NULL, says what all takes.
//                                                   [MSDN REG_QUERY_MULTIPLE_VALUE_KEY_INFORMATION]
NTSTATUS NTAPI ZwQueryMultipleValueKey(HANDLE KeyHandle, PKEY_VALUE_ENTRY ValueEntries,
                                       ULONG EntryCount, PVOID ValueBuffer, PULONG BufferLength,
                                       PULONG RequiredBufferLength);

// KEY_SET_VALUE. STATUS_OBJECT_NAME_NOT_FOUND.                             [MSDN ZwDeleteValueKey]
NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName);

// The registry is in memory only: there is nothing to write.                     [MSDN ZwFlushKey]
NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle);

// KEY_SET_VALUE. KeyWriteTimeInformation, else STATUS_INVALID_PARAMETER;
// STATUS_INFO_LENGTH_MISMATCH.                                           [MSDN ZwSetInformationKey]
NTSTATUS NTAPI ZwSetInformationKey(HANDLE KeyHandle,
                                   KEY_SET_INFORMATION_CLASS KeySetInformationClass,
                                   PVOID KeySetInformation, ULONG KeySetInformationLength);

#ifdef __cplusplus
}
#endif
