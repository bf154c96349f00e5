#include "image_file.hpp"

#include <fmt/format.h>
#include "wrong.hpp"

namespace mica::tool {

ImageFile::ImageFile(std::span<std::byte const> bytes, std::string path)
    : path_{std::move(path)}, memory_{nullptr, &std::free} {
  if (ldr::Refusal const refusal = file_.open(bytes)) refuse(refusal);
  // What an image says of its size need not be true: zeros that nobody touches cost nothing.
  memory_.reset(static_cast<std::byte*>(std::calloc(file_.image_bytes(), 1)));
  if (!memory_)
    throw Wrong{fmt::format("no memory for the {} bytes of '{}'", file_.image_bytes(), path_)};
  file_.lay_out({memory_.get(), file_.image_bytes()});
}

void ImageFile::refuse(ldr::Refusal const& refusal) const {
  char const* const place = refusal.place == ldr::Place::file ? "of the file" : "of the image";
  throw Wrong{fmt::format("'{}' is no image that can be loaded: {}, at {:#x} {} (status 0x{:08X})",
                          path_, refusal.what, refusal.at, place,
                          static_cast<std::uint32_t>(refusal.status))};
}

std::optional<ldr::Version> ImageFile::version() const {
  ldr::Version version{};
  if (ldr::Refusal const refusal = ldr::read_version(image(), version)) refuse(refusal);
  return version.there ? std::optional{version} : std::nullopt;
}

std::string text_of(ldr::VersionNumber const& number) {
  return fmt::format("{}.{}.{}.{}", number.major, number.minor, number.build, number.revision);
}

}  // namespace mica::tool
