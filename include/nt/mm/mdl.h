// Memory descriptor lists: which physical pages a buffer has.
//   [MSDN "Using MDLs", IoAllocateMdl, MmProbeAndLockPages, MmMapLockedPagesSpecifyCache]
//   The page numbers follow the structure. Memory that a System does not know (a host program's
//   own) has none, and cannot be locked. IRQL <= DISPATCH_LEVEL; above it is a violation.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE 0x1000

struct _IRP;

typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

typedef struct _MDL {
  struct _MDL* Next;
  CSHORT Size;  // with its page numbers; of more than 4089 pages it is meaningless
  CSHORT MdlFlags;
  struct _EPROCESS* Process;
  PVOID MappedSystemVa;
  PVOID StartVa;  // of the buffer's first page
  ULONG ByteCount;
  ULONG ByteOffset;  // into that page
} MDL, *PMDL;
typedef MDL* PMDLX;

#define MDL_MAPPED_TO_SYSTEM_VA 0x0001
#define MDL_PAGES_LOCKED 0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE 0x0008
#define MDL_PARTIAL 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ 0x0040
#define MDL_WRITE_OPERATION 0x0080
#define MDL_PARENT_MAPPED_SYSTEM_VA 0x0100
#define MDL_FREE_EXTRA_PTES 0x0200
#define MDL_DESCRIBES_AWE 0x0400
#define MDL_IO_SPACE 0x0800
#define MDL_NETWORK_HEADER 0x1000
#define MDL_MAPPING_CAN_FAIL 0x2000
#define MDL_ALLOCATED_MUST_SUCCEED 0x4000
#define MDL_INTERNAL 0x8000

typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE_ORIG { MmFrameBufferCached = 2 } MEMORY_CACHING_TYPE_ORIG;
typedef enum _MEMORY_CACHING_TYPE {
  MmNonCached = 0,
  MmCached = 1,
  MmWriteCombined = MmFrameBufferCached,
  MmHardwareCoherentCached,
  MmNonCachedUnordered,
  MmUSWCCached,
  MmMaximumCacheType,
  MmNotMapped = -1
} MEMORY_CACHING_TYPE;

// Of a mapping: a priority, with these two.
typedef enum _MM_PAGE_PRIORITY {
  LowPagePriority,
  NormalPagePriority = 16,
  HighPagePriority = 32
} MM_PAGE_PRIORITY;
#define MdlMappingNoWrite 0x80000000u
#define MdlMappingNoExecute 0x40000000u

#define MM_DONT_ZERO_ALLOCATION 0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY 0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED 0x00000004
#define MM_ALLOCATE_NO_WAIT 0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS 0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS 0x00000020

#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_NOCACHE 0x200
#define PAGE_WRITECOMBINE 0x400

#define BYTE_OFFSET(Va) ((ULONG)((ULONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(Size) (((Size) >> PAGE_SHIFT) + (((Size) & (PAGE_SIZE - 1)) != 0))
#define PAGE_ALIGN(Va) ((PVOID)((ULONG_PTR)(Va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(Size) (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)                                          \
  ((ULONG)((((ULONG_PTR)(Va) & (PAGE_SIZE - 1)) + (ULONG_PTR)(Size) + (PAGE_SIZE - 1)) >> \
           PAGE_SHIFT))

#define MmGetMdlByteCount(Mdl) ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl) ((Mdl)->ByteOffset)
#define MmGetMdlBaseVa(Mdl) ((Mdl)->StartVa)
#define MmGetMdlPfnArray(Mdl) ((PPFN_NUMBER)((Mdl) + 1))
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((PCHAR)((Mdl)->StartVa) + (Mdl)->ByteOffset))

#define MmInitializeMdl(Mdl, BaseVa, Length)                                                     \
  do {                                                                                           \
    (Mdl)->Next = (PMDL)0;                                                                       \
    (Mdl)->Size = (CSHORT)(sizeof(MDL) +                                                         \
                           sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseVa, Length)); \
    (Mdl)->MdlFlags = 0;                                                                         \
    (Mdl)->StartVa = PAGE_ALIGN(BaseVa);                                                         \
    (Mdl)->ByteOffset = BYTE_OFFSET(BaseVa);                                                     \
    (Mdl)->ByteCount = (ULONG)(Length);                                                          \
  } while (0)

// The bytes that a list for that buffer takes. Any IRQL.                     [MSDN MmSizeOfMdl]
SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length);

