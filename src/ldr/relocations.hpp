#pragma once

#include "ldr/image.hpp"

namespace mica::ldr {

// Changes the addresses in an image that stands `distance` bytes above (modulo 2^64) where it was
// linked for. What was refused is changed in part.
[[nodiscard]] Refusal relocate(Image& image, std::uint64_t distance) noexcept;

}  // namespace mica::ldr
