// Bitmaps.                                                              [MSDN "RTL_BITMAP"]
#include "rtl_support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

constexpr ULONG none = 0xFFFFFFFF;

// 70 bits: two words and six bits of a third, whose other bits nobody may touch.
struct Bits {
  static constexpr ULONG size = 70;
  ULONG words[3];
  RTL_BITMAP map;
  explicit Bits(ULONG fill) noexcept {
    for (ULONG& word : words) word = fill;
    RtlInitializeBitMap(&map, words, size);
  }
};

}  // namespace

MICA_CASE("Rtl: a bitmap is initialised without changing a bit") {
  Bits bits{0xA5A5A5A5};
  MICA_CHECK(bits.map.SizeOfBitMap == 70 && bits.map.Buffer == bits.words);
  MICA_CHECK(bits.words[0] == 0xA5A5A5A5 && bits.words[2] == 0xA5A5A5A5);
}

MICA_CASE("Rtl: single bits") {
  Bits bits{0};
  RtlSetBit(&bits.map, 33);
  MICA_CHECK(bits.words[0] == 0 && bits.words[1] == 2 && bits.words[2] == 0);
  MICA_CHECK(RtlTestBit(&bits.map, 33) == TRUE && RtlTestBit(&bits.map, 32) == FALSE);
  MICA_CHECK(RtlCheckBit(&bits.map, 33) == 1 && RtlCheckBit(&bits.map, 34) == 0);
  RtlClearBit(&bits.map, 33);
  MICA_CHECK(bits.words[1] == 0);
}

MICA_CASE("Rtl: ranges cross words and change nothing else") {
  Bits bits{0};
  RtlSetBits(&bits.map, 30, 36);
  MICA_CHECK(bits.words[0] == 0xC0000000 && bits.words[1] == 0xFFFFFFFF && bits.words[2] == 3);
  RtlClearBits(&bits.map, 31, 34);
  MICA_CHECK(bits.words[0] == 0x40000000 && bits.words[1] == 0 && bits.words[2] == 2);
  RtlSetBits(&bits.map, 5, 0);
  MICA_CHECK(bits.words[0] == 0x40000000);
}

MICA_CASE("Rtl: all bits end with the bitmap") {
  Bits bits{0};
  RtlSetAllBits(&bits.map);
  MICA_CHECK(bits.words[0] == none && bits.words[1] == none && bits.words[2] == 0x3F);
  MICA_CHECK(RtlNumberOfSetBits(&bits.map) == 70 && RtlNumberOfClearBits(&bits.map) == 0);
  for (ULONG& word : bits.words) word = none;
  RtlClearAllBits(&bits.map);
  MICA_CHECK(bits.words[0] == 0 && bits.words[1] == 0 && bits.words[2] == ~0x3Fu);
  MICA_CHECK(RtlNumberOfSetBits(&bits.map) == 0 && RtlNumberOfClearBits(&bits.map) == 70);
}

MICA_CASE("Rtl: whether a range is clear or set") {
  Bits bits{0};
  RtlSetBits(&bits.map, 20, 20);
  MICA_CHECK(RtlAreBitsSet(&bits.map, 20, 20) == TRUE);
  MICA_CHECK(RtlAreBitsSet(&bits.map, 20, 21) == FALSE);
  MICA_CHECK(RtlAreBitsSet(&bits.map, 19, 2) == FALSE);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 0, 20) == TRUE);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 0, 21) == FALSE);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 40, 30) == TRUE);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 40, 31) == FALSE);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 70, 1) == FALSE);
  for (ULONG const first : {40, 70, 80}) {  // ends behind the last number
    MICA_CHECK(RtlAreBitsClear(&bits.map, first, 0xFFFFFFF0) == FALSE);
    MICA_CHECK(RtlAreBitsClear(&bits.map, first, none) == FALSE);
  }
  MICA_CHECK(RtlAreBitsClear(&bits.map, 0, 0) == FALSE && RtlAreBitsSet(&bits.map, 20, 0) == FALSE);
}

