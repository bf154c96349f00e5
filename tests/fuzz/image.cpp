// Images: whatever bytes a file has, it is read within its bounds or refused.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ldr/exports.hpp"
#include "ldr/file.hpp"
#include "ldr/imports.hpp"
#include "ldr/relocations.hpp"

using namespace mica;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;  // zeros that are of no interest

void require(bool holds) {
  if (!holds) std::abort();
}

void read_exports(ldr::Image const& image) {
  ldr::Exports exports;
  if (exports.open(image)) return;
  ldr::Export found;
  ldr::Refusal refusal;
  for (std::uint32_t i = 0; i < exports.name_count(); ++i) {
    if (exports.find(exports.name(i), found, refusal)) require(image.has(found.address, 1));
    if (exports.find(static_cast<std::uint16_t>(i), found, refusal))
      require(image.has(found.address, 1));
  }
}

void read_imports(ldr::Image const& image) {
  ldr::Imports imports{image};
  for (ldr::Import import; imports.next(import);) require(image.has(import.slot, 8));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ldr::File file;
  if (file.open(std::as_bytes(std::span{data, size}))) return 0;
  static_cast<void>(file.checksum());
  if (file.image_bytes() > most_bytes) return 0;
  std::vector<std::byte> memory(file.image_bytes());
  file.lay_out(memory);
  ldr::Image image{memory, file.headers()};
  read_exports(image);
  read_imports(image);
  static_cast<void>(ldr::relocate(image, 0x10000));
  read_imports(image);
  return 0;
}
