// Images that stand elsewhere than where they were linked for.
#include "ldr/relocations.hpp"

#include <array>
#include <string>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_image.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

constexpr std::uint32_t blocks = MadeImage::data, target = MadeImage::data + 0x800;
constexpr std::uint64_t distance = 0x0123'4567'89ab'0000;

constexpr USHORT entry(unsigned kind, unsigned offset) {
  return static_cast<USHORT>(kind << 12 | offset);
}

// One of each kind, and one that fills up; then a block of one.
MadeImage relocatable() {
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, blocks, 20 + 12);
  made.put(blocks, IMAGE_BASE_RELOCATION{target, 20});
  made.put(blocks + 8, std::array<USHORT, 6>{entry(10, 0), entry(3, 8), entry(2, 12), entry(1, 14),
                                             entry(0, 16), entry(0, 0)});
  made.put(blocks + 20, IMAGE_BASE_RELOCATION{target + 0x100, 12});
  made.put(blocks + 28, std::array<USHORT, 2>{entry(0, 0), entry(10, 0)});
  made.put(target, ULONGLONG{0x1'4000'1234}).put(target + 8, ULONG{0x4000'1234});
  made.put(target + 12, USHORT{0x1234}).put(target + 14, USHORT{0x4000});
  made.put(target + 16, ULONG{0x5678}).put(target + 0x100, ~ULONGLONG{0});
  return made;
}

struct Moved {
  explicit Moved(MadeImage& made, std::uint64_t by = distance) : laid_out{made.bytes()} {
    REQUIRE(!laid_out.refusal);
    ldr::Image image = laid_out.image();
    refusal = ldr::relocate(image, by);
  }
  template <class T>
  T at(std::uint32_t address) {
    T value{};
    CHECK(laid_out.image().read(address, value));
    return value;
  }

  LaidOut laid_out;
  ldr::Refusal refusal;
};

void check_lie(MadeImage made, char const* what, std::uint64_t where) {
  test::check_refusal(Moved{made}.refusal, what, ldr::Place::image, where);
}

}  // namespace

TEST_CASE("ldr: relocations of every kind add the distance, or their part of it", "[ldr]") {
  MadeImage made = relocatable();
  Moved moved{made};
  REQUIRE(!moved.refusal);
  CHECK(moved.at<ULONGLONG>(target) == 0x1'4000'1234 + distance);
  CHECK(moved.at<ULONG>(target + 8) == static_cast<ULONG>(0x4000'1234 + distance));
  CHECK(moved.at<USHORT>(target + 12) == 0x1234);  // the low half of the distance is zero
  CHECK(moved.at<USHORT>(target + 14) == 0x4000 + 0x89ab);
  CHECK(moved.at<ULONG>(target + 16) == 0x5678);
  CHECK(moved.at<ULONGLONG>(target + 0x100) == distance - 1);
}

TEST_CASE("ldr: a block of relocations may have none", "[ldr]") {
  MadeImage made = relocatable();
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, blocks, 8);
  made.put(blocks, IMAGE_BASE_RELOCATION{target, 8});
  Moved moved{made};
  CHECK(!moved.refusal);
  CHECK(moved.at<ULONGLONG>(target) == 0x1'4000'1234);
}

TEST_CASE("ldr: an image that stands where it was linked for is not changed", "[ldr]") {
  MadeImage made = relocatable();
  Moved moved{made, 0};
  CHECK(!moved.refusal);
  CHECK(moved.at<ULONGLONG>(target) == 0x1'4000'1234);
}

TEST_CASE("ldr: relocations that lie are refused, and told what and where", "[ldr]") {
  MadeImage made = relocatable();
  auto const size = [&](ULONG bytes) { return made.put(blocks + 24, bytes); };
  SECTION("a block of no size") {
    check_lie(size(0), "the size of a block of relocations is not possible", blocks + 20);
  }
  SECTION("a block smaller than its header") {
    check_lie(size(7), "the size of a block of relocations is not possible", blocks + 20);
  }
  SECTION("a block larger than the directory") {
    check_lie(size(13), "the size of a block of relocations is not possible", blocks + 20);
  }
  SECTION("a header that is cut off") {
    made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, blocks, 20 + 7);
    check_lie(made, "a block of relocations is cut off", blocks + 20);
  }
  SECTION("a kind of another processor") {
    check_lie(made.put(blocks + 8, entry(5, 0)),
              "a relocation is of a kind that x64 images do not have", target);
  }
  SECTION("a target in the headers") {
    check_lie(made.put(blocks, ULONG{0}), "a relocation is of what is outside of the sections", 0);
  }
  SECTION("a target that ends outside") {
    made.put(blocks + 20, ULONG{MadeImage::end - 4});
    check_lie(made, "a relocation is of what is outside of the sections", MadeImage::end - 4);
  }
}
