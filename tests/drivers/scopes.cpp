// What the compiler of the drivers says of a __try: that faults in it are in its table.
#include "drivers/image.hpp"
#include "ldr/file.hpp"
#include "ldr/image.hpp"

#include <nt/rtl/exception.h>

using namespace mica;

namespace {

// The functions that have a handler, and the scopes in their tables.
std::size_t count_scopes(ldr::Image const& image) {
  std::size_t count = 0;
  IMAGE_DATA_DIRECTORY const functions = image.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION);
  for (std::uint32_t at = 0; at + sizeof(RUNTIME_FUNCTION) <= functions.Size;
       at += sizeof(RUNTIME_FUNCTION)) {
    RUNTIME_FUNCTION function{};
    UCHAR info[4] = {};
    REQUIRE(image.read(functions.VirtualAddress + at, function));
    REQUIRE(image.read(function.UnwindData, info));
    if ((info[0] >> 3 & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER)) == 0) continue;
    ULONG scopes = 0;
    std::uint32_t const handler = function.UnwindData + 4 + (info[2] + 1u) / 2 * 4;
    REQUIRE(image.read(handler + 4, scopes));
    count += scopes;
  }
  return count;
}

}  // namespace

TEST_CASE("driver: a fault in a __try that calls nothing is in the table of its function",
          "[drivers]") {
  std::vector<std::byte> const bytes = test::image_of("scope");
  ldr::File file;
  REQUIRE(!file.open(bytes));
  std::vector<std::byte> memory(file.image_bytes());
  file.lay_out(memory);
  CHECK(count_scopes({memory, file.headers()}) >= 1);
}
