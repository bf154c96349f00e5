// The system services on files. [MSDN ntifs.h, wdm.h]
//   IRQL PASSIVE_LEVEL. The names with Zw trust their caller, those with Nt check what the previous
//   mode (ExGetPreviousMode) is not trusted with: the rights of the handle. Statuses beyond those
//   named are the driver's, and those of ObReferenceObjectByHandle.
#pragma once

#include <nt/io/irp.h>

#ifdef __cplusplus
extern "C" {
#endif

// Opens a device, or what a driver finds on it under the rest of the name; RootDirectory may be a
// directory, or an open file that the name is relative to. What came of it is in *IoStatusBlock,
// unless it is an error. STATUS_INVALID_PARAMETER for bits that are none, a disposition that is
// none, FILE_SYNCHRONOUS_IO_ALERT or FILE_SYNCHRONOUS_IO_NONALERT without SYNCHRONIZE or both,
// FILE_DELETE_ON_CLOSE without DELETE, FILE_DIRECTORY_FILE with FILE_NON_DIRECTORY_FILE or another
// option or disposition that does not go with a directory, FILE_NO_INTERMEDIATE_BUFFERING with
// FILE_APPEND_DATA, or a negative AllocationSize; the statuses of ObOpenObjectByName;
// STATUS_NO_SUCH_DEVICE, STATUS_ACCESS_DENIED (an exclusive device that is open).
//                                                                              [MSDN ZwCreateFile]
NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength);
NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength);
// The same with FILE_OPEN.                                                        [MSDN ZwOpenFile]
NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions);
NTSTATUS NTAPI NtOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions);

// ---- Requests. Of a file without FILE_SYNCHRONOUS_IO_* they may return STATUS_PENDING; then, and
// for every other result than an error, the status block is written when it has ended, Event, or
// without one the file, is signaled, and ApcRoutine is called in this thread as a normal kernel
// APC. A synchronous file serves one request after another, and each waits. STATUS_ACCESS_DENIED
// for a handle without the right, STATUS_INSUFFICIENT_RESOURCES, STATUS_ACCESS_VIOLATION for a
// buffer that must be locked and is no memory of this System.

// STATUS_INVALID_PARAMETER for a negative ByteOffset, or none if the file is not synchronous; if
// it is, FILE_USE_FILE_POINTER_POSITION stands for its position, as none does. With
// FILE_NO_INTERMEDIATE_BUFFERING also for what is not whole sectors.             [MSDN ZwReadFile]
NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key);
NTSTATUS NTAPI NtReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key);
// The same; a handle with FILE_APPEND_DATA and without FILE_WRITE_DATA always writes to
// FILE_WRITE_TO_END_OF_FILE, which others may name.                             [MSDN ZwWriteFile]
NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key);
NTSTATUS NTAPI NtWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key);

// The rights are those that the code names.   [MSDN ZwDeviceIoControlFile, ZwFsControlFile]
NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength);
NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength);
NTSTATUS NTAPI ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength);
NTSTATUS NTAPI NtFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength);

// ---- These always wait.
// STATUS_INVALID_INFO_CLASS for a class that is none, or none of a device's; more are the driver's
// business. STATUS_INFO_LENGTH_MISMATCH for a Length that is too small for it. The access and mode
// of the handle, the alignment of the device, and the position of a synchronous file are told
// without the driver.                    [MSDN ZwQueryInformationFile, IRP_MJ_QUERY_INFORMATION]
NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI NtQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass);
// Mode and position are set without the driver: STATUS_INVALID_PARAMETER for a mode that changes
// whether the file is synchronous, and for a negative position or one of another file.
//                                            [MSDN ZwSetInformationFile, IRP_MJ_SET_INFORMATION]
NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI NtSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass);
// The handle must have been opened to write.                              [MSDN ZwFlushBuffersFile]
NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock);

// Cancels what the calling thread has asked of the file, and waits until that has ended.
//                                                                    [ntifs.h; MSDN CancelIo]
NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock);

// Cancels what any thread has asked of the file, or only the request with that status block, and
// does not wait. STATUS_NOT_FOUND if there is none.                    [ntifs.h; MSDN CancelIoEx]
NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock);

// ZwClose.                                                                           [MSDN NtClose]
NTSTATUS NTAPI NtClose(HANDLE Handle);

#ifdef __cplusplus
}
#endif
