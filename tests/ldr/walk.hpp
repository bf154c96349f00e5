// Everything that an image says of itself, read as a loader reads it.
#pragma once

#include "ldr/exports.hpp"
#include "ldr/imports.hpp"
#include "ldr/relocations.hpp"

namespace mica::test {

// False: an address that was given is not the image's. What is refused is left out.
[[nodiscard]] inline bool imports_are_within(ldr::Image const& image) {
  ldr::Imports imports{image};
  for (ldr::Import import; imports.next(import);)
    if (!image.has(import.slot, 8)) return false;
  return true;
}

[[nodiscard]] inline bool exports_are_within(ldr::Image const& image) {
  ldr::Exports exports;
  if (exports.open(image)) return true;
  ldr::Export found;
  ldr::Refusal refusal;
  for (std::uint32_t i = 0; i < exports.name_count(); ++i) {
    if (exports.find(exports.name(i), found, refusal) && !image.has(found.address, 1)) return false;
    if (exports.find(static_cast<std::uint16_t>(i), found, refusal) && !image.has(found.address, 1))
      return false;
  }
  return true;
}

// Twice: relocations change what is imported, too.
[[nodiscard]] inline bool walk(ldr::Image& image) {
  if (!exports_are_within(image) || !imports_are_within(image)) return false;
  static_cast<void>(ldr::relocate(image, 0x10000));
  return imports_are_within(image);
}

}  // namespace mica::test
