// The drivers that were built for tests.
#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"

namespace mica::test {

inline std::vector<std::byte> file_of_drivers(std::string const& name) {
  std::ifstream file{MICA_TEST_DRIVERS "/" + name, std::ios::binary};
  std::vector<char> const text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE(!text.empty());
  auto const bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> image_of(std::string const& driver) {
  return file_of_drivers(driver + ".sys");
}

inline std::vector<std::byte> symbols_of(std::string const& driver) {
  return file_of_drivers(driver + ".pdb");
}

}  // namespace mica::test
