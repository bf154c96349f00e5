// An image as a file has it: headers and sections.                          [Microsoft "PE Format"]
//   Everything that a file says of itself is checked before it is used; whoever has a File may rely
//   on what its headers promise: each section's data is in the file and within the image, sections
//   follow each other there, directories are within the image. Any IRQL.
#pragma once

#include <nt/ntimage.h>

#include <cstddef>
#include <span>

#include "ldr/refusal.hpp"

namespace mica::ldr {

class File {
 public:
  // `bytes` are the caller's and stay. An image for x64 processors, of any subsystem.
  [[nodiscard]] Refusal open(std::span<std::byte const> bytes) noexcept;

  [[nodiscard]] IMAGE_NT_HEADERS64 const& headers() const noexcept { return headers_; }
  [[nodiscard]] std::size_t image_bytes() const noexcept {
    return headers_.OptionalHeader.SizeOfImage;
  }
  [[nodiscard]] unsigned section_count() const noexcept {
    return headers_.FileHeader.NumberOfSections;
  }
  [[nodiscard]] IMAGE_SECTION_HEADER section(unsigned index) const noexcept;
  // Whether those bytes of the image are of one section, which has that right (IMAGE_SCN_MEM_*).
  [[nodiscard]] bool has(std::uint64_t address, std::size_t bytes, ULONG right) const noexcept;
  // What the file has of those bytes of the image; none if they are not all of one section's data.
  [[nodiscard]] std::span<std::byte const> data(std::uint64_t address,
                                                std::size_t bytes) const noexcept;
  // Where in file and image the headers of the sections are.
  [[nodiscard]] std::uint64_t section_offset(unsigned index) const noexcept;
  // The checksum that the headers should have.
  [[nodiscard]] std::uint32_t checksum() const noexcept;

  // Copies headers and sections to where they are in the image. `memory` has image_bytes() zeros.
  void lay_out(std::span<std::byte> memory) const noexcept;

 private:
  [[nodiscard]] Refusal check_dos_header() noexcept;
  [[nodiscard]] Refusal check_file_header() noexcept;
  [[nodiscard]] Refusal check_optional_header() const noexcept;
  [[nodiscard]] Refusal check_sections() const noexcept;
  [[nodiscard]] Refusal check_section(IMAGE_SECTION_HEADER const& section,
                                      std::uint64_t offset) const noexcept;
  [[nodiscard]] Refusal check_directories() const noexcept;
  template <class T>
  [[nodiscard]] bool read(std::uint64_t offset, T& value) const noexcept;

  std::span<std::byte const> bytes_;
  std::uint64_t headers_at_ = 0;
  IMAGE_NT_HEADERS64 headers_{};
};

// How many bytes of the image a section takes.
[[nodiscard]] inline std::uint32_t size_in_image(IMAGE_SECTION_HEADER const& section) noexcept {
  return section.Misc.VirtualSize != 0 ? section.Misc.VirtualSize : section.SizeOfRawData;
}

}  // namespace mica::ldr
