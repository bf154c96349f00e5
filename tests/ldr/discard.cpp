// Sections that only DriverEntry needs: which of them go, and what stays.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <vector>

#include "abi/resolve.hpp"
#include "catch.hpp"
#include "ldr/loaded_image.hpp"
#include "ldr/made_image.hpp"
#include "ldr/module.hpp"
#include "mm/state.hpp"

using namespace mica;
using test::MadeImage;

namespace {

constexpr ULONG section_bytes = 0x1000;

// Sections of a page each, of which those are discardable.
MadeImage made_of(std::vector<bool> const& discardable) {
  MadeImage made;
  made.headers().FileHeader.NumberOfSections = static_cast<USHORT>(discardable.size());
  for (unsigned i = 0; i < discardable.size(); ++i) {
    IMAGE_SECTION_HEADER& section = made.section(i);
    section.VirtualAddress = (i + 1) * section_bytes;
    section.Misc.VirtualSize = i % 2 == 0 ? 1 : section_bytes;
    section.Characteristics = IMAGE_SCN_MEM_READ;
    if (discardable[i]) section.Characteristics |= IMAGE_SCN_MEM_DISCARDABLE;
  }
  made.optional().SizeOfImage = static_cast<ULONG>((discardable.size() + 1) * section_bytes);
  return made;
}

// Which of the pages of sections are there after discard(); none is lost.
std::vector<bool> left_of(std::vector<bool> const& discardable) {
  std::vector<bool> left;
  MadeImage made = made_of(discardable);
  System system;
  system.run([&] {
    mm::Physical& pages = mm::state().pages;
    std::size_t const before = pages.free_pages();
    ldr::Module module{};
    MICA_REQUIRE(!ldr::load("made.sys", made.bytes(), mica::abi::resolve, module));
    ldr::LoadedImage const& image = *ldr::find_image(ke::as_parameter(module.base));
    std::size_t const loaded = pages.free_pages();
    UCHAR byte = 0;
    for (std::uint32_t at = 0; at < module.bytes; at += page_size)
      MICA_CHECK(image.read(at, byte) && Machine::copy_guarded(&byte, module.base + at, 1));
    ldr::discard(module.base);
    std::size_t gone = 0;
    for (std::uint32_t at = page_size; at < module.bytes; at += page_size) {
      left.push_back(image.read(at, byte));
      MICA_CHECK(Machine::copy_guarded(&byte, module.base + at, 1) == left.back());
      MICA_CHECK(image.read(at + page_size - 1, byte) == left.back());
      if (!left.back()) ++gone;
    }
    MICA_CHECK((image.read(0, byte) && byte == 'M'));
    MICA_CHECK(pages.free_pages() == loaded + gone);
    ldr::unload(module.base);
    MICA_CHECK(pages.free_pages() == before);
  });
  return left;
}

}  // namespace

TEST_CASE("ldr: discardable sections go, wherever they are, and nothing else", "[ldr]") {
  using Pages = std::vector<bool>;
  CHECK(left_of({false, false, false}) == Pages{true, true, true});
  CHECK(left_of({false, true, true}) == Pages{true, false, false});
  CHECK(left_of({true, false, false}) == Pages{false, true, true});
  CHECK(left_of({true, false, true}) == Pages{false, true, false});
  CHECK(left_of({true, true, true}) == Pages{false, false, false});
}

TEST_CASE("ldr: of many runs of discardable sections the last stay", "[ldr]") {
  std::vector<bool> discardable, left;
  for (unsigned i = 0; i < 12; ++i) {
    discardable.push_back(i % 2 == 1);
    left.push_back(i % 2 == 0 || i / 2 >= ldr::LoadedImage::most_discardable);
  }
  CHECK(left_of(discardable) == left);
}

TEST_CASE("ldr: what reaches into a discarded section is not read", "[ldr]") {
  MadeImage made = made_of({false, true});
  System system;
  system.run([&] {
    ldr::Module module{};
    MICA_REQUIRE(!ldr::load("made.sys", made.bytes(), mica::abi::resolve, module));
    ldr::discard(module.base);
    ldr::LoadedImage const& image = *ldr::find_image(ke::as_parameter(module.base));
    ULONG word = 0;
    MICA_CHECK(image.read(MadeImage::data - 4, word));
    MICA_CHECK(!image.read(MadeImage::data - 3, word));
    ldr::unload(module.base);
  });
}
