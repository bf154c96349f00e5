#include "ldr/file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/types.hpp"
#include "ldr/checksum.hpp"

namespace mica::ldr {
namespace {

constexpr std::uint64_t base_alignment = 0x10000;
constexpr std::uint32_t longest_file_alignment = 0x10000;
constexpr unsigned most_sections = 96;  // what NT's loader takes
constexpr std::size_t optional_at = offsetof(IMAGE_NT_HEADERS64, OptionalHeader);
constexpr std::size_t directories_at =
    optional_at + offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory);

// Where a field of the optional header is, counted from the headers.
#define MICA_AT(field) (optional_at + offsetof(IMAGE_OPTIONAL_HEADER64, field))

[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t to) noexcept {
  return (value + to - 1) & ~(to - 1);
}

// The part of a section that the file has and the image takes.
[[nodiscard]] std::uint32_t taken(IMAGE_SECTION_HEADER const& section) noexcept {
  return std::min(section.SizeOfRawData, size_in_image(section));
}

}  // namespace

template <class T>
bool File::read(std::uint64_t offset, T& value) const noexcept {
  if (offset > bytes_.size() || bytes_.size() - offset < sizeof value) return false;
  std::memcpy(&value, bytes_.data() + offset, sizeof value);
  return true;
}

Refusal File::open(std::span<std::byte const> bytes) noexcept {
  bytes_ = bytes;
  headers_ = {};
  if (Refusal const refusal = check_dos_header()) return refusal;
  if (Refusal const refusal = check_file_header()) return refusal;
  if (Refusal const refusal = check_optional_header()) return refusal;
  if (Refusal const refusal = check_sections()) return refusal;
  return check_directories();
}

Refusal File::check_dos_header() noexcept {
  IMAGE_DOS_HEADER dos{};
  if (!read(0, dos) || dos.e_magic != IMAGE_DOS_SIGNATURE)
    return {STATUS_INVALID_IMAGE_NOT_MZ, "no DOS header is at its beginning", Place::file, 0};
  std::uint64_t const at = static_cast<ULONG>(dos.e_lfanew);
  constexpr std::uint64_t pointer = offsetof(IMAGE_DOS_HEADER, e_lfanew);
  if (at % sizeof(ULONG) != 0) return bad_file("the PE header is not aligned to 4 bytes", pointer);
  ULONG signature = 0;
  if (!read(at, signature)) return bad_file("the PE header is outside of the file", pointer);
  if (signature != IMAGE_NT_SIGNATURE) return bad_file("no PE signature is there", at);
  headers_at_ = at;
  return {};
}

Refusal File::check_file_header() noexcept {
  IMAGE_FILE_HEADER& header = headers_.FileHeader;
  std::uint64_t const at = headers_at_ + sizeof(ULONG);
  if (!read(at, header)) return bad_file("the file header is cut off", at);
  if (header.Machine == IMAGE_FILE_MACHINE_I386)
    return {STATUS_INVALID_IMAGE_WIN_32, "it is for 32-bit processors", Place::file, at};
  if (header.Machine != IMAGE_FILE_MACHINE_AMD64)
    return bad_file("it is for another processor than x64", at);
  if ((header.Characteristics & IMAGE_FILE_EXECUTABLE_IMAGE) == 0)
    return bad_file("it is no executable image", at);
  std::uint64_t const optional = headers_at_ + optional_at;
  if (header.SizeOfOptionalHeader < directories_at - optional_at)
    return bad_file("the optional header is too short",
                    at + offsetof(IMAGE_FILE_HEADER, SizeOfOptionalHeader));
  if (bytes_.size() < optional + header.SizeOfOptionalHeader)
    return bad_file("the optional header is cut off", optional);
  // What is said of directories that the header has no room for is not read.
  std::memcpy(&headers_, bytes_.data() + headers_at_,
              std::min<std::size_t>(sizeof headers_, optional_at + header.SizeOfOptionalHeader));
  return {};
}

Refusal File::check_optional_header() const noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = headers_.OptionalHeader;
  auto const at = [this](std::size_t field) { return headers_at_ + field; };
  if (header.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC)
    return bad_file("the optional header is not that of PE32+", at(MICA_AT(Magic)));
  std::size_t const room = headers_.FileHeader.SizeOfOptionalHeader + optional_at - directories_at;
  if (header.NumberOfRvaAndSizes > IMAGE_NUMBEROF_DIRECTORY_ENTRIES ||
      header.NumberOfRvaAndSizes > room / sizeof(IMAGE_DATA_DIRECTORY))
    return bad_file("there are more directories than the optional header has room for",
                    at(MICA_AT(NumberOfRvaAndSizes)));
  if (header.ImageBase % base_alignment != 0)
    return bad_file("the image's base is not aligned to 64 KiB", at(MICA_AT(ImageBase)));
  if (!std::has_single_bit(header.FileAlignment) || header.FileAlignment > longest_file_alignment)
    return bad_file("the file alignment is no power of two up to 64 KiB",
                    at(MICA_AT(FileAlignment)));
  if (!std::has_single_bit(header.SectionAlignment) ||
      header.SectionAlignment < header.FileAlignment)
    return bad_file("the section alignment is no power of two above that of the file",
                    at(MICA_AT(SectionAlignment)));
  // Pages that sections share are in the file as they are in the image.
  if (header.SectionAlignment < page_size && header.SectionAlignment != header.FileAlignment)
    return bad_file("sections of less than a page are aligned otherwise than the file",
                    at(MICA_AT(SectionAlignment)));
  if (header.SizeOfImage == 0 || header.SizeOfImage % header.SectionAlignment != 0)
    return bad_file("the size of the image is no multiple of the section alignment",
                    at(MICA_AT(SizeOfImage)));
  if (header.SizeOfImage > INT32_MAX)
    return bad_file("the image is larger than 2 GiB", at(MICA_AT(SizeOfImage)));
  if (header.SizeOfHeaders > bytes_.size() || header.SizeOfHeaders > header.SizeOfImage)
    return bad_file("the headers are larger than the file, or the image",
                    at(MICA_AT(SizeOfHeaders)));
  if (section_offset(section_count()) > header.SizeOfHeaders)
    return bad_file("the section table is not within the headers", at(MICA_AT(SizeOfHeaders)));
  if (header.AddressOfEntryPoint >= header.SizeOfImage)
    return bad_file("the entry point is outside of the image", at(MICA_AT(AddressOfEntryPoint)));
  return {};
}

