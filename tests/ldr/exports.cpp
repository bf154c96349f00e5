// What images export: found by name and ordinal, forwarded, or not there.
#include "ldr/exports.hpp"

#include <string>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_image.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

constexpr std::uint32_t directory = MadeImage::data, functions = directory + 0x40,
                        name_list = directory + 0x80, ordinals = directory + 0xc0,
                        names = directory + 0x100, directory_bytes = 0x200;

// Ordinals 5 to 8: "Alpha", one that is not used, one without a name, "Gamma" that is another's.
MadeImage exporting() {
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, directory, directory_bytes);
  made.put(directory,
           IMAGE_EXPORT_DIRECTORY{0, 0, 0, 0, names, 5, 4, 2, functions, name_list, ordinals});
  made.put_text(names, "made.sys").put_text(names + 0x20, "Alpha").put_text(names + 0x40, "Gamma");
  made.put_text(names + 0x60, "OTHER.Delta");
  // What stands behind a table is not of it.
  made.put(functions,
           std::array<ULONG, 5>{0x1010, 0, directory + directory_bytes, names + 0x60, 0x1030});
  made.put(name_list, std::array<ULONG, 3>{names + 0x20, names + 0x40, ~ULONG{0}});
  made.put(ordinals, std::array<USHORT, 2>{0, 3});
  return made;
}

struct Opened {
  explicit Opened(MadeImage& made) : laid_out{made.bytes()} {
    REQUIRE(!laid_out.refusal);
    refusal = exports.open(image);
  }
  bool find(auto what) { return exports.find(what, found, refusal); }

  LaidOut laid_out;
  ldr::Image image = laid_out.image();
  ldr::Exports exports;
  ldr::Refusal refusal;
  ldr::Export found{};
};

void check_lie(MadeImage made, char const* what, std::uint64_t where) {
  Opened const opened{made};
  test::check_refusal(opened.refusal, what, ldr::Place::image, where);
  CHECK(opened.exports.name_count() == 0);
}

}  // namespace

TEST_CASE("ldr: exports are found by name and by ordinal", "[ldr]") {
  MadeImage made = exporting();
  Opened opened{made};
  REQUIRE(!opened.refusal);
  REQUIRE(opened.exports.name_count() == 2);
  CHECK(opened.exports.name(0) == "Alpha");
  CHECK(opened.exports.name(1) == "Gamma");
  CHECK((opened.find("Alpha") && opened.found.address == 0x1010 && opened.found.forwarder.empty()));
  CHECK((opened.find("Gamma") && opened.found.forwarder == "OTHER.Delta"));
  for (char const* const other : {"", "Alph", "Alphabet", "Beta", "Zeta"})
    CHECK(!opened.find(std::string_view{other}));
  auto const by_ordinal = [&](unsigned ordinal) {
    return opened.find(static_cast<std::uint16_t>(ordinal));
  };
  CHECK((by_ordinal(5) && opened.found.address == 0x1010));
  CHECK((by_ordinal(7) && opened.found.address == directory + directory_bytes &&
         opened.found.forwarder.empty()));
  CHECK((by_ordinal(8) && opened.found.forwarder == "OTHER.Delta"));
  for (unsigned const other : {0u, 4u, 6u, 9u}) CHECK(!by_ordinal(other));
  CHECK(!opened.refusal);
}

TEST_CASE("ldr: an image without exports has none", "[ldr]") {
  MadeImage made;
  made.dos().e_lfarlc = made.dos().e_ovno = 0xffff;  // where a directory at 0 had its names
  Opened opened{made};
  CHECK(!opened.refusal);
  CHECK(opened.exports.name_count() == 0);
  CHECK(!opened.find("Alpha"));
  CHECK(!opened.find(std::uint16_t{0}));
}

