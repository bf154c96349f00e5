// The files of a ustar archive, and what is none.
#include "init/archive.hpp"

#include <rapidcheck.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace mica::init;

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t block = 512;
constexpr std::size_t size_field = 124;
constexpr std::size_t checksum_field = 148;
constexpr std::size_t kind_field = 156;
constexpr std::size_t magic_field = 257;
constexpr std::size_t prefix_field = 345;

void put(Bytes& bytes, std::size_t at, std::string_view text) {
  std::memcpy(bytes.data() + at, text.data(), text.size());
}

// Says in the header at `at` what its bytes add up to.
void sum(Bytes& bytes, std::size_t at) {
  put(bytes, at + checksum_field, "        ");
  unsigned total = 0;
  for (std::size_t i = 0; i < block; ++i) total += std::to_integer<unsigned>(bytes[at + i]);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", total);
  put(bytes, at + checksum_field, {text, 7});
}

// Adds a file or, of kind 5, a folder; says where its header is.
std::size_t add(Bytes& bytes, std::string_view name, std::string_view text, char kind = '0') {
  std::size_t const at = bytes.size();
  bytes.resize(at + block + (text.size() + block - 1) / block * block);
  put(bytes, at, name);
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", text.size());
  put(bytes, at + size_field, {size, sizeof size - 1});
  put(bytes, at + kind_field, {&kind, 1});
  put(bytes, at + magic_field, {"ustar\00000", 8});
  put(bytes, at + block, text);
  sum(bytes, at);
  return at;
}

void end(Bytes& bytes) {
  bytes.resize(bytes.size() + 2 * block);
}

Bytes two_files() {
  Bytes bytes;
  add(bytes, "drivers/", "", '5');
  add(bytes, "drivers/beat.sys", std::string(700, 'b'));
  add(bytes, "empty", "");
  end(bytes);
  return bytes;
}

// What a reader of that archive is told at last.
std::string refusal_of(Bytes const& bytes) {
  Archive archive{bytes};
  for (ArchivedFile file; archive.next(file);) continue;
  return archive.refusal() != nullptr ? archive.refusal() : "";
}

// Of two_files() with other text somewhere in the header of its second entry.
std::string refusal_with(std::size_t at, std::string_view text) {
  Bytes bytes = two_files();
  put(bytes, block + at, text);
  if (at != checksum_field) sum(bytes, block);
  return refusal_of(bytes);
}

}  // namespace

TEST_CASE("archive: its files come in their order, with what is in them", "[init]") {
  Bytes const bytes = two_files();
  Archive archive{bytes};
  ArchivedFile file;
  REQUIRE(archive.next(file));
  CHECK(file.name == "drivers/beat.sys");
  CHECK(base_name(file.name) == "beat.sys");
  REQUIRE(file.bytes.size() == 700);
  CHECK((file.bytes.front() == std::byte{'b'} && file.bytes.back() == std::byte{'b'}));
  REQUIRE(archive.next(file));
  CHECK(file.name == "empty");
  CHECK(file.bytes.empty());
  CHECK_FALSE(archive.next(file));
  CHECK_FALSE(archive.next(file));
  CHECK(archive.refusal() == nullptr);
  CHECK(base_name("empty") == "empty");
  CHECK(base_name("folder/").empty());
}

TEST_CASE("archive: a name may take all its field", "[init]") {
  Bytes bytes;
  add(bytes, std::string(100, 'n'), "x");
  end(bytes);
  Archive archive{bytes};
  ArchivedFile file;
  REQUIRE(archive.next(file));
  CHECK(file.name == std::string(100, 'n'));
}

TEST_CASE("archive: what is none is refused, with the place", "[init]") {
  CHECK(refusal_of({}) == "it ends before its last block");
  Bytes cut = two_files();
  cut.resize(cut.size() - 2 * block);
  CHECK(refusal_of(cut) == "it ends before its last block");
  cut.resize(3 * block);
  CHECK(refusal_of(cut) == "a file ends outside of it");
  cut.resize(2 * block + 700);
  CHECK(refusal_of(cut) == "a file's last block ends outside of it");
  CHECK(refusal_with(magic_field, "other") == "a header is none of a ustar archive");
  CHECK(refusal_with(magic_field + 5, " ") == "a header is none of a ustar archive");
  CHECK(refusal_with(checksum_field, "0000001") == "a header's checksum is another one");
  CHECK(refusal_with(checksum_field, "x") == "a header's checksum is another one");
  CHECK(refusal_with(size_field, "77777777777") == "a file ends outside of it");
  CHECK(refusal_with(size_field, "0000000127x") == "a file ends outside of it");
  CHECK(refusal_with(size_field, "           ") == "a file ends outside of it");
  CHECK(refusal_with(kind_field, "2") == "it holds something else than files and folders");
  CHECK(refusal_with(prefix_field, "p") == "a name has more than 100 letters");

  Bytes broken = two_files();
  put(broken, block, "X");
  Archive archive{broken};
  ArchivedFile file;
  CHECK_FALSE(archive.next(file));
  CHECK(archive.position() == block);
}

TEST_CASE("archive: whatever it says, its files are within it and it ends", "[init]") {
  CHECK(rc::check([] {
    Bytes bytes = two_files();
    auto const changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
        rc::gen::pair(rc::gen::inRange<std::size_t>(0, 2 * block), rc::gen::arbitrary<char>()));
    for (auto const& [at, value] : changes) bytes[at] = static_cast<std::byte>(value);
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    for (std::size_t at : {std::size_t{0}, block})
      if (at + block <= bytes.size() && *rc::gen::arbitrary<bool>()) sum(bytes, at);
    Archive archive{bytes};
    std::size_t files = 0;
    for (ArchivedFile file; archive.next(file); ++files) {
      RC_ASSERT(file.bytes.data() >= bytes.data());
      RC_ASSERT(file.bytes.size() <=
                bytes.size() - static_cast<std::size_t>(file.bytes.data() - bytes.data()));
    }
    RC_ASSERT(files <= bytes.size() / block);
  }));
}
