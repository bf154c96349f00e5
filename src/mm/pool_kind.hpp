// The two kinds of pool.
#pragma once

#include <cstdint>

namespace mica::mm {

enum class PoolKind : std::uint8_t { nonpaged, paged };
inline constexpr unsigned pool_count = 2;

}  // namespace mica::mm
