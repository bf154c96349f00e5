// What an address is.                                 [MSDN MmGetPhysicalAddress, MmIsAddressValid]
#include <nt/mm.h>

#include "mm/mdl.hpp"
#include "mm/state.hpp"

namespace mica::mm {

PageNumber NTAPI page_behind(void const* address) noexcept {
  State& mm = state();
  PageNumber const page = mm.pages.page_at(address);
  return page != no_page ? page : mm.space.page_at(address);
}

}  // namespace mica::mm

using namespace mica;

extern "C" {

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress) {
  PHYSICAL_ADDRESS physical;
  physical.QuadPart = 0;
  PageNumber const page = mm::page_behind(BaseAddress);
  if (page != no_page) {
    ULONG_PTR const offset = reinterpret_cast<ULONG_PTR>(BaseAddress) & (page_size - 1);
    physical.QuadPart = static_cast<LONGLONG>(address_of(page).value + offset);
  }
  return physical;
}

// A read that would fault says no: right for every address, whoever mapped it.
BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress) {
  unsigned char byte;
  return Machine::copy_guarded(&byte, VirtualAddress, sizeof byte) ? TRUE : FALSE;
}

}  // extern "C"
