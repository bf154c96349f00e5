// What an image asks of its loader: a cookie, and pointers that calls are checked through.
#include "ldr/load_configuration.hpp"

#include <mica/system.hpp>
#include <mica/test.hpp>

#include <string>

#include "abi/resolve.hpp"
#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/made_image.hpp"
#include "ldr/module.hpp"

using namespace mica;
using test::MadeImage;

namespace {

constexpr std::uint32_t directory = MadeImage::data + 0x100, cookie = MadeImage::data + 0x400,
                        check = MadeImage::data + 0x408, dispatch = MadeImage::data + 0x410,
                        relocations = MadeImage::data + 0x600;

#define AT(field) (directory + offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, field))

// One that asks for all there is, and may stand anywhere.
MadeImage asking() {
  MadeImage made;
  made.section(0).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE;
  made.section(1).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE;
  IMAGE_LOAD_CONFIG_DIRECTORY64 said{};
  said.Size = sizeof said;
  said.SecurityCookie = MadeImage::base + cookie;
  said.GuardCFCheckFunctionPointer = MadeImage::base + check;
  said.GuardCFDispatchFunctionPointer = MadeImage::base + dispatch;
  said.GuardFlags = IMAGE_GUARD_CF_INSTRUMENTED;
  made.put(directory, said).put(cookie, ldr::unseeded_cookie);
  made.put(check, MadeImage::base + MadeImage::code);
  made.put(dispatch, MadeImage::base + MadeImage::code + 8);
  made.directory(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, directory, sizeof said);
  constexpr std::uint32_t moved[] = {AT(SecurityCookie), AT(GuardCFCheckFunctionPointer),
                                     AT(GuardCFDispatchFunctionPointer), check, dispatch};
  made.put(relocations, IMAGE_BASE_RELOCATION{MadeImage::data, 8 + 2 * std::size(moved)});
  for (std::uint32_t at = relocations + 8; std::uint32_t const each : moved) {
    made.put(at, static_cast<USHORT>(IMAGE_REL_BASED_DIR64 << 12 | (each - MadeImage::data)));
    at += 2;
  }
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, relocations, 8 + 2 * std::size(moved));
  return made;
}

void check_refused(MadeImage const& made, char const* what, std::uint64_t where) {
  test::LaidOut laid_out{const_cast<MadeImage&>(made).bytes()};
  REQUIRE_FALSE(laid_out.refusal);
  ldr::LoadConfiguration configuration;
  test::check_refusal(
      ldr::read_load_configuration(laid_out.file, laid_out.image(), MadeImage::base, configuration),
      what, ldr::Place::image, where);
}

template <class T>
[[nodiscard]] T at(ldr::Module const& module, std::uint32_t address) {
  T value;
  std::memcpy(&value, module.base + address, sizeof value);
  return value;
}

// What a loaded image finds in its cookie, in a System of its own.
ULONGLONG cookie_of(MadeImage made) {
  ULONGLONG found = 0;
  System system;
  system.run([&] {
    ldr::Module module{};
    MICA_REQUIRE(!ldr::load("made.sys", made.bytes(), mica::abi::resolve, module));
    found = at<ULONGLONG>(module, cookie);
    MICA_CHECK(at<std::byte*>(module, check) == module.base + MadeImage::code);
    MICA_CHECK(at<std::byte*>(module, dispatch) == module.base + MadeImage::code + 8);
    ldr::unload(module.base);
  });
  return found;
}

}  // namespace

TEST_CASE("ldr: a cookie is seeded, the same in the same System, and 48 bits of it", "[ldr]") {
  ULONGLONG const found = cookie_of(asking());
  CHECK((found != 0 && found != ldr::unseeded_cookie && found >> 48 == 0));
  CHECK(cookie_of(asking()) == found);
}

TEST_CASE("ldr: two images have two cookies", "[ldr]") {
  MadeImage made = asking();
  System system;
  system.run([&] {
    ldr::Module one{}, other{};
    MICA_REQUIRE(!ldr::load("one.sys", made.bytes(), mica::abi::resolve, one));
    MICA_REQUIRE(!ldr::load("other.sys", made.bytes(), mica::abi::resolve, other));
    MICA_CHECK(at<ULONGLONG>(one, cookie) != at<ULONGLONG>(other, cookie));
    ldr::unload(one.base);
    ldr::unload(other.base);
  });
}

TEST_CASE("ldr: a cookie that is no more as linked is left alone", "[ldr]") {
  CHECK(cookie_of(asking().put(cookie, ULONGLONG{0x1234})) == 0x1234);
}

TEST_CASE("ldr: a linker that knew less of the load configuration asks for less", "[ldr]") {
  ULONG const before_cookie = offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, SecurityCookie);
  CHECK(cookie_of(asking().put(directory, before_cookie + 7)) == ldr::unseeded_cookie);
  CHECK(cookie_of(asking().put(directory, before_cookie + 8)) != ldr::unseeded_cookie);
}

TEST_CASE("ldr: a load configuration that lies is refused, and told where", "[ldr]") {
  MadeImage made = asking();
  made.directory(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, MadeImage::end - 3, 3);
  check_refused(made, "the load configuration is cut off", MadeImage::end - 3);
  check_refused(asking().put(directory, ULONG{MadeImage::end - directory + 1}),
                "the load configuration ends outside of the image", directory);

  char const* const unwritten = "the security cookie is in no section that is written";
  for (ULONGLONG const where : {MadeImage::base + MadeImage::code, MadeImage::base - 8,
                                MadeImage::base + MadeImage::end - 7, ULONGLONG{8}})
    check_refused(asking().put(AT(SecurityCookie), where), unwritten, AT(SecurityCookie));
  made = asking();
  made.section(1).Characteristics = IMAGE_SCN_MEM_READ;
  check_refused(made, unwritten, AT(SecurityCookie));

  char const* const outside = "a pointer that calls are checked through is outside of the image";
  for (std::uint32_t const field :
       {AT(GuardCFCheckFunctionPointer), AT(GuardCFDispatchFunctionPointer)})
    check_refused(asking().put(field, MadeImage::base + MadeImage::end - 7), outside, field);
  char const* const no_code =
      "a pointer that calls are checked through leads to no code of the image";
  check_refused(asking().put(check, MadeImage::base + MadeImage::data), no_code, check);
  check_refused(asking().put(dispatch, ULONGLONG{0}), no_code, dispatch);
}

TEST_CASE("ldr: who checks no calls may leave its pointers empty", "[ldr]") {
  MadeImage made = asking();
  made.put(AT(GuardFlags), ULONG{0}).put(check, ULONGLONG{0});
  test::LaidOut laid_out{made.bytes()};
  ldr::LoadConfiguration configuration;
  CHECK(!ldr::read_load_configuration(laid_out.file, laid_out.image(), MadeImage::base,
                                      configuration));
}
