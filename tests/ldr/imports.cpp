// What images import, by name and ordinal, at once and delayed.
#include "ldr/imports.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_image.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

constexpr std::uint32_t descriptors = MadeImage::data, names = MadeImage::data + 0x100,
                        lists = MadeImage::data + 0x200, slots = MadeImage::data + 0x300,
                        delayed = MadeImage::data + 0x400;

// Two modules: one of two names and an ordinal, one of a name.
MadeImage importing() {
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, descriptors, 60);
  made.put(descriptors, IMAGE_IMPORT_DESCRIPTOR{{lists}, 0, 0, names, slots});
  made.put(descriptors + 20, IMAGE_IMPORT_DESCRIPTOR{{lists + 32}, 0, 0, names + 0x20, slots + 32});
  made.put_text(names, "ntoskrnl.exe").put_text(names + 0x20, "HAL.dll");
  made.put(names + 0x40, USHORT{7}).put_text(names + 0x42, "KeSetEvent");
  made.put(names + 0x60, USHORT{0}).put_text(names + 0x62, "DbgPrint");
  made.put(names + 0x80, USHORT{1}).put_text(names + 0x82, "KeStallExecutionProcessor");
  made.put(lists, ULONGLONG{names + 0x40}).put(lists + 8, ULONGLONG{IMAGE_ORDINAL_FLAG64 | 300});
  made.put(lists + 16, ULONGLONG{names + 0x60}).put(lists + 32, ULONGLONG{names + 0x80});
  return made;
}

struct Told {
  std::vector<std::string> imports;
  ldr::Refusal refusal;
};

Told told_by(MadeImage& made) {
  LaidOut laid_out{made.bytes()};
  REQUIRE(!laid_out.refusal);
  ldr::Image const image = laid_out.image();
  ldr::Imports imports{image};
  Told told;
  for (ldr::Import import; imports.next(import);) {
    std::string what = import.name.empty() ? "#" : std::string{import.name} + " ";
    what += std::to_string(import.ordinal) + (import.delayed ? " delayed " : " ");
    told.imports.push_back(std::string{import.module} + " " + what +
                           std::to_string(import.slot - slots));
  }
  ldr::Import more;
  CHECK(!imports.next(more));  // an end, or a lie, is for good
  told.refusal = imports.refusal();
  return told;
}

std::vector<std::string> const all = {"ntoskrnl.exe KeSetEvent 7 0", "ntoskrnl.exe #300 8",
                                      "ntoskrnl.exe DbgPrint 0 16",
                                      "HAL.dll KeStallExecutionProcessor 1 32"};

void check_lie(MadeImage made, char const* what, std::uint64_t where) {
  ldr::Refusal const refusal = told_by(made).refusal;
  test::check_refusal(refusal, what, ldr::Place::image, where);
  CHECK(refusal.status == STATUS_INVALID_IMAGE_FORMAT);
}

}  // namespace

TEST_CASE("ldr: imports come in the order of the image", "[ldr]") {
  MadeImage made = importing();
  Told const told = told_by(made);
  CHECK(told.imports == all);
  CHECK(!told.refusal);
}

TEST_CASE("ldr: an image without imports has none", "[ldr]") {
  MadeImage made;
  Told const told = told_by(made);
  CHECK(told.imports.empty());
  CHECK(!told.refusal);
}

TEST_CASE("ldr: without a list of its own what is imported stands in the slots", "[ldr]") {
  MadeImage made = importing();
  made.put(descriptors, IMAGE_IMPORT_DESCRIPTOR{{0}, 0, 0, names, slots});
  made.put(slots, ULONGLONG{names + 0x40}).put(slots + 8, ULONGLONG{IMAGE_ORDINAL_FLAG64 | 300});
  made.put(slots + 16, ULONGLONG{names + 0x60});
  CHECK(told_by(made).imports == all);
}

