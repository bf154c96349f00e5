// The explored objects: the executive compiled once more, with every atomic operation a scheduling
// point.
#pragma once

#include <cstdint>

namespace mica::explore {

// Atomic operations that explored code has done on this OS thread.
[[nodiscard]] std::uint64_t points() noexcept;

}  // namespace mica::explore
