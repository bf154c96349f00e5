// The symbols that a linker writes beside an image: read, and lies about them.
#include "ldr/program_database.hpp"

#include <string>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_database.hpp"

using namespace mica;
using test::MadeDatabase;

namespace {

using Bytes = std::vector<std::byte>;

Bytes changed(Bytes file, std::size_t at, std::uint32_t value) {
  std::memcpy(&file[at], &value, sizeof value);
  return file;
}

ldr::Refusal open(Bytes const& file) {
  ldr::ProgramDatabase database;
  return database.open(file);
}

void check_refused(Bytes const& file, char const* what, std::uint64_t where) {
  test::check_refusal(open(file), what, ldr::Place::file, where);
}

std::string names_of(ldr::ProgramDatabase const& database) {
  std::string names;
  ldr::PublicSymbol symbol{};
  for (std::uint32_t position = 0; database.next(position, symbol);) {
    char name[16];
    names.append(name, database.copy_name(symbol, name));
    names += "=" + std::to_string(symbol.section) + ":" + std::to_string(symbol.offset) + " ";
  }
  return names;
}

// Of records of one block, which is the first that streams have: the last stream's first.
constexpr std::uint32_t records_at = MadeDatabase::first_block * MadeDatabase::block;

}  // namespace

TEST_CASE("symbols: names and their places, across blocks that lie in no order", "[ldr]") {
  MadeDatabase made;
  made.add(1, 16, "Routine").add_other(900).add(2, 0x10000, "?Method@Class@@").add_other(2);
  made.add(3, 4, "X").add_other(1500).add(1, 1, "a_name_that_is_longer_than_room");
  Bytes const file = made.bytes();
  ldr::ProgramDatabase database;
  REQUIRE_FALSE(database.open(file));
  CHECK_FALSE(database.empty());
  CHECK(database.identity() == MadeDatabase::identity());
  CHECK(names_of(database) == "Routine=1:16 ?Method@Class@@=2:65536 X=3:4 a_name_that_is_l=1:1 ");
}

TEST_CASE("symbols: a name's zero may have anything behind it in its last word", "[ldr]") {
  MadeDatabase made;
  made.add(1, 16, "Main");
  made.put(MadeDatabase::records, 19, std::uint8_t{0xF1});
  ldr::ProgramDatabase database;
  Bytes const file = made.bytes();
  REQUIRE_FALSE(database.open(file));
  CHECK(names_of(database) == "Main=1:16 ");
}

TEST_CASE("symbols: those that were refused have no names", "[ldr]") {
  MadeDatabase made;
  made.add(1, 16, "Main").add(1, 17, "Next");
  made.put(MadeDatabase::records, made.bytes_of(MadeDatabase::records) - 4, 0x41414141);
  Bytes const file = made.bytes();
  ldr::ProgramDatabase database;
  REQUIRE(database.open(file));
  CHECK((database.empty() && names_of(database).empty()));
}

TEST_CASE("symbols: what a file says of its blocks is checked", "[ldr]") {
  Bytes const file = MadeDatabase{}.add(1, 0, "A").bytes();
  REQUIRE_FALSE(open(file));
  check_refused(Bytes(file.begin(), file.begin() + 55), "its first block is cut off", 0);
  check_refused(changed(file, 28, 1), "it does not begin as a PDB does", 0);
  for (std::uint32_t const bytes : {0u, 256u, 513u, 65536u, 0x80000000u})
    check_refused(changed(file, 32, bytes), "its blocks have a size that blocks do not have", 32);
  for (std::uint32_t const block : {0u, 3u})
    check_refused(changed(file, 36, block), "its list of free blocks is elsewhere than it may be",
                  36);
  auto const count = static_cast<std::uint32_t>(file.size() / MadeDatabase::block);
  for (std::uint32_t const blocks : {count + 1, 0xFFFFFFFFu})
    check_refused(changed(file, 40, blocks), "it is cut off", 40);
  check_refused(Bytes(file.begin(), file.end() - 1), "it is cut off", 40);
  for (std::uint32_t const block : {0u, count, 0xFFFFFFFFu})
    check_refused(changed(file, 52, block), "its directory is listed outside of it", 52);
}

