// The RAM disk of the cases that load drivers, as the host's runners of cases give it to Systems.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

namespace mica::test {

// Nothing where drivers cannot be built: then there are no such cases either.
[[nodiscard]] inline std::span<std::byte const> ram_disk() {
#ifdef MICA_TEST_RAM_DISK
  static std::vector<char> const bytes = [] {
    std::vector<char> read(std::filesystem::file_size(MICA_TEST_RAM_DISK));
    std::ifstream{MICA_TEST_RAM_DISK, std::ios::binary}.read(
        read.data(), static_cast<std::streamsize>(read.size()));
    return read;
  }();
  return std::as_bytes(std::span{bytes});
#else
  return {};
#endif
}

}  // namespace mica::test
