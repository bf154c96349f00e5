#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mica::tool {

// All of a file; throws Wrong if it cannot be read.
[[nodiscard]] std::vector<std::byte> contents(std::string const& path);

}  // namespace mica::tool
