#include "ldr/imports.hpp"

namespace mica::ldr {
namespace {

constexpr std::size_t slot_bytes = sizeof(ULONGLONG);

}  // namespace

Imports::Imports(Image const& image) noexcept
    : image_{image},
      descriptor_{image.directory(IMAGE_DIRECTORY_ENTRY_IMPORT).VirtualAddress},
      slots_left_{image.bytes() / slot_bytes} {}

bool Imports::refuse(char const* what, std::uint64_t address) noexcept {
  thunk_ = 0;
  refusal_ = bad_image(what, address);
  phase_ = Phase::over;
  return false;
}

bool Imports::next(Import& import) noexcept {
  for (;;) {
    while (thunk_ == 0)
      if (!next_module()) return false;
    ULONGLONG thunk = 0;
    if (!image_.read(thunk_, thunk))
      return refuse("a list of imports goes on outside of the image", thunk_);
    if (thunk == 0) {
      thunk_ = 0;
      continue;
    }
    if (slots_left_-- == 0) return refuse("lists of imports overlap", thunk_);
    if (!describe(thunk, import)) return false;
    thunk_ += sizeof thunk;
    slot_ += slot_bytes;
    return true;
  }
}

bool Imports::describe(std::uint64_t thunk, Import& import) noexcept {
  import = {.module = module_,
            .name = {},
            .ordinal = static_cast<std::uint16_t>(thunk),
            .delayed = phase_ == Phase::delayed,
            .slot = static_cast<std::uint32_t>(slot_)};
  if (slot_ < image_.header_bytes() || !image_.has(slot_, slot_bytes))
    return refuse("the address of an import would go outside of the sections", slot_);
  if ((thunk & IMAGE_ORDINAL_FLAG64) != 0) {
    if ((thunk & ~IMAGE_ORDINAL_FLAG64) > UINT16_MAX)
      return refuse("an import's ordinal has more than 16 bits", thunk_);
    return true;
  }
  if (!image_.read(thunk, import.ordinal) ||
      !image_.read_name(thunk + offsetof(IMAGE_IMPORT_BY_NAME, Name), import.name))
    return refuse("the name of an import is outside of the image, or has no end", thunk_);
  if (import.name.empty()) return refuse("an import has no name", thunk_);
  return true;
}

// To the next descriptor's list. False: there is none left.
bool Imports::next_module() noexcept {
  if (phase_ == Phase::over) return false;
  bool last = descriptor_ == 0;
  if (!last && !(phase_ == Phase::delayed ? read_delayed(last) : read_descriptor(last)))
    return false;
  if (!last) return true;
  if (phase_ == Phase::delayed) {
    phase_ = Phase::over;
    return false;
  }
  phase_ = Phase::delayed;
  descriptor_ = image_.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT).VirtualAddress;
  return true;
}

bool Imports::read_descriptor(bool& last) noexcept {
  IMAGE_IMPORT_DESCRIPTOR descriptor;
  if (!image_.read(descriptor_, descriptor))
    return refuse("the imports go on outside of the image", descriptor_);
  if (descriptor.Name == 0 && descriptor.FirstThunk == 0) return last = true;
  if (!image_.read_name(descriptor.Name, module_) || module_.empty())
    return refuse("a module that is imported from has no name", descriptor_);
  if (descriptor.FirstThunk == 0)
    return refuse("there is no place for a module's addresses", descriptor_);
  // Without a list of its own what is imported stands where the addresses go.
  thunk_ =
      descriptor.OriginalFirstThunk != 0 ? descriptor.OriginalFirstThunk : descriptor.FirstThunk;
  slot_ = descriptor.FirstThunk;
  descriptor_ += sizeof descriptor;
  return true;
}

bool Imports::read_delayed(bool& last) noexcept {
  IMAGE_DELAYLOAD_DESCRIPTOR descriptor;
  if (!image_.read(descriptor_, descriptor))
    return refuse("the delayed imports go on outside of the image", descriptor_);
  if (descriptor.DllNameRVA == 0) return last = true;
  if (descriptor.Attributes.RvaBased == 0)
    return refuse("a delayed import is described by addresses of another format", descriptor_);
  if (!image_.read_name(descriptor.DllNameRVA, module_) || module_.empty())
    return refuse("a module that is imported from has no name", descriptor_);
  if (descriptor.ImportAddressTableRVA == 0 || descriptor.ImportNameTableRVA == 0)
    return refuse("there is no place for a module's addresses", descriptor_);
  thunk_ = descriptor.ImportNameTableRVA;
  slot_ = descriptor.ImportAddressTableRVA;
  descriptor_ += sizeof descriptor;
  return true;
}

}  // namespace mica::ldr
