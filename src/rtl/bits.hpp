// What bitmap routines share: words, masks, and the next bit of a value. Any IRQL.
#pragma once

#include <nt/rtl/bitmap.h>

#include <bit>

namespace mica::rtl {

inline constexpr ULONG word_bits = 32;

enum class Bit : bool { clear, set };

// `count` bits from `first` on; first + count <= 32.
[[nodiscard]] constexpr ULONG mask_of(ULONG first, ULONG count) noexcept {
  return static_cast<ULONG>(((1ull << count) - 1) << first);
}

// The first index at or after `from` whose bit has the value; the bitmap's size if there is none.
[[nodiscard]] inline ULONG next(RTL_BITMAP const& map, ULONG from, Bit value) noexcept {
  ULONG const flip = value == Bit::set ? 0 : MAXULONG;
  while (from < map.SizeOfBitMap) {
    ULONG const word = (map.Buffer[from / word_bits] ^ flip) >> (from % word_bits);
    if (word != 0) {
      ULONG const found = from + static_cast<ULONG>(std::countr_zero(word));
      return found < map.SizeOfBitMap ? found : map.SizeOfBitMap;
    }
    from += word_bits - from % word_bits;
  }
  return map.SizeOfBitMap;
}

[[nodiscard]] constexpr Bit opposite(Bit value) noexcept {
  return value == Bit::set ? Bit::clear : Bit::set;
}

}  // namespace mica::rtl
