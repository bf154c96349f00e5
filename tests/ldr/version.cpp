// The version that an image says it has, and lies about it.
#include "ldr/version.hpp"

#include <string>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_image.hpp"
#include "ldr/made_version.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

constexpr std::uint32_t at = MadeImage::data + 0x100;  // the resources
constexpr auto made_version = [] {
  MadeImage made;
  test::put_version(made, at);
  return made;
};

ldr::Refusal read(MadeImage made, ldr::Version& version) {
  LaidOut laid_out{made.bytes()};
  REQUIRE_FALSE(laid_out.refusal);
  return ldr::read_version(laid_out.image(), version);
}

void check_refused(MadeImage const& made, char const* what, std::uint64_t where) {
  ldr::Version version{};
  test::check_refusal(read(made, version), what, ldr::Place::image, where);
  CHECK_FALSE(version.there);
}

bool has_version(MadeImage const& made) {
  ldr::Version version{};
  CHECK_FALSE(read(made, version));
  return version.there;
}

}  // namespace

TEST_CASE("ldr: the version of an image is that of its file and of its product", "[ldr]") {
  ldr::Version version{};
  CHECK_FALSE(read(made_version(), version));
  REQUIRE(version.there);
  auto const& [major, minor, build, revision] = version.file;
  CHECK((major == 1 && minor == 2 && build == 3 && revision == 4));
  CHECK((version.product.major == 5 && version.product.revision == 8));
}

TEST_CASE("ldr: an image may have other resources, or a version without numbers", "[ldr]") {
  CHECK_FALSE(has_version(MadeImage{}));
  CHECK_FALSE(has_version(made_version().put(at + test::type_at, ULONG{24})));
  CHECK_FALSE(has_version(made_version().put(at + 14, USHORT{0})));
  CHECK_FALSE(has_version(made_version().put(at + test::version_at + 2, USHORT{0})));
}

TEST_CASE("ldr: resources that lie are refused, and told where", "[ldr]") {
  char const* const outside = "the resources go on outside of themselves";
  MadeImage made = made_version();
  made.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, at, 15);
  check_refused(made, outside, at);
  made = made_version();
  made.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, at, test::data_at + 15);
  check_refused(made, outside, at + test::data_at);
  check_refused(made_version()
                    .put(at + test::type_at, ULONG{24})
                    .put(at + 12, USHORT{0xFFFF})
                    .put(at + 14, USHORT{0xFFFF}),
                outside, at + 16 + test::resource_bytes / 8 * 8 - 16);
  check_refused(made_version().put(at + test::type_at + 4, ULONG{0xFFFFFFFF}), outside,
                at + 0x7FFFFFFFull);
  check_refused(made_version().put(at + test::type_at + 4, ULONG{test::names_at}),
                "a type or a name of resources is no directory", at + test::names_at);
  check_refused(made_version().put(at + test::names_at + 14, USHORT{0}),
                "a directory of resources is empty", at + test::names_at);
  // Languages that lead back to names: three levels, whatever follows.
  check_refused(made_version().put(at + test::languages_at + 20,
                                   ULONG{IMAGE_RESOURCE_DATA_IS_DIRECTORY | test::names_at}),
                "a resource is a directory of more than languages", at + test::names_at);
  check_refused(made_version().put(at + test::data_at, ULONG{MadeImage::end - 4}),
                "a resource is outside of the image", MadeImage::end - 4);
}

TEST_CASE("ldr: a version that lies is refused, and told where", "[ldr]") {
  constexpr std::uint32_t version = at + test::version_at;
  char const* const length = "a version is longer than its resource, or too short";
  check_refused(made_version().put(version, USHORT{test::version_bytes + 1}), length, version);
  check_refused(made_version().put(version, USHORT{37}), length, version);
  check_refused(made_version().put(at + test::data_at + 4, ULONG{37}), length, version);
  check_refused(made_version().put(version + 6, USHORT{'W'}), "a version has another name",
                version);
  char const* const cut = "a version is cut off";
  check_refused(made_version().put(version + 2, USHORT{51}), cut, version);
  check_refused(made_version().put(version, USHORT{test::version_bytes - 1}), cut, version);
  check_refused(made_version().put(version + 40, ULONG{1}), "a version has another signature",
                version + 40);
}
