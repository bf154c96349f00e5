// Why an image is refused: what is wrong, and where.
#pragma once

#include <nt/ntstatus.h>

#include <cstdint>

namespace mica::ldr {

enum class Place : std::uint8_t { nowhere, file, image };

struct Refusal {
  NTSTATUS status = STATUS_SUCCESS;
  char const* what = "";         // a sentence without its full stop
  Place place = Place::nowhere;  // of `at`: an offset in the file, or an address in the image
  std::uint64_t at = 0;

  // Whether there is something wrong.
  explicit operator bool() const noexcept { return !NT_SUCCESS(status); }
};

[[nodiscard]] inline Refusal bad_file(char const* what, std::uint64_t offset) noexcept {
  return {STATUS_INVALID_IMAGE_FORMAT, what, Place::file, offset};
}
[[nodiscard]] inline Refusal bad_image(char const* what, std::uint64_t address) noexcept {
  return {STATUS_INVALID_IMAGE_FORMAT, what, Place::image, address};
}

}  // namespace mica::ldr
