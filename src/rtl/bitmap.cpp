// Bitmaps: setting, clearing, testing, counting.
#include "rtl/bits.hpp"

#include <algorithm>

namespace mica::rtl {
namespace {

// Calls change(word, mask) for each word of the range.
template <class Change>
void NTAPI for_words(RTL_BITMAP const& map, ULONG first, ULONG count, Change change) noexcept {
  while (count > 0) {
    ULONG const offset = first % word_bits;
    ULONG const here = std::min(count, word_bits - offset);
    change(map.Buffer[first / word_bits], mask_of(offset, here));
    first += here;
    count -= here;
  }
}

void set(RTL_BITMAP const& map, ULONG first, ULONG count) noexcept {
  for_words(map, first, count, [](ULONG& word, ULONG mask) { word |= mask; });
}

void clear(RTL_BITMAP const& map, ULONG first, ULONG count) noexcept {
  for_words(map, first, count, [](ULONG& word, ULONG mask) { word &= ~mask; });
}

[[nodiscard]] BOOLEAN NTAPI are(RTL_BITMAP const& map, ULONG first, ULONG count,
                                Bit value) noexcept {
  bool const inside = first < map.SizeOfBitMap && count <= map.SizeOfBitMap - first;
  return count > 0 && inside && next(map, first, opposite(value)) >= first + count;
}

// In parallel, by twos, fours and bytes: std::popcount is a call where the target lacks POPCNT.
[[nodiscard]] ULONG ones(ULONG word) noexcept {
  word -= (word >> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >> 2) & 0x33333333);
  return (((word + (word >> 4)) & 0x0F0F0F0F) * 0x01010101) >> 24;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap) {
  *BitMapHeader = {SizeOfBitMap, BitMapBuffer};
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  set(*BitMapHeader, BitNumber, 1);
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  clear(*BitMapHeader, BitNumber, 1);
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
  return static_cast<BOOLEAN>(RtlCheckBit(BitMapHeader, BitNumber));
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet) {
  set(*BitMapHeader, StartingIndex, NumberToSet);
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear) {
  clear(*BitMapHeader, StartingIndex, NumberToClear);
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader) {
  set(*BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader) {
  clear(*BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  return are(*BitMapHeader, StartingIndex, Length, Bit::clear);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
  return are(*BitMapHeader, StartingIndex, Length, Bit::set);
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader) {
  ULONG count = 0;
  for_words(*BitMapHeader, 0, BitMapHeader->SizeOfBitMap,
            [&](ULONG& word, ULONG mask) { count += ones(word & mask); });
  return count;
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader) {
  return BitMapHeader->SizeOfBitMap - RtlNumberOfSetBits(BitMapHeader);
}