MICA_CASE("Rtl: a search begins at the hint and goes on from the start") {
  Bits bits{none};
  RtlClearBits(&bits.map, 4, 3);
  RtlClearBits(&bits.map, 30, 5);
  MICA_CHECK(RtlFindClearBits(&bits.map, 3, 0) == 4);
  MICA_CHECK(RtlFindClearBits(&bits.map, 3, 8) == 30);
  MICA_CHECK(RtlFindClearBits(&bits.map, 3, 31) == 31);
  MICA_CHECK(RtlFindClearBits(&bits.map, 5, 31) == 30);
  MICA_CHECK(RtlFindClearBits(&bits.map, 3, 40) == 4);
  MICA_CHECK(RtlFindClearBits(&bits.map, 3, 500) == 4);
  MICA_CHECK(RtlFindClearBits(&bits.map, 6, 0) == none);
  MICA_CHECK(RtlFindClearBits(&bits.map, 71, 0) == none);
  MICA_CHECK(RtlFindSetBits(&bits.map, 23, 0) == 7);
  MICA_CHECK(RtlFindSetBits(&bits.map, 35, 8) == 35);
  MICA_CHECK(RtlFindSetBits(&bits.map, 36, 0) == none);
}

MICA_CASE("Rtl: no bits are found at the hint, or at the beginning if that is outside") {
  Bits bits{none};
  RtlClearBits(&bits.map, 4, 3);
  for (ULONG const hint : {0, 5, 69}) {
    MICA_CHECK(RtlFindClearBits(&bits.map, 0, hint) == hint);
    MICA_CHECK(RtlFindSetBits(&bits.map, 0, hint) == hint);
  }
  MICA_CHECK(RtlFindClearBits(&bits.map, 0, 70) == 0 && RtlFindClearBits(&bits.map, 0, 500) == 0);
  MICA_CHECK(RtlFindSetBits(&bits.map, 0, 70) == 0);
}

MICA_CASE("Rtl: found ranges can be taken") {
  Bits bits{0};
  MICA_CHECK(RtlFindClearBitsAndSet(&bits.map, 40, 0) == 0);
  MICA_CHECK(RtlFindClearBitsAndSet(&bits.map, 30, 0) == 40);
  MICA_CHECK(RtlNumberOfSetBits(&bits.map) == 70);
  MICA_CHECK(RtlFindClearBitsAndSet(&bits.map, 1, 0) == none);
  MICA_CHECK(RtlFindSetBitsAndClear(&bits.map, 10, 35) == 35);
  MICA_CHECK(RtlAreBitsClear(&bits.map, 35, 10) == TRUE && RtlNumberOfClearBits(&bits.map) == 10);
  MICA_CHECK(RtlFindSetBitsAndClear(&bits.map, 36, 0) == none);
  MICA_CHECK(RtlNumberOfClearBits(&bits.map) == 10);
}

MICA_CASE("Rtl: runs of clear bits") {
  Bits bits{none};
  RtlClearBits(&bits.map, 3, 2);
  RtlClearBits(&bits.map, 25, 20);
  RtlClearBits(&bits.map, 50, 20);
  ULONG start = 0;
  MICA_CHECK(RtlFindFirstRunClear(&bits.map, &start) == 2 && start == 3);
  MICA_CHECK(RtlFindNextForwardRunClear(&bits.map, 5, &start) == 20 && start == 25);
  MICA_CHECK(RtlFindNextForwardRunClear(&bits.map, 30, &start) == 15 && start == 30);
  MICA_CHECK(RtlFindLongestRunClear(&bits.map, &start) == 20 && start == 25);
  MICA_CHECK(RtlFindNextForwardRunClear(&bits.map, 70, &start) == 0 && start == 70);
  RtlSetAllBits(&bits.map);
  MICA_CHECK(RtlFindFirstRunClear(&bits.map, &start) == 0 && start == 70);
  start = 1;
  MICA_CHECK(RtlFindLongestRunClear(&bits.map, &start) == 0 && start == 70);
}
