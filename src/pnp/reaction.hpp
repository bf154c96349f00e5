// What a line says that comes of reading or writing a register, and under which condition; a
// register's own line has such conditions too (registers.hpp).
//   Each reads on in the line; what was expected instead of the last word, or null. Any IRQL.
#pragma once

#include "pnp/registers.hpp"

namespace mica::pnp {

inline constexpr char const* a_name = "a register's name: 1 to 64 letters, digits, '_' and '-'";
inline constexpr char const* a_number = "a number";
inline constexpr char const* some_bits = "some of its bits, a number that is not 0";

inline constexpr std::uint64_t all_bits = ~std::uint64_t{0};

// A register's name, and some of its bits.
[[nodiscard]] char const* read_condition(Words& words, Condition& condition) noexcept;

// What follows `on`.
[[nodiscard]] char const* read_reaction(Words& words, Reaction& reaction) noexcept;

}  // namespace mica::pnp
