// The seam's diagnosis group: the C++ runtime's unwinder for the running flow, frame pointers for
// another.
#include <dlfcn.h>
#include <unwind.h>

#include "hal_host/simulation.hpp"

namespace mica {

using namespace hal_host;

namespace {

struct Walk {
  std::uint64_t* addresses;
  std::size_t capacity;
  std::size_t count;
};

_Unwind_Reason_Code store_frame(_Unwind_Context* context, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  auto const address = _Unwind_GetIP(context);
  if (address == 0 || walk.count == walk.capacity) return _URC_END_OF_STACK;
  walk.addresses[walk.count++] = address;
  return _URC_NO_REASON;
}

}  // namespace

std::size_t NTAPI Machine::backtrace(std::uint64_t frame, std::uint64_t* addresses,
                                     std::size_t capacity) noexcept {
  Walk walk{addresses, capacity, 0};
  if (frame == 0) {
    _Unwind_Backtrace(store_frame, &walk);
    return walk.count;
  }
  Region const& region = current().core.simulation->region();
  while (walk.count < capacity && frame % 8 == 0 &&
         region.allows(reinterpret_cast<void*>(frame), 16, false)) {
    auto const* const words = reinterpret_cast<std::uint64_t const*>(frame);
    if (words[1] == 0) break;
    addresses[walk.count++] = words[1];
    if (words[0] <= frame) break;
    frame = words[0];
  }
  return walk.count;
}

hal::SymbolName NTAPI Machine::symbol_name(std::uint64_t address) noexcept {
  Dl_info found;
  if (!::dladdr(reinterpret_cast<void*>(address), &found) || !found.dli_sname) return {nullptr, 0};
  return {found.dli_sname, address - reinterpret_cast<std::uint64_t>(found.dli_saddr)};
}

}  // namespace mica
