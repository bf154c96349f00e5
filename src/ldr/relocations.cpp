#include "ldr/relocations.hpp"

namespace mica::ldr {
namespace {

template <class T>
[[nodiscard]] bool add(Image& image, std::uint64_t at, std::uint64_t what) noexcept {
  T value;
  return image.read(at, value) && image.write(at, static_cast<T>(value + what));
}

[[nodiscard]] Refusal relocate_at(Image& image, unsigned kind, std::uint64_t at,
                                  std::uint64_t distance) noexcept {
  bool changed = false;
  switch (kind) {
    case IMAGE_REL_BASED_ABSOLUTE:  // fills a block up
      return {};
    case IMAGE_REL_BASED_HIGH:
      changed = add<USHORT>(image, at, distance >> 16);
      break;
    case IMAGE_REL_BASED_LOW:
      changed = add<USHORT>(image, at, distance);
      break;
    case IMAGE_REL_BASED_HIGHLOW:
      changed = add<ULONG>(image, at, distance);
      break;
    case IMAGE_REL_BASED_DIR64:
      changed = add<ULONGLONG>(image, at, distance);
      break;
    default:
      return bad_image("a relocation is of a kind that x64 images do not have", at);
  }
  return changed ? Refusal{} : bad_image("a relocation is of what is outside of the sections", at);
}

}  // namespace

Refusal relocate(Image& image, std::uint64_t distance) noexcept {
  if (distance == 0) return {};
  IMAGE_DATA_DIRECTORY const directory = image.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC);
  std::uint64_t const end = std::uint64_t{directory.VirtualAddress} + directory.Size;
  for (std::uint64_t at = directory.VirtualAddress; at < end;) {
    IMAGE_BASE_RELOCATION block;
    if (end - at < sizeof block || !image.read(at, block))
      return bad_image("a block of relocations is cut off", at);
    if (block.SizeOfBlock < sizeof block || block.SizeOfBlock > end - at)
      return bad_image("the size of a block of relocations is not possible", at);
    std::uint64_t const next = at + block.SizeOfBlock;
    for (at += sizeof block; next - at >= sizeof(USHORT); at += sizeof(USHORT)) {
      USHORT entry = 0;
      if (!image.read(at, entry)) return bad_image("a block of relocations is cut off", at);
      std::uint64_t const where = std::uint64_t{block.VirtualAddress} + (entry & 0xfff);
      if (Refusal const refusal = relocate_at(image, entry >> 12, where, distance)) return refusal;
    }
    at = next;
  }
  return {};
}

}  // namespace mica::ldr