// ---- Io's: the list as memory
// A list for a buffer, whose page numbers are not there yet. With an Irp it becomes the one of the
// IRP, or, if SecondaryBuffer, the last of the IRP's chain. NULL without memory, and for more than
// 4 GB less a page. The quota is not charged.                               [MSDN IoAllocateMdl]
PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, struct _IRP* Irp);
// A partial list that was mapped is unmapped. Violation 0xB8 for another that is still mapped.
//                                                                                [MSDN IoFreeMdl]
VOID NTAPI IoFreeMdl(PMDL Mdl);
// Makes TargetMdl describe Length bytes of what SourceMdl does, from VirtualAddress on; 0: all the
// rest. It may have been so before, and mapped. Its pages stay locked as long as those of the
// source. A target without room for them is bugcheck TARGET_MDL_TOO_SMALL.
//                                                                        [MSDN IoBuildPartialMdl]
VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length);

// ---- Mm's: pages
// Finds the pages of a buffer in nonpaged pool, or of other memory that is always there. Violation
// 0x7F for paged pool.                                          [MSDN MmBuildMdlForNonPagedPool]
VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList);
// Finds and keeps the pages of any buffer, until MmUnlockPages. Raises STATUS_ACCESS_VIOLATION if
// there is no memory. Violations 0x70 (level), 0xB0 (a list that is locked, partial, or of
// nonpaged pool).                                                     [MSDN MmProbeAndLockPages]
VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation);
// Unmaps them first, if they are mapped. Violations 0x78 (level), 0x7C (a list that is not
// locked), 0x7D (of nonpaged pool), 0xB4 (partial).                         [MSDN MmUnlockPages]
VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList);

// Another address of the pages, in system space. NULL if there is none, or with BugCheckOnFailure
// bugcheck NO_MORE_SYSTEM_PTES. There are no other address spaces: with UserMode it raises
// STATUS_INSUFFICIENT_RESOURCES. CacheType and the priority proper change nothing. Violations
// 0x76 (level), 0xB2 (mapped already), 0xB3 (no pages).
//                                               [MSDN MmMapLockedPagesSpecifyCache]
PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority);
// The same, with BugCheckOnFailure.                                      [MSDN MmMapLockedPages]
PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode);
// Violation 0x79 (level); bugcheck SYSTEM_PTE_MISUSE for an address that is not the mapping's.
//                                                                      [MSDN MmUnmapLockedPages]
VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList);
// Changes what the mapping allows: PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE_READ or
// PAGE_NOACCESS. STATUS_NOT_MAPPED_VIEW, STATUS_INVALID_PAGE_PROTECTION.
//                                                               [MSDN MmProtectMdlSystemAddress]
NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect);

// Pages that nobody has, with physical addresses from LowAddress to HighAddress, or if there are
// too few with all of these further on by SkipBytes, and so on: a list that is locked and mapped
// nowhere, of as many as there are. NULL for none. ExFreePool frees the list after
// MmFreePagesFromMdl. Flags are MM_*; with MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS SkipBytes is how
// large the chunks of neighbouring pages are. Violation 0x7E (level).
//                                          [MSDN MmAllocatePagesForMdl, MmAllocatePagesForMdlEx]
PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes);
PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags);
// Gives them back, unmapped first if they are mapped. Violations 0x7E (level), 0x7C (a list whose
// pages are gone).                                                     [MSDN MmFreePagesFromMdl]
VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList);

// ---- Inline: where the pages are in system space; maps them unless they are.
//                                  [MSDN MmGetSystemAddressForMdlSafe, MmGetSystemAddressForMdl]
FORCEINLINE PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority) {
  if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
    return Mdl->MappedSystemVa;
  return MmMapLockedPagesSpecifyCache(Mdl, 0 /* KernelMode */, MmCached, (PVOID)0, 0, Priority);
}
FORCEINLINE PVOID MmGetSystemAddressForMdl(PMDL Mdl) {
  if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
    return Mdl->MappedSystemVa;
  return MmMapLockedPages(Mdl, 0 /* KernelMode */);
}
// Ready for another MmProbeAndLockPages or IoBuildPartialMdl.        [MSDN MmPrepareMdlForReuse]
FORCEINLINE VOID MmPrepareMdlForReuse(PMDL Mdl) {
  if (Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
}

#ifdef __cplusplus
}
#endif