TEST_CASE("ldr: delayed imports come last", "[ldr]") {
  MadeImage made = importing();
  made.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, delayed, 64);
  IMAGE_DELAYLOAD_DESCRIPTOR descriptor{};
  descriptor.Attributes.RvaBased = 1;
  descriptor.DllNameRVA = names + 0x20;
  descriptor.ImportNameTableRVA = lists;
  descriptor.ImportAddressTableRVA = slots + 0x80;
  made.put(delayed, descriptor);
  std::vector<std::string> expected = all;
  expected.insert(expected.end(), {"HAL.dll KeSetEvent 7 delayed 128", "HAL.dll #300 delayed 136",
                                   "HAL.dll DbgPrint 0 delayed 144"});
  Told const told = told_by(made);
  CHECK(told.imports == expected);
  CHECK(!told.refusal);
  SECTION("of the older format they are refused") {
    descriptor.Attributes.RvaBased = 0;
    check_lie(made.put(delayed, descriptor),
              "a delayed import is described by addresses of another format", delayed);
  }
  SECTION("their module has a name") {
    descriptor.DllNameRVA = 0x7fffffff;
    check_lie(made.put(delayed, descriptor), "a module that is imported from has no name", delayed);
  }
  SECTION("their addresses have a place") {
    descriptor.ImportAddressTableRVA = 0;
    check_lie(made.put(delayed, descriptor), "there is no place for a module's addresses", delayed);
  }
  SECTION("they end within the image") {
    made.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, MadeImage::end - 31, 31);
    check_lie(made, "the delayed imports go on outside of the image", MadeImage::end - 31);
  }
}

TEST_CASE("ldr: imports that lie are refused, and told what and where", "[ldr]") {
  constexpr std::uint32_t last = MadeImage::end;
  MadeImage made = importing();
  SECTION("descriptors without an end") {
    made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, last - 19, 19);
    check_lie(made, "the imports go on outside of the image", last - 19);
  }
  SECTION("a module without a name") {
    made.put(names, '\0');
    check_lie(made, "a module that is imported from has no name", descriptors);
  }
  SECTION("a module whose name is outside") {
    made.put(descriptors + 12, ULONG{last});
    check_lie(made, "a module that is imported from has no name", descriptors);
  }
  SECTION("a module without slots") {
    made.put(descriptors + 16, ULONG{0});
    check_lie(made, "there is no place for a module's addresses", descriptors);
  }
  SECTION("slots in the headers") {
    made.put(descriptors + 16, ULONG{MadeImage::header_bytes - 8});
    check_lie(made, "the address of an import would go outside of the sections",
              MadeImage::header_bytes - 8);
  }
  SECTION("but not the first slot behind the headers") {
    made.put(descriptors + 16, ULONG{MadeImage::header_bytes});
    CHECK(!told_by(made).refusal);
  }
  SECTION("slots that end outside") {
    made.put(descriptors + 16, ULONG{last - 7});
    check_lie(made, "the address of an import would go outside of the sections", last - 7);
  }
  SECTION("a list without an end") {
    made.put(descriptors, ULONG{last - 8}).put(last - 8, ULONGLONG{names + 0x40});
    check_lie(made, "a list of imports goes on outside of the image", last);
  }
  SECTION("an ordinal of more than 16 bits") {
    made.put(lists + 8, ULONGLONG{IMAGE_ORDINAL_FLAG64 | 0x10000});
    check_lie(made, "an import's ordinal has more than 16 bits", lists + 8);
  }
  SECTION("but not the highest ordinal") {
    made.put(lists + 8, ULONGLONG{IMAGE_ORDINAL_FLAG64 | 0xffff});
    CHECK(told_by(made).imports[1] == "ntoskrnl.exe #65535 8");
  }
  SECTION("a name that is outside") {
    made.put(lists, ULONGLONG{last - 1});
    check_lie(made, "the name of an import is outside of the image, or has no end", lists);
  }
  SECTION("a name without an end") {
    made.put(lists, ULONGLONG{last - 4}).put(last - 2, 'A').put(last - 1, 'B');
    check_lie(made, "the name of an import is outside of the image, or has no end", lists);
  }
  SECTION("no name") {
    made.put(names + 0x42, '\0');
    check_lie(made, "an import has no name", lists);
  }
  SECTION("more imports than an image has room for") {
    // Each descriptor names the same list of 63, that fills the slots.
    for (std::uint32_t at = descriptors; at < names - 20; at += 20)
      made.put(at, IMAGE_IMPORT_DESCRIPTOR{{slots}, 0, 0, names, slots});
    for (std::uint32_t at = slots; at + 8 < last; at += 8) made.put(at, ULONGLONG{names + 0x40});
    ldr::Refusal const refusal = told_by(made).refusal;
    CHECK(std::string{refusal.what} == "lists of imports overlap");
  }
}
