// Bitmaps: searches for ranges and runs.
#include "rtl/bits.hpp"

namespace mica::rtl {
namespace {

constexpr ULONG none = MAXULONG;

[[nodiscard]] ULONG NTAPI first_fit(RTL_BITMAP const& map, ULONG from, ULONG count,
                                    Bit value) noexcept {
  for (ULONG start = next(map, from, value); start < map.SizeOfBitMap;) {
    ULONG const end = next(map, start, opposite(value));
    if (end - start >= count) return start;
    start = next(map, end, value);
  }
  return none;
}

// The second try covers the whole: a range may begin before the hint and end after it.
[[nodiscard]] ULONG find(RTL_BITMAP const& map, ULONG count, ULONG hint, Bit value) noexcept {
  if (hint >= map.SizeOfBitMap) hint = 0;
  if (count == 0) return hint;
  ULONG const found = first_fit(map, hint, count, value);
  return found == none && hint != 0 ? first_fit(map, 0, count, value) : found;
}

[[nodiscard]] RTL_BITMAP_RUN NTAPI clear_run(RTL_BITMAP const& map, ULONG from) noexcept {
  ULONG const start = next(map, from, Bit::clear);
  return {start, next(map, start, Bit::set) - start};
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find(*BitMapHeader, NumberToFind, HintIndex, Bit::clear);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  return find(*BitMapHeader, NumberToFind, HintIndex, Bit::set);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  ULONG const found = find(*BitMapHeader, NumberToFind, HintIndex, Bit::clear);
  if (found != none) RtlSetBits(BitMapHeader, found, NumberToFind);
  return found;
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
  ULONG const found = find(*BitMapHeader, NumberToFind, HintIndex, Bit::set);
  if (found != none) RtlClearBits(BitMapHeader, found, NumberToFind);
  return found;
}

ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                       PULONG StartingRunIndex) {
  RTL_BITMAP_RUN const run = clear_run(*BitMapHeader, FromIndex);
  *StartingRunIndex = run.StartingIndex;
  return run.NumberOfBits;
}

ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
  RTL_BITMAP_RUN longest{BitMapHeader->SizeOfBitMap, 0};
  RTL_BITMAP_RUN run = clear_run(*BitMapHeader, 0);
  while (run.NumberOfBits != 0) {
    if (run.NumberOfBits > longest.NumberOfBits) longest = run;
    run = clear_run(*BitMapHeader, run.StartingIndex + run.NumberOfBits);
  }
  *StartingIndex = longest.StartingIndex;
  return longest.NumberOfBits;
}
