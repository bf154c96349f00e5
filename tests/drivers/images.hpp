// The drivers that the build made.
#pragma once

#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"

namespace mica::test {

[[nodiscard]] inline std::vector<std::byte> image_of(std::string const& driver) {
  std::ifstream file{MICA_TEST_DRIVERS "/" + driver + ".sys", std::ios::binary};
  std::vector<char> const text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE(!text.empty());
  auto const bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

}  // namespace mica::test
