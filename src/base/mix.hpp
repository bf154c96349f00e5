#pragma once

#include <cstdint>

namespace mica {

// Spreads what differs between two numbers over all bits. [Steele et al., "Fast Splittable
// Pseudorandom Number Generators"]
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t bits) noexcept {
  bits = (bits ^ bits >> 30) * 0xBF58'476D'1CE4'E5B9;
  bits = (bits ^ bits >> 27) * 0x94D0'49BB'1331'11EB;
  return bits ^ bits >> 31;
}

}  // namespace mica
