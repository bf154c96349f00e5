// Which symbols an image says are its own, and lies about it.
#include "ldr/debug_record.hpp"

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_debug_record.hpp"

using namespace mica;
using test::MadeImage;

namespace {

constexpr std::uint32_t at = MadeImage::data + 0x100;
constexpr std::uint32_t record_at = at + test::debug_record_at;

MadeImage made_record(std::string_view path = "C:\\build\\driver.pdb") {
  MadeImage made;
  test::put_debug_record(made, at, test::MadeDatabase::identity(), path);
  return made;
}

ldr::Refusal read(MadeImage made, ldr::DebugRecord& record) {
  ldr::File file;
  REQUIRE_FALSE(file.open(made.bytes()));
  ldr::Refusal const refusal = ldr::read_debug_record(file, record);
  record.name = {};  // was in `made`
  return refusal;
}

bool has_record(MadeImage const& made) {
  ldr::DebugRecord record{};
  CHECK_FALSE(read(made, record));
  return record.there;
}

void check_refused(MadeImage const& made, char const* what, std::uint64_t where) {
  ldr::DebugRecord record{};
  test::check_refusal(read(made, record), what, ldr::Place::image, where);
  CHECK_FALSE(record.there);
}

std::string name_of(std::string_view path) {
  MadeImage made = made_record(path);
  return std::string{ldr::symbols_name(made.bytes())};
}

}  // namespace

TEST_CASE("ldr: an image names its symbols, by an identity and a file", "[ldr]") {
  ldr::DebugRecord record{};
  CHECK_FALSE(read(made_record(), record));
  REQUIRE(record.there);
  CHECK(record.identity == test::MadeDatabase::identity());
  CHECK(ldr::IdentityText{record.identity}.view() == "0123456789ABCDEF01020304050607082");
  CHECK(ldr::IdentityText{{{}, 0xFFFFFFFF}}.view() == std::string(32, '0') + "FFFFFFFF");
}

TEST_CASE("ldr: identities are the same when GUID and age are", "[ldr]") {
  ldr::SymbolsIdentity const one = test::MadeDatabase::identity();
  ldr::SymbolsIdentity other = one;
  other.age = 3;
  CHECK_FALSE(one == other);
  other = one;
  other.guid.Data4[7] = 0;
  CHECK_FALSE(one == other);
}

TEST_CASE("ldr: the file of an image's symbols is called without its folders", "[ldr]") {
  CHECK(name_of("C:\\build\\driver.pdb") == "driver.pdb");
  CHECK(name_of("/home/build/driver.pdb") == "driver.pdb");
  CHECK(name_of("driver.pdb") == "driver.pdb");
  CHECK(name_of("C:\\build\\").empty());
  CHECK(name_of("").empty());
  CHECK(ldr::symbols_name(MadeImage{}.bytes()).empty());
  CHECK(ldr::symbols_name({}).empty());
}

TEST_CASE("ldr: an image may have other debug data, or none", "[ldr]") {
  CHECK_FALSE(has_record(MadeImage{}));
  MadeImage made = made_record();
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, at, sizeof(IMAGE_DEBUG_DIRECTORY) - 1);
  CHECK_FALSE(has_record(made));
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, at, 0);
  CHECK_FALSE(has_record(made));
  made = made_record();
  made.optional().NumberOfRvaAndSizes = IMAGE_DIRECTORY_ENTRY_DEBUG;
  CHECK_FALSE(has_record(made));
  CHECK_FALSE(has_record(made_record().put(at + 12, ULONG{1})));
  CHECK_FALSE(has_record(made_record().put(at + 20, ULONG{0})));  // only in the file
  CHECK_FALSE(has_record(made_record().put(at + 16, ULONG{23})));
  CHECK_FALSE(has_record(made_record().put_text(record_at, "NB10")));
}

TEST_CASE("ldr: of several records the first with a GUID counts", "[ldr]") {
  MadeImage made = made_record();
  IMAGE_DEBUG_DIRECTORY other{};
  other.Type = 13;
  MadeImage moved;
  test::put_debug_record(moved, at + sizeof other, test::MadeDatabase::identity(), "driver.pdb");
  moved.put(at, other);
  moved.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, at, 2 * sizeof other);
  CHECK(has_record(moved));
}

TEST_CASE("ldr: an image that lies of its symbols is told of, and where", "[ldr]") {
  MadeImage made = made_record();
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, MadeImage::end - 28, 28 + 1 - 1);
  CHECK_FALSE(has_record(made));
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, 0x10, 28);
  check_refused(made, "its debug directory is outside of its sections", 0x10);
  char const* const outside = "what it says of its symbols is outside of its sections";
  check_refused(made_record().put(at + 20, MadeImage::end), outside, MadeImage::end);
  check_refused(made_record().put(at + 20, ULONG{0xFFFFFFFF}), outside, 0xFFFFFFFF);
  check_refused(made_record().put(at + 16, MadeImage::data_bytes), outside, record_at);
  check_refused(made_record().put(at + 16, ULONG{0xFFFFFFFF}), outside, record_at);
  check_refused(made_record().put(at + 16, ULONG{24}), "the name of its symbols does not end",
                record_at);
}
