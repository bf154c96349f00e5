// Statuses that file systems expect, and pool that is there or an exception.
#include <nt/fsrtl.h>
#include <nt/ntstatus.h>

BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS Exception) {
  switch (Exception) {
    case STATUS_DATATYPE_MISALIGNMENT:
    case STATUS_ACCESS_VIOLATION:
    case STATUS_ILLEGAL_INSTRUCTION:
    case STATUS_INSTRUCTION_MISALIGNMENT:
      return FALSE;
    default:
      return TRUE;
  }
}

NTSTATUS NTAPI FsRtlNormalizeNtstatus(NTSTATUS Exception, NTSTATUS GenericException) {
  return FsRtlIsNtstatusExpected(Exception) ? Exception : GenericException;
}

PVOID NTAPI FsRtlAllocatePoolWithTag(POOL_TYPE PoolType, ULONG NumberOfBytes, ULONG Tag) {
  void* const block = ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
  if (block == nullptr) ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
  return block;
}

PVOID NTAPI FsRtlAllocatePool(POOL_TYPE PoolType, ULONG NumberOfBytes) {
  constexpr ULONG none = 'enoN';  // as ExAllocatePool
  return FsRtlAllocatePoolWithTag(PoolType, NumberOfBytes, none);
}
