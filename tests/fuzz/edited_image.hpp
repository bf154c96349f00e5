// An image's file under the hands of a mutator, which knows its headers, its sections and where in
// the file an address of the image is. Nothing is taken for granted: others changed it before.
#pragma once

#include <nt/ntimage.h>

#include <cstring>
#include <optional>
#include <span>

#include "choice.hpp"

namespace mica::fuzz {

class EditedImage {
 public:
  // The file is the first `size` of these bytes.
  EditedImage(std::span<std::uint8_t> room, std::size_t size) noexcept : room_{room}, size_{size} {}

  // Its headers and its table of sections can be told; else nothing below but size() is asked.
  [[nodiscard]] bool is_image() const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // What is new is zeros; it grows no further than there is room.
  void resize(std::size_t size) noexcept;

  [[nodiscard]] bool has(std::uint64_t offset, std::size_t bytes) const noexcept {
    return offset <= size_ && size_ - offset >= bytes;
  }
  [[nodiscard]] std::span<std::uint8_t> bytes(std::size_t offset, std::size_t count) noexcept {
    return room_.subspan(offset, count);
  }
  template <class T>
  [[nodiscard]] std::optional<T> read(std::uint64_t offset) const noexcept {
    if (!has(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, &room_[offset], sizeof value);
    return value;
  }
  template <class T>
  void write(std::uint64_t offset, T const& value) noexcept {
    if (has(offset, sizeof value)) std::memcpy(&room_[offset], &value, sizeof value);
  }

  [[nodiscard]] std::size_t headers_at() const noexcept;
  [[nodiscard]] IMAGE_NT_HEADERS64 headers() const noexcept;
  [[nodiscard]] unsigned section_count() const noexcept;
  [[nodiscard]] std::size_t section_at(unsigned index) const noexcept;
  [[nodiscard]] std::size_t directory_at(unsigned index) const noexcept;
  [[nodiscard]] IMAGE_DATA_DIRECTORY directory(unsigned index) const noexcept;

  // Where in the file that address is, if a section has it there.
  [[nodiscard]] std::optional<std::size_t> offset_of(std::uint32_t address) const noexcept;

  // A number such as lies are made of, for a field that has `old`: limits, what is near to what is
  // there, sizes and addresses of this image.
  [[nodiscard]] std::uint64_t lie(Choice& choice, std::uint64_t old) const noexcept;
  // An address in the image, mostly of what a section has in the file.
  [[nodiscard]] std::uint32_t some_address(Choice& choice) const noexcept;

  // Has the field of 2, 4 or 8 bytes lie.
  void change(Choice& choice, std::uint64_t offset, unsigned bytes) noexcept;

  // Sections follow each other again and the image ends behind the last, whatever was changed.
  void mend_sections() noexcept;

 private:
  std::span<std::uint8_t> room_;
  std::size_t size_;
};

}  // namespace mica::fuzz
