#include "hal_host/stack_room.hpp"

#include <algorithm>

#include "hal_host/simulation.hpp"

namespace mica::hal_host {

std::byte* room_on_stack(std::uint64_t stack_pointer, std::size_t bytes) noexcept {
  constexpr std::uint64_t handler_bytes = 4096, alignment = 64, enough = kernel_stack_bytes / 4;
  Strand const& strand = Machine::current().core.seat->flow();
  auto const bottom = reinterpret_cast<std::uint64_t>(strand.bottom);
  auto const here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  if (stack_pointer - bottom > strand.bytes) return nullptr;
  std::uint64_t top = stack_pointer - red_zone_bytes;
  if (here - bottom < strand.bytes) top = std::min(top, here - handler_bytes);
  top = (top - bytes) & ~(alignment - 1);
  return top - bottom < strand.bytes && top - bottom >= enough ? reinterpret_cast<std::byte*>(top)
                                                               : nullptr;
}

}  // namespace mica::hal_host
