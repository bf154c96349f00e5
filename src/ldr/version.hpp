// The version that an image says it has: a resource, which nothing but readers wants.
//                                             [Microsoft "PE Format"; MSDN VS_VERSIONINFO]
//   Any IRQL at which the memory is there.
#pragma once

#include "ldr/image.hpp"

namespace mica::ldr {

struct VersionNumber {
  USHORT major, minor, build, revision;
};

struct Version {
  bool there;  // it says one
  VersionNumber file, product;
};

// Of several, in several languages, the first.
[[nodiscard]] Refusal read_version(Image const& image, Version& version) noexcept;

}  // namespace mica::ldr
