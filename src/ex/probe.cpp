// Whether memory is a user's, and is as one says.               [MSDN ProbeForRead, ProbeForWrite]
#include <nt/ex.h>

#include "base/types.hpp"
#include "ke/bugcheck.hpp"

using namespace mica;

namespace {

// The first address that no user has.
constexpr ULONG_PTR user_probe_address = 0x7FFF'FFFF'0000;

// False: there is nothing to look at.
[[nodiscard]] bool probe(void const volatile* address, SIZE_T length, ULONG alignment,
                         void* caller) noexcept {
  if (length == 0) return false;
  auto const begin = reinterpret_cast<ULONG_PTR>(address);
  if ((begin & (alignment - 1)) != 0) ke::raise_status(STATUS_DATATYPE_MISALIGNMENT, caller);
  if (begin + length < begin || begin + length > user_probe_address)
    ke::raise_status(STATUS_ACCESS_VIOLATION, caller);
  return true;
}

}  // namespace

VOID NTAPI ProbeForRead(VOID const volatile* Address, SIZE_T Length, ULONG Alignment) {
  static_cast<void>(probe(Address, Length, Alignment, __builtin_return_address(0)));
}

VOID NTAPI ProbeForWrite(VOID volatile* Address, SIZE_T Length, ULONG Alignment) {
  if (!probe(Address, Length, Alignment, __builtin_return_address(0))) return;
  auto const begin = reinterpret_cast<ULONG_PTR>(Address);
  for (ULONG_PTR at = begin; at < begin + Length; at = (at & ~(page_size - 1)) + page_size) {
    auto* const byte = reinterpret_cast<UCHAR volatile*>(at);
    *byte = *byte;
  }
}
