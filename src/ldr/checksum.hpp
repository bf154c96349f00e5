#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mica::ldr {

// The sum of a file that has its own sum, four bytes of it, at `field`: those count as zeros.
//                                                                         [MSDN CheckSumMappedFile]
[[nodiscard]] std::uint32_t checksum(std::span<std::byte const> file, std::size_t field) noexcept;

}  // namespace mica::ldr
