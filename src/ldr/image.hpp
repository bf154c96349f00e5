// An image as memory has it: what its directories say is read by address in the image.
//   Nothing is trusted: every read says whether it was within the image. Any IRQL at which the
//   memory is there.
#pragma once

#include <nt/ntimage.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "ldr/refusal.hpp"

namespace mica::ldr {

// Longer names than these no linker writes.
inline constexpr std::size_t longest_name = 4096;

class Image {
 public:
  // `memory` holds an image that a File laid out, whose headers these are.
  Image(std::span<std::byte> memory, IMAGE_NT_HEADERS64 const& headers) noexcept
      : memory_{memory}, headers_{&headers} {}

  [[nodiscard]] std::size_t bytes() const noexcept { return memory_.size(); }
  [[nodiscard]] std::uint32_t header_bytes() const noexcept {
    return headers_->OptionalHeader.SizeOfHeaders;
  }
  // Of no size if the image has none.
  [[nodiscard]] IMAGE_DATA_DIRECTORY directory(unsigned index) const noexcept;

  [[nodiscard]] bool has(std::uint64_t address, std::size_t bytes) const noexcept {
    return address <= memory_.size() && memory_.size() - address >= bytes;
  }
  template <class T>
  [[nodiscard]] bool read(std::uint64_t address, T& value) const noexcept {
    if (!has(address, sizeof value)) return false;
    std::memcpy(&value, &memory_[address], sizeof value);
    return true;
  }
  // Headers are not written.
  template <class T>
  [[nodiscard]] bool write(std::uint64_t address, T const& value) noexcept {
    if (address < header_bytes() || !has(address, sizeof value)) return false;
    std::memcpy(&memory_[address], &value, sizeof value);
    return true;
  }
  // A name that ends with a zero within the image, and is no longer than `longest_name`.
  [[nodiscard]] bool read_name(std::uint64_t address, std::string_view& name) const noexcept;

 private:
  std::span<std::byte> memory_;
  IMAGE_NT_HEADERS64 const* headers_;
};

}  // namespace mica::ldr