TEST_CASE("ldr: each of many names is found", "[ldr]") {
  constexpr std::uint32_t count = 26, letters = directory + 0x180;
  MadeImage made = exporting();
  made.put(directory, IMAGE_EXPORT_DIRECTORY{0, 0, 0, 0, names, 0, count, count, directory + 0x300,
                                             directory + 0x400, directory + 0x500});
  for (std::uint32_t i = 0; i < count; ++i) {
    made.put_text(letters + 2 * i, std::string(1, static_cast<char>('A' + i)));
    made.put(directory + 0x300 + 4 * i, ULONG{0x1000 + i});
    made.put(directory + 0x400 + 4 * i, ULONG{letters + 2 * i});
    made.put(directory + 0x500 + 2 * i, static_cast<USHORT>(count - 1 - i));
  }
  Opened opened{made};
  REQUIRE(!opened.refusal);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string const name(1, static_cast<char>('A' + i));
    CHECK((opened.find(std::string_view{name}) && opened.found.address == 0x1000 + count - 1 - i));
  }
}

TEST_CASE("ldr: exports that lie are refused, and told what and where", "[ldr]") {
  constexpr std::uint32_t last = MadeImage::end;
  MadeImage made = exporting();
  SECTION("the directory") {
    made.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, last - 39, 39);
    check_lie(made, "the export directory is cut off", last - 39);
  }
  SECTION("how many there are") {
    made.put(directory + 20, ULONG{0xffffffff});
    check_lie(made, "the table of exports ends outside of the image", functions);
  }
  SECTION("where their names are listed") {
    made.put(directory + 32, ULONG{last - 7});
    check_lie(made, "the table of exports' names ends outside of the image", last - 7);
  }
  SECTION("where their ordinals are listed") {
    made.put(directory + 36, ULONG{last - 3});
    check_lie(made, "the table of exports' ordinals ends outside of the image", last - 3);
  }
  SECTION("where a name is") {
    made.put(name_list + 4, ULONG{last});
    check_lie(made, "the name of an export is outside of the image, or has no end", name_list + 4);
  }
  SECTION("the order of names") {
    made.put(name_list, ULONG{names + 0x40});
    check_lie(made, "exports are not in the order of names", name_list + 4);
  }
  SECTION("a name twice") {
    made.put(name_list + 4, ULONG{names + 0x20});
    check_lie(made, "exports are not in the order of names", name_list + 4);
  }
  SECTION("which function a name is of") {
    made.put(ordinals, USHORT{4});
    Opened opened{made};
    CHECK(!opened.find("Alpha"));
    CHECK(!opened.refusal);
  }
  SECTION("where a function is") {
    made.put(functions, ULONG{last});
    Opened opened{made};
    CHECK(!opened.find("Alpha"));
    test::check_refusal(opened.refusal, "an export is outside of the image", ldr::Place::image,
                        functions);
  }
  SECTION("what a forwarder is called") {
    made.put(functions + 12, ULONG{directory + directory_bytes - 1});
    Opened opened{made};
    CHECK(!opened.find("Gamma"));
    test::check_refusal(opened.refusal, "a forwarded export has no name", ldr::Place::image,
                        functions + 12);
  }
}

TEST_CASE("ldr: a name is as long as linkers write it, at most", "[ldr]") {
  MadeImage made;
  made.section(1).Misc.VirtualSize = 0x3000;
  made.optional().SizeOfImage = 0x5000;
  LaidOut laid_out{made.bytes()};
  std::fill_n(laid_out.memory.begin() + MadeImage::data, ldr::longest_name, std::byte{'x'});
  ldr::Image const image = laid_out.image();
  std::string_view name;
  CHECK((image.read_name(MadeImage::data, name) && name.size() == ldr::longest_name));
  laid_out.memory[MadeImage::data + ldr::longest_name] = std::byte{'x'};
  CHECK(!image.read_name(MadeImage::data, name));
  CHECK((image.read_name(MadeImage::data + 1, name) && name.size() == ldr::longest_name));
}
