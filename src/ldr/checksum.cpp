#include "ldr/checksum.hpp"

namespace mica::ldr {

// Sixteen bits at a time, little-endian, with the carries added in; then the file's size.
std::uint32_t checksum(std::span<std::byte const> file, std::size_t field) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (i - field < sizeof(std::uint32_t)) continue;
    sum += std::to_integer<std::uint64_t>(file[i]) << (i % 2 * 8);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum + file.size());
}

}  // namespace mica::ldr
