// Memory: addresses, and lists of pages.
#pragma once

#include <nt/ke.h>
#include <nt/mm/mdl.h>

#ifdef __cplusplus
extern "C" {
#endif

// The physical address behind a valid system address; 0 if there is none. Any IRQL.
//                                                                     [MSDN MmGetPhysicalAddress]
PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress);
// Whether a read of the byte would not fault now. IRQL <= DISPATCH_LEVEL.
//                                                                         [MSDN MmIsAddressValid]
BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress);

#ifdef __cplusplus
}
#endif
