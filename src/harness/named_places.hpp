// The places of a loaded image that its symbols name, for what is told when the image is gone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ldr/loaded_image.hpp"

namespace mica::harness {

struct NamedPlace {
  std::uint64_t begin, end;  // addresses
  std::string name;          // without the image's
};

// In the order of their addresses, no two at one; none if the image goes without names.
[[nodiscard]] std::vector<NamedPlace> named_places(ldr::LoadedImage const& image);

}  // namespace mica::harness
