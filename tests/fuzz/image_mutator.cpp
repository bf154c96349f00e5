// Changes images as images: one thing of them lies, the rest stays what it was.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "edited_image.hpp"
#include "mutate.hpp"

namespace mica::fuzz {
namespace {

struct Field {
  std::size_t offset;
  unsigned bytes;
};
#define MICA_FIELD(type, field) \
  { offsetof(type, field), sizeof(type::field) }
#define MICA_HEADER(part, field) \
  { offsetof(IMAGE_NT_HEADERS64, part.field), sizeof(decltype(IMAGE_NT_HEADERS64::part.field)) }

constexpr Field header_fields[] = {
    MICA_HEADER(FileHeader, Machine),
    MICA_HEADER(FileHeader, NumberOfSections),
    MICA_HEADER(FileHeader, SizeOfOptionalHeader),
    MICA_HEADER(FileHeader, Characteristics),
    MICA_HEADER(OptionalHeader, Magic),
    MICA_HEADER(OptionalHeader, AddressOfEntryPoint),
    MICA_HEADER(OptionalHeader, ImageBase),
    MICA_HEADER(OptionalHeader, SectionAlignment),
    MICA_HEADER(OptionalHeader, FileAlignment),
    MICA_HEADER(OptionalHeader, SizeOfImage),
    MICA_HEADER(OptionalHeader, SizeOfHeaders),
    MICA_HEADER(OptionalHeader, CheckSum),
    MICA_HEADER(OptionalHeader, Subsystem),
    MICA_HEADER(OptionalHeader, NumberOfRvaAndSizes),
};
constexpr Field section_fields[] = {
    MICA_FIELD(IMAGE_SECTION_HEADER, Misc),
    MICA_FIELD(IMAGE_SECTION_HEADER, VirtualAddress),
    MICA_FIELD(IMAGE_SECTION_HEADER, SizeOfRawData),
    MICA_FIELD(IMAGE_SECTION_HEADER, PointerToRawData),
    MICA_FIELD(IMAGE_SECTION_HEADER, Characteristics),
};

void change_header(EditedImage& image, Choice& choice) {
  if (choice.one_in(16)) return image.change(choice, offsetof(IMAGE_DOS_HEADER, e_lfanew), 4);
  Field const& field = choice.of(header_fields);
  image.change(choice, image.headers_at() + field.offset, field.bytes);
}

void change_section(EditedImage& image, Choice& choice) {
  if (image.section_count() == 0) return;
  Field const& field = choice.of(section_fields);
  auto const index = static_cast<unsigned>(choice.below(image.section_count()));
  image.change(choice, image.section_at(index) + field.offset, field.bytes);
}

void change_directory(EditedImage& image, Choice& choice) {
  auto const index = static_cast<unsigned>(choice.below(IMAGE_NUMBEROF_DIRECTORY_ENTRIES));
  IMAGE_DATA_DIRECTORY changed = image.directory(index);
  if (choice.one_in(4))  // begins where another does
    changed =
        image.directory(static_cast<unsigned>(choice.below(IMAGE_NUMBEROF_DIRECTORY_ENTRIES)));
  else if (choice.one_in(2))
    changed.VirtualAddress = static_cast<ULONG>(image.lie(choice, changed.VirtualAddress));
  else
    changed.Size = static_cast<ULONG>(image.lie(choice, changed.Size));
  image.write(image.directory_at(index), changed);
}

// Where in the file something is that a directory has, or leads to.
[[nodiscard]] std::optional<std::size_t> in_directory(EditedImage const& image, Choice& choice) {
  auto const index = static_cast<unsigned>(choice.below(IMAGE_NUMBEROF_DIRECTORY_ENTRIES));
  IMAGE_DATA_DIRECTORY const directory = image.directory(index);
  if (directory.VirtualAddress == 0) return std::nullopt;
  std::uint32_t address = directory.VirtualAddress;
  std::size_t reach = std::min<std::size_t>(directory.Size, 0x200);
  for (;;) {
    auto const offset =
        image.offset_of(address + 4 * static_cast<ULONG>(choice.below(reach / 4 + 2)));
    if (!offset || choice.one_in(2)) return offset;
    // An address there, with a directory's or without, is where it goes on.
    auto const pointer = image.read<ULONG>(*offset);
    if (!pointer || !image.offset_of(*pointer)) return offset;
    address = *pointer;
    reach = 0x20;
  }
}

void change_structure(EditedImage& image, Choice& choice) {
  constexpr unsigned widths[] = {2, 4, 4, 8};
  if (auto const offset = in_directory(image, choice))
    image.change(choice, *offset + 2 * choice.below(2), choice.of(widths));
}

// Bytes of what a directory leads to, as libFuzzer likes; nothing moves.
void change_bytes(EditedImage& image, Choice& choice) {
  auto const offset = in_directory(image, choice);
  if (!offset) return;
  std::size_t const count = std::min<std::size_t>(image.size() - *offset, 1 + choice.below(0x40));
  auto const bytes = image.bytes(*offset, count);
  std::vector<std::uint8_t> copy{bytes.begin(), bytes.end()};
  std::size_t const left = LLVMFuzzerMutate(copy.data(), count, count);
  std::copy_n(copy.begin(), left, bytes.begin());
}

// The last section once more, of other bytes.
void add_section(EditedImage& image, Choice& choice) {
  IMAGE_NT_HEADERS64 said = image.headers();
  unsigned const count = image.section_count();
  if (count == 0) return;
  auto section = *image.read<IMAGE_SECTION_HEADER>(image.section_at(count - 1));
  section.VirtualAddress = said.OptionalHeader.SizeOfImage;
  section.Misc.VirtualSize = static_cast<ULONG>(choice.below(0x3000));
  image.write(image.section_at(count), section);
  ++said.FileHeader.NumberOfSections;
  image.write(image.headers_at(), said);
}

void remove_section(EditedImage& image, Choice&) {
  IMAGE_NT_HEADERS64 said = image.headers();
  if (said.FileHeader.NumberOfSections == 0) return;
  --said.FileHeader.NumberOfSections;
  image.write(image.headers_at(), said);
}

void cut_or_lengthen(EditedImage& image, Choice& choice) {
  std::size_t const change = choice.one_in(2) ? 0x200 * choice.below(4) : choice.below(0x20);
  image.resize(choice.one_in(2) ? image.size() + change
                                : image.size() - std::min(image.size(), change));
}

using Change = void (*)(EditedImage&, Choice&);
constexpr Change changes[] = {
    change_header,    change_section,   change_directory, change_directory, change_structure,
    change_structure, change_structure, change_structure, change_structure, change_bytes,
    change_bytes,     add_section,      remove_section,   cut_or_lengthen,
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed) {
  Choice choice{seed};
  EditedImage image{{data, capacity}, size};
  if (!image.is_image() || choice.one_in(100)) return LLVMFuzzerMutate(data, size, capacity);
  do {
    choice.of(changes)(image, choice);
  } while (image.is_image() && choice.one_in(3));
  if (image.is_image() && !choice.one_in(4)) image.mend_sections();
  return image.size();
}

}  // namespace mica::fuzz
