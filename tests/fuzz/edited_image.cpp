#include "edited_image.hpp"

#include <algorithm>

namespace mica::fuzz {
namespace {

constexpr unsigned most_sections = 96;
constexpr std::uint64_t page = 0x1000;

}  // namespace

bool EditedImage::is_image() const noexcept {
  auto const dos = read<IMAGE_DOS_HEADER>(0);
  if (!dos || dos->e_magic != IMAGE_DOS_SIGNATURE || dos->e_lfanew < 0) return false;
  if (!has(headers_at(), sizeof(IMAGE_NT_HEADERS64))) return false;
  return section_count() <= most_sections && has(section_at(section_count()), 0);
}

void EditedImage::resize(std::size_t size) noexcept {
  size = std::min(size, room_.size());
  if (size > size_) std::memset(&room_[size_], 0, size - size_);
  size_ = size;
}

std::size_t EditedImage::headers_at() const noexcept {
  return static_cast<std::size_t>(read<IMAGE_DOS_HEADER>(0)->e_lfanew);
}

IMAGE_NT_HEADERS64 EditedImage::headers() const noexcept {
  return *read<IMAGE_NT_HEADERS64>(headers_at());
}

unsigned EditedImage::section_count() const noexcept {
  return headers().FileHeader.NumberOfSections;
}

std::size_t EditedImage::section_at(unsigned index) const noexcept {
  return headers_at() + offsetof(IMAGE_NT_HEADERS64, OptionalHeader) +
         headers().FileHeader.SizeOfOptionalHeader + index * sizeof(IMAGE_SECTION_HEADER);
}

std::size_t EditedImage::directory_at(unsigned index) const noexcept {
  return headers_at() + offsetof(IMAGE_NT_HEADERS64, OptionalHeader.DataDirectory) +
         index * sizeof(IMAGE_DATA_DIRECTORY);
}

IMAGE_DATA_DIRECTORY EditedImage::directory(unsigned index) const noexcept {
  return headers().OptionalHeader.DataDirectory[index];
}

std::optional<std::size_t> EditedImage::offset_of(std::uint32_t address) const noexcept {
  for (unsigned i = 0; i < section_count(); ++i) {
    auto const section = read<IMAGE_SECTION_HEADER>(section_at(i));
    std::uint32_t const within = address - section->VirtualAddress;
    std::uint64_t const offset = std::uint64_t{section->PointerToRawData} + within;
    if (within < section->SizeOfRawData && has(offset, 1)) return offset;
  }
  return std::nullopt;
}

std::uint32_t EditedImage::some_address(Choice& choice) const noexcept {
  ULONG const image_bytes = headers().OptionalHeader.SizeOfImage;
  if (section_count() == 0 || choice.one_in(8))
    return static_cast<std::uint32_t>(choice.below(std::size_t{image_bytes} + 1));
  unsigned const index = static_cast<unsigned>(choice.below(section_count()));
  auto const section = read<IMAGE_SECTION_HEADER>(section_at(index));
  ULONG const at = section->VirtualAddress +
                   static_cast<ULONG>(choice.below(std::size_t{section->SizeOfRawData} + 1));
  return choice.one_in(4) ? at : at & ~ULONG{3};
}

std::uint64_t EditedImage::lie(Choice& choice, std::uint64_t old) const noexcept {
  constexpr std::uint64_t steps[] = {1, 2, 4, 8, 0x10, 0x200, page, 0x10000};
  constexpr std::uint64_t limits[] = {0,
                                      1,
                                      0x7FFF,
                                      0xFFFF,
                                      0x7FFFFFFF,
                                      0x80000000,
                                      0xFFFFFFFF,
                                      ~std::uint64_t{0} >> 1,
                                      ~std::uint64_t{0}};
  IMAGE_NT_HEADERS64 const said = headers();
  std::uint64_t const far = choice.of(steps) * choice.below(4);
  switch (choice.below(8)) {
    case 0:
      return choice.of(limits);
    case 1:
      return choice.one_in(2) ? old + far : old - far;
    case 2:
      return old ^ std::uint64_t{1} << choice.below(64);
    case 3:
      return std::uint64_t{said.OptionalHeader.SizeOfImage} - far;
    case 4:
      return size_ - far;
    case 5:
      return (std::uint64_t{1} << 32) - far;
    case 6:
      return choice.any() >> choice.below(64);
    default:
      return some_address(choice);
  }
}

void EditedImage::change(Choice& choice, std::uint64_t offset, unsigned bytes) noexcept {
  std::uint64_t value = 0;
  if (!has(offset, bytes)) return;
  std::memcpy(&value, &room_[offset], bytes);
  value = lie(choice, value);
  std::memcpy(&room_[offset], &value, bytes);
}

void EditedImage::mend_sections() noexcept {
  IMAGE_NT_HEADERS64 said = headers();
  auto const round_up = [](std::uint64_t value) { return (value + page - 1) & ~(page - 1); };
  std::uint64_t next = round_up(said.OptionalHeader.SizeOfHeaders);
  for (unsigned i = 0; i < section_count(); ++i) {
    auto section = read<IMAGE_SECTION_HEADER>(section_at(i));
    section->VirtualAddress = static_cast<ULONG>(next);
    write(section_at(i), *section);
    next += round_up(section->Misc.VirtualSize != 0 ? section->Misc.VirtualSize
                                                    : section->SizeOfRawData);
  }
  said.OptionalHeader.SizeOfImage = static_cast<ULONG>(next);
  write(headers_at(), said);
}

}  // namespace mica::fuzz
