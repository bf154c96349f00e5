// The symbols of a driver that lie beside it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace mica::tool {

// All of the file that the image says has its symbols, if it is in the folder of `driver`; nothing
// if not, or if the image names none. Throws Wrong if it is there and cannot be read.
[[nodiscard]] std::vector<std::byte> symbols_beside(std::string const& driver,
                                                    std::span<std::byte const> image);

}  // namespace mica::tool
