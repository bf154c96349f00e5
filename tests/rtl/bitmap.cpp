// Properties of bitmaps against a vector of bools.
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "catch.hpp"

#include <nt/rtl.h>

namespace {

constexpr ULONG none = 0xFFFFFFFF;

struct Map {
  std::vector<bool> model;
  std::vector<ULONG> words;
  RTL_BITMAP map{};

  explicit Map(std::vector<bool> const& bits) : model{bits}, words(bits.size() / 32 + 1) {
    for (std::size_t at = 0; at < bits.size(); ++at) {
      words[at / 32] |= static_cast<ULONG>(bits[at]) << (at % 32);
    }
    RtlInitializeBitMap(&map, words.data(), static_cast<ULONG>(bits.size()));
  }
  [[nodiscard]] bool agrees() {
    for (ULONG at = 0; at < model.size(); ++at) {
      if ((RtlTestBit(&map, at) != FALSE) != model[at]) return false;
    }
    return true;
  }
};

ULONG first_from(std::vector<bool> const& bits, ULONG from, ULONG count, bool value) {
  for (ULONG start = from; start + count <= bits.size(); ++start) {
    auto const begin = bits.begin() + start;
    if (std::all_of(begin, begin + count, [&](bool bit) { return bit == value; })) return start;
  }
  return none;
}

ULONG expected(std::vector<bool> const& bits, ULONG count, ULONG hint, bool value) {
  if (hint >= bits.size()) hint = 0;
  ULONG const found = first_from(bits, hint, count, value);
  return found != none ? found : first_from(bits, 0, count, value);
}

std::vector<bool> runs() {
  std::vector<bool> bits;
  for (int const length : *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 70))) {
    bits.insert(bits.end(), length, bits.empty() || !bits.back());
  }
  return bits;
}

}  // namespace

TEST_CASE("Rtl: bitmap searches agree with a linear scan") {
  CHECK(rc::check([] {
    Map bits{runs()};
    auto const count = *rc::gen::inRange<ULONG>(1, 80);
    auto const hint = *rc::gen::inRange<ULONG>(0, 300);
    RC_ASSERT(RtlFindClearBits(&bits.map, count, hint) ==
              expected(bits.model, count, hint, false));
    RC_ASSERT(RtlFindSetBits(&bits.map, count, hint) == expected(bits.model, count, hint, true));
  }));
}

TEST_CASE("Rtl: ranges and counts agree with single bits") {
  CHECK(rc::check([] {
    Map bits{runs()};
    auto const size = static_cast<ULONG>(bits.model.size());
    auto const first = *rc::gen::inRange<ULONG>(0, size + 1);
    auto const count = *rc::gen::inRange<ULONG>(0, size - first + 1);
    bool const value = *rc::gen::arbitrary<bool>();
    (value ? RtlSetBits : RtlClearBits)(&bits.map, first, count);
    std::fill_n(bits.model.begin() + first, count, value);
    RC_ASSERT(bits.agrees());
    auto const set = std::count(bits.model.begin(), bits.model.end(), true);
    RC_ASSERT(RtlNumberOfSetBits(&bits.map) == static_cast<ULONG>(set));
    RC_ASSERT(RtlNumberOfClearBits(&bits.map) == size - static_cast<ULONG>(set));
    RC_ASSERT((RtlAreBitsSet(&bits.map, first, count) != FALSE) == (value && count > 0));
  }));
}

TEST_CASE("Rtl: the longest clear run is the first of the longest") {
  CHECK(rc::check([] {
    Map bits{runs()};
    ULONG longest = 0, run = 0;
    for (bool const bit : bits.model) longest = std::max(longest, run = bit ? 0 : run + 1);
    ULONG start = 0;
    RC_ASSERT(RtlFindLongestRunClear(&bits.map, &start) == longest);
    RC_ASSERT(start == (longest == 0 ? bits.model.size()
                                     : first_from(bits.model, 0, longest, false)));
  }));
}
