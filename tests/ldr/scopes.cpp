// The scopes of a function: which are around a place, and tables that lie about them.
#include "ldr/scopes.hpp"

#include <array>
#include <vector>

#include "catch.hpp"

using namespace mica;

namespace {

constexpr std::uint32_t image_bytes = 0x1000, table_at = 0x100;

struct Image {
  std::vector<std::byte> memory = std::vector<std::byte>(image_bytes);
  ldr::LoadedImage loaded{};

  Image() {
    loaded.base = memory.data();
    loaded.bytes = image_bytes;
  }
  template <class T>
  void put(std::uint32_t at, T const& value) {
    std::memcpy(&memory[at], &value, sizeof value);
  }
  void put_table(std::uint32_t at, ULONG count, std::initializer_list<ldr::Scope> scopes) {
    put(at, count);
    at += sizeof count;
    for (ldr::Scope const& scope : scopes) {
      put(at, scope);
      at += sizeof scope;
    }
  }
};

// What a reader is told who asks for every scope around 0x400.
std::string lie_of(Image const& image, std::uint32_t table) {
  ldr::ScopeTable scopes{image.loaded, table};
  ULONG index = 0;
  for (ldr::Scope scope; scopes.next(index, 0x400, scope);) continue;
  if (scopes.bad()) CHECK(scopes.bad().at == table);
  return scopes.bad() ? scopes.bad().what : "";
}

}  // namespace

TEST_CASE("ldr: the scopes around a place come in the order of their table", "[ldr]") {
  Image image;
  image.put_table(table_at, 4,
                  {{0x400, 0x401, 0x500, 0},
                   {0x401, 0x500, 0x501, 0},
                   {0x3FF, 0x400, 0x502, 0},
                   {0x300, 0x500, 1, 0x600}});
  ldr::ScopeTable scopes{image.loaded, table_at};
  ldr::Scope scope{};
  ULONG index = 0;
  REQUIRE(scopes.next(index, 0x400, scope));
  CHECK((index == 1 && scope.handler == 0x500 && scope.is_finally()));
  REQUIRE(scopes.next(index, 0x400, scope));
  CHECK((index == 4 && scope.target == 0x600 && scope.always_handles()));
  CHECK_FALSE(scopes.next(index, 0x400, scope));
  CHECK_FALSE(scopes.bad());
}

TEST_CASE("ldr: a table of scopes that lies is refused, and told where it is", "[ldr]") {
  Image image;
  CHECK(lie_of(image, image_bytes - 3) == "a table of scopes is outside of the image");
  image.put_table(table_at, 0xFFFFFFFF, {});
  CHECK(lie_of(image, table_at) == "a table of scopes goes on outside of the image");
  image.put_table(table_at, 1, {{0x400, 0x500, image_bytes, 0}});
  CHECK(lie_of(image, table_at) == "the handler of a scope is outside of the image");
  image.put_table(table_at, 1, {{0x400, 0x500, image_bytes, 0x600}});
  CHECK(lie_of(image, table_at) == "the handler of a scope is outside of the image");
  image.put_table(table_at, 1, {{0x400, 0x500, 1, image_bytes}});
  CHECK(lie_of(image, table_at) == "the block of a scope is outside of the image");
  // Nobody asks for what is elsewhere.
  image.put_table(table_at, 1, {{0x500, 0x600, image_bytes, image_bytes}});
  CHECK(lie_of(image, table_at).empty());
}