TEST_CASE("symbols: what a file says of its directory is checked", "[ldr]") {
  Bytes const file = MadeDatabase{}.add(1, 0, "A").bytes();
  constexpr std::size_t map = MadeDatabase::map_block * MadeDatabase::block;
  constexpr std::size_t directory = MadeDatabase::directory_block * MadeDatabase::block;
  for (std::uint32_t const bytes : {MadeDatabase::block * MadeDatabase::block / 4 + 1, 0xFFFFFFFFu})
    check_refused(changed(file, 44, bytes), "its directory has more blocks than can be listed", 44);
  check_refused(changed(file, 44, 3), "its directory is empty", 44);
  char const* const outside = "a stream's block is outside of it";
  auto const count = static_cast<std::uint32_t>(file.size() / MadeDatabase::block);
  check_refused(changed(file, map, 0), outside, 0);
  check_refused(changed(file, map, count), outside, file.size());
  check_refused(changed(file, map, 0xFFFFFFFF), outside, 0xFFFFFFFFull << 9);
  check_refused(changed(file, directory, 0x40000000),
                "there are more streams than its directory has room for", directory);
  check_refused(changed(file, directory, 0xFFFFFFFF),
                "there are more streams than its directory has room for", directory);
  char const* const unlisted = "its streams have more blocks than its directory lists";
  for (std::uint32_t const bytes : {0xFFFFFFFEu, MadeDatabase::block + 1})
    check_refused(changed(file, MadeDatabase::sizes_at + 16, bytes), unlisted, directory + 4);
  // Room for the lists, and more blocks than the file has.
  check_refused(changed(changed(file, 44, 512), MadeDatabase::sizes_at, 100 * MadeDatabase::block),
                "its streams have more blocks than it has", directory + 4);
}

TEST_CASE("symbols: streams that are not there, or have each other's blocks", "[ldr]") {
  Bytes const file = MadeDatabase{}.add(1, 0, "A").bytes();
  constexpr std::size_t sizes = MadeDatabase::sizes_at, lists = MadeDatabase::lists_at;
  for (std::uint32_t const bytes : {0u, 0xFFFFFFFFu}) {
    check_refused(changed(file, sizes + 4, bytes), "it does not say what it is of", sizes + 4);
    check_refused(changed(file, sizes + 12, bytes), "it says nothing of an image", sizes + 12);
    check_refused(changed(file, sizes + 16, bytes), "it has no symbols", sizes + 16);
  }
  check_refused(MadeDatabase{}
                    .add(1, 0, "A")
                    .put(MadeDatabase::debug_information, 20, std::uint16_t{5})
                    .bytes(),
                "it has no symbols", sizes - 4);
  check_refused(changed(file, sizes - 4, 1), "it does not say what it is of", sizes - 4);
  auto const count = static_cast<std::uint32_t>(file.size() / MadeDatabase::block);
  for (std::uint32_t const block : {0u, count, 0xFFFFFFFFu})
    check_refused(changed(file, lists + 12, block), "a stream's block is outside of it",
                  std::uint64_t{block} << 9);
  // The records' only block is that of another stream, the directory's, or that which lists those.
  std::uint32_t information = 0;
  std::memcpy(&information, &file[lists], sizeof information);
  for (std::uint32_t const block :
       {information, MadeDatabase::directory_block, MadeDatabase::map_block})
    check_refused(changed(file, lists + 12, block), "two of its streams have a block in common", 0);
  check_refused(changed(file, lists, records_at / MadeDatabase::block),
                "two of its streams have a block in common", 0);
}