std::uint64_t File::section_offset(unsigned index) const noexcept {
  return headers_at_ + optional_at + headers_.FileHeader.SizeOfOptionalHeader +
         std::uint64_t{index} * sizeof(IMAGE_SECTION_HEADER);
}

IMAGE_SECTION_HEADER File::section(unsigned index) const noexcept {
  IMAGE_SECTION_HEADER header;
  std::memcpy(&header, bytes_.data() + section_offset(index), sizeof header);
  return header;
}

Refusal File::check_sections() const noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = headers_.OptionalHeader;
  if (section_count() > most_sections)
    return bad_file("there are more than 96 sections",
                    headers_at_ + sizeof(ULONG) + offsetof(IMAGE_FILE_HEADER, NumberOfSections));
  std::uint64_t next = round_up(header.SizeOfHeaders, header.SectionAlignment);
  for (unsigned i = 0; i < section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = this->section(i);
    std::uint64_t const at = section_offset(i);
    if (section.VirtualAddress != next)
      return bad_file("a section does not follow the one before it",
                      at + offsetof(IMAGE_SECTION_HEADER, VirtualAddress));
    if (Refusal const refusal = check_section(section, at)) return refusal;
    next = round_up(next + size_in_image(section), header.SectionAlignment);
  }
  return {};
}

Refusal File::check_section(IMAGE_SECTION_HEADER const& section,
                            std::uint64_t offset) const noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = headers_.OptionalHeader;
  if (size_in_image(section) == 0)
    return bad_file("a section is empty", offset + offsetof(IMAGE_SECTION_HEADER, Misc));
  if (std::uint64_t{section.VirtualAddress} + size_in_image(section) > header.SizeOfImage)
    return bad_file("a section ends outside of the image",
                    offset + offsetof(IMAGE_SECTION_HEADER, Misc));
  if (section.SizeOfRawData == 0) return {};
  std::uint64_t const pointer = offset + offsetof(IMAGE_SECTION_HEADER, PointerToRawData);
  if (section.PointerToRawData % header.FileAlignment != 0)
    return bad_file("a section's data is not aligned in the file", pointer);
  if (section.PointerToRawData < header.SizeOfHeaders)
    return bad_file("a section's data overlaps the headers", pointer);
  if (std::uint64_t{section.PointerToRawData} + section.SizeOfRawData > bytes_.size())
    return bad_file("a section's data ends outside of the file", pointer);
  if (header.SectionAlignment < page_size && section.PointerToRawData != section.VirtualAddress)
    return bad_file("a section of less than a page is elsewhere in the image than in the file",
                    pointer);
  return {};
}

Refusal File::check_directories() const noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = headers_.OptionalHeader;
  for (ULONG i = 0; i < header.NumberOfRvaAndSizes; ++i) {
    IMAGE_DATA_DIRECTORY const& directory = header.DataDirectory[i];
    if (directory.VirtualAddress == 0) continue;
    bool const in_file = i == IMAGE_DIRECTORY_ENTRY_SECURITY;
    std::uint64_t const end = std::uint64_t{directory.VirtualAddress} + directory.Size;
    if (end > (in_file ? bytes_.size() : header.SizeOfImage))
      return bad_file(
          in_file ? "the signature ends outside of the file"
                  : "a directory ends outside of the image",
          headers_at_ + directories_at + std::uint64_t{i} * sizeof(IMAGE_DATA_DIRECTORY));
  }
  return {};
}

bool File::has(std::uint64_t address, std::size_t bytes, ULONG right) const noexcept {
  for (unsigned i = 0; i < section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = this->section(i);
    std::uint64_t const within = address - section.VirtualAddress;
    if (within < size_in_image(section))
      return size_in_image(section) - within >= bytes && (section.Characteristics & right) != 0;
  }
  return false;
}

std::span<std::byte const> File::data(std::uint64_t address, std::size_t bytes) const noexcept {
  for (unsigned i = 0; i < section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = this->section(i);
    std::uint64_t const within = address - section.VirtualAddress;
    if (within < taken(section))
      return taken(section) - within >= bytes
                 ? bytes_.subspan(section.PointerToRawData + within, bytes)
                 : std::span<std::byte const>{};
  }
  return {};
}

std::uint32_t File::checksum() const noexcept {
  return ldr::checksum(bytes_, headers_at_ + MICA_AT(CheckSum));
}

void File::lay_out(std::span<std::byte> memory) const noexcept {
  std::memcpy(memory.data(), bytes_.data(), headers_.OptionalHeader.SizeOfHeaders);
  for (unsigned i = 0; i < section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = this->section(i);
    if (std::uint32_t const bytes = taken(section); bytes != 0)
      std::memcpy(memory.data() + section.VirtualAddress, bytes_.data() + section.PointerToRawData,
                  bytes);
  }
}

}  // namespace mica::ldr
