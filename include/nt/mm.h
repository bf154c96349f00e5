// Memory: addresses, lists of pages, memory for devices.
#pragma once

#include <nt/ke.h>
#include <nt/mm/mdl.h>
#include <nt/rtl/string.h>

#ifdef __cplusplus
extern "C" {
#endif

// The physical address behind a valid system address; 0 if there is none. Any IRQL.
//                                                                     [MSDN MmGetPhysicalAddress]
PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress);
// Whether a read of the byte would not fault now. IRQL <= DISPATCH_LEVEL.
//                                                                         [MSDN MmIsAddressValid]
BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress);
// Where the executive's part of the address space begins.                                [ntddk.h]
#ifdef _WIN32
extern DECLSPEC_IMPORT PVOID MmSystemRangeStart;
#else
PVOID* NTAPI MicaCellMmSystemRangeStart(void);
#define MmSystemRangeStart MicaCellMmSystemRangeStart()[0]
#endif
#define MM_SYSTEM_RANGE_START MmSystemRangeStart

// The routine of that name, of those that drivers import from ntoskrnl.exe and hal.dll, or where
// such data is; NULL if there is none. Names are told apart by case. PASSIVE_LEVEL.
//                                                                [MSDN MmGetSystemRoutineAddress]
PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName);

// ---- Memory for devices. IRQL <= DISPATCH_LEVEL; how it is cached is the machine's affair.
// Nonpaged memory at neighbouring physical addresses, whole pages of it, not above
// HighestAcceptableAddress; NULL if there is none.              [MSDN MmAllocateContiguousMemory]
PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress);
// Nor below LowestAcceptableAddress, nor across a multiple of BoundaryAddressMultiple, unless that
// is 0.                                             [MSDN MmAllocateContiguousMemorySpecifyCache]
PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType);
// Bugcheck BAD_POOL_CALLER (0x60) for what is no such memory.       [MSDN MmFreeContiguousMemory]
VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress);
VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType);
// Physical addresses in system space: registers of a device, or memory that is someone's already.
// NULL if there is no room, or nothing at these addresses (on the host: all but memory).
//                                                                             [MSDN MmMapIoSpace]
PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE CacheType);
// Protect is PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE or PAGE_EXECUTE_READ, and may have
// PAGE_NOCACHE or PAGE_WRITECOMBINE; anything else is NULL.                 [MSDN MmMapIoSpaceEx]
PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect);
// The whole of what was mapped. Bugcheck SYSTEM_PTE_MISUSE (6) if nothing is.
//                                                                           [MSDN MmUnmapIoSpace]
VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes);

#ifdef __cplusplus
}
#endif
