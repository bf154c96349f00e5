// A driver's file as an image, read and not loaded.
#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ldr/file.hpp"
#include "ldr/image.hpp"
#include "ldr/version.hpp"

namespace mica::tool {

class ImageFile {
 public:
  // The bytes must stay. Throws Wrong, with `path`, if they are no image.
  ImageFile(std::span<std::byte const> bytes, std::string path);

  [[nodiscard]] ldr::Image image() const noexcept {
    return {{memory_.get(), file_.image_bytes()}, file_.headers()};
  }
  // None if it says none. Throws Wrong if it lies about it.
  [[nodiscard]] std::optional<ldr::Version> version() const;
  [[noreturn]] void refuse(ldr::Refusal const& refusal) const;

 private:
  std::string path_;
  ldr::File file_;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
};

// 10.0.19045.1
[[nodiscard]] std::string text_of(ldr::VersionNumber const& number);

}  // namespace mica::tool
