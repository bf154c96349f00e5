// Images: whatever bytes a file has, it is read within its bounds or refused.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ldr/debug_record.hpp"
#include "ldr/load_configuration.hpp"
#include "ldr/version.hpp"
#include "ldr/walk.hpp"

using namespace mica;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;  // zeros that are of no interest

// As the image stands in the file: not moved.
[[nodiscard]] bool configuration_is_within(ldr::File const& file, ldr::Image& image) {
  ldr::LoadConfiguration configuration;
  std::uint64_t const base = file.headers().OptionalHeader.ImageBase;
  if (ldr::read_load_configuration(file, image, base, configuration)) return true;
  ldr::seed_cookie(image, configuration, 1);
  return image.has(configuration.cookie, sizeof(ULONGLONG));
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
  ldr::DebugRecord record{};
  static_cast<void>(ldr::read_debug_record(file, record));
  if (record.there &&
      record.name.data() + record.name.size() >= reinterpret_cast<char const*>(data) + size)
    std::abort();
  ldr::Version version;
  static_cast<void>(ldr::read_version(image, version));
  if (!configuration_is_within(file, image) || !test::walk(image)) std::abort();
  return 0;
}
