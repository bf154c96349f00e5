// Room on the stack of a flow that was interrupted by a signal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mica::hal_host {

// What code may have below its stack pointer.
inline constexpr std::uint64_t red_zone_bytes = 128;

// So many bytes below what the current processor's flow has on its stack, and below the signal's
// handler if it stands there too. Null: there is none, or not enough to go on with.
[[nodiscard]] std::byte* room_on_stack(std::uint64_t stack_pointer, std::size_t bytes) noexcept;

}  // namespace mica::hal_host