TEST_CASE("symbols: two streams with a block in common are refused however far it is", "[ldr]") {
  MadeDatabase made;
  for (int i = 0; i < 40; ++i) made.add_other(65534 - 2);
  made.add_other(2).add(1, 1, "End");
  for (int i = 0; i < 40; ++i) made.add_other(65534 - 2);
  Bytes const file = made.bytes();
  REQUIRE_FALSE(open(file));
  // The first block of the records and the last one, in the directory's second block and later.
  std::uint32_t first = 0;
  std::size_t const list = MadeDatabase::lists_at + 3 * 4;
  std::memcpy(&first, &file[list], sizeof first);
  std::size_t const count = (made.bytes_of(MadeDatabase::records) + 511) / 512;
  REQUIRE(count > 10000);
  for (std::size_t const which : {std::size_t{1}, count / 2, count - 1})
    check_refused(changed(file, list + 4 * which, first),
                  "two of its streams have a block in common", 0);
}

TEST_CASE("symbols: what they say that they are of is checked", "[ldr]") {
  char const* const of = "what it says that it is of is cut off";
  Bytes const file = MadeDatabase{}.add(1, 0, "A").bytes();
  constexpr std::uint32_t block = MadeDatabase::block;
  check_refused(changed(file, MadeDatabase::sizes_at + 4, 27), of, records_at + 3 * block);
  MadeDatabase made;
  made.add(1, 0, "A").put(MadeDatabase::information, 0, std::uint32_t{19990604});
  check_refused(made.bytes(), "it is of a form that has no GUID", records_at + 3 * block);
  constexpr std::uint32_t debug = records_at + block;
  check_refused(changed(file, MadeDatabase::sizes_at + 12, 63),
                "what it says of its image is cut off", debug);
  auto const with = [](std::size_t offset, auto value) {
    return MadeDatabase{}
        .add(1, 0, "A")
        .put(MadeDatabase::debug_information, offset, value)
        .bytes();
  };
  check_refused(with(0, 1), "what it says of its image is of another form", debug);
  check_refused(with(4, 19970606), "what it says of its image is of another form", debug);
  check_refused(with(58, std::uint16_t{0x14C}), "it is of an image for another processor than x64",
                debug + 58);
  char const* const part = "a part of what it says of its image is outside of that";
  for (std::size_t const field : {24u, 28u, 32u, 36u, 40u, 48u, 52u})
    for (std::int32_t const bytes : {-1, 23, INT32_MAX, INT32_MIN})
      check_refused(with(field, bytes), part, debug + 24);
  // Streams 3 and 4 of the last part; that they are named is nothing where they are not there.
  check_refused(with(64 + 6, std::uint16_t{2}), "its image was rearranged after it was linked",
                debug + 70);
  check_refused(with(64 + 8, std::uint16_t{4}), "its image was rearranged after it was linked",
                debug + 72);
  CHECK_FALSE(open(with(64 + 8, std::uint16_t{0})));
  CHECK_FALSE(open(with(64 + 8, std::uint16_t{77})));
  CHECK_FALSE(open(with(64 + 10, std::uint16_t{2})));
}

TEST_CASE("symbols: records that lie are refused, and told where", "[ldr]") {
  auto const lying = [](std::size_t offset, std::uint16_t value) {
    MadeDatabase made;
    made.add(1, 0, "First").add(1, 8, "Second");
    return made.put(MadeDatabase::records, offset, value).bytes();
  };
  constexpr std::uint32_t second = records_at + 20;
  char const* const cut_off = "a symbol's record is cut off";
  check_refused(lying(20, 0), cut_off, second);
  check_refused(lying(20, 1), cut_off, second);
  check_refused(lying(20, 0xFFFF), cut_off, second);
  check_refused(lying(20, 23), cut_off, second);
  check_refused(lying(20, 19), cut_off, records_at + 41);  // what is left is no record
  MadeDatabase short_one;
  short_one.add(1, 0, "First").put(MadeDatabase::records, 20, std::uint16_t{12});
  short_one.put(MadeDatabase::records, 22, std::uint16_t{0x110E});
  short_one.put(MadeDatabase::records, 24, std::uint64_t{0})
      .put(MadeDatabase::records, 32, std::uint16_t{1});
  check_refused(short_one.bytes(), "a symbol's record is too short", second);
  MadeDatabase endless;
  endless.add(1, 0, "First").put(MadeDatabase::records, 16, 0x41414141);
  check_refused(endless.bytes(), "a symbol's name does not end", records_at + 14);
}
