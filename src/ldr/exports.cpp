#include "ldr/exports.hpp"

namespace mica::ldr {

Refusal Exports::open(Image const& image) noexcept {
  image_ = &image;
  directory_ = {};
  place_ = image.directory(IMAGE_DIRECTORY_ENTRY_EXPORT);
  if (place_.VirtualAddress == 0) return {};
  if (!image.read(place_.VirtualAddress, directory_))
    return bad_image("the export directory is cut off", place_.VirtualAddress);
  Refusal const refusal = check();
  if (refusal) directory_ = {};
  return refusal;
}

Refusal Exports::check() const noexcept {
  IMAGE_EXPORT_DIRECTORY const& said = directory_;
  if (!image_->has(said.AddressOfFunctions, std::size_t{said.NumberOfFunctions} * sizeof(ULONG)))
    return bad_image("the table of exports ends outside of the image", said.AddressOfFunctions);
  if (!image_->has(said.AddressOfNames, std::size_t{said.NumberOfNames} * sizeof(ULONG)))
    return bad_image("the table of exports' names ends outside of the image", said.AddressOfNames);
  if (!image_->has(said.AddressOfNameOrdinals, std::size_t{said.NumberOfNames} * sizeof(USHORT)))
    return bad_image("the table of exports' ordinals ends outside of the image",
                     said.AddressOfNameOrdinals);
  std::string_view before;
  for (std::uint32_t i = 0; i < said.NumberOfNames; ++i) {
    std::string_view name;
    std::uint64_t const at = said.AddressOfNames + std::uint64_t{i} * sizeof(ULONG);
    if (!read_name(i, name))
      return bad_image("the name of an export is outside of the image, or has no end", at);
    if (i != 0 && name <= before) return bad_image("exports are not in the order of names", at);
    before = name;
  }
  return {};
}

bool Exports::read_name(std::uint32_t index, std::string_view& name) const noexcept {
  ULONG address = 0;
  return image_->read(directory_.AddressOfNames + std::uint64_t{index} * sizeof address, address) &&
         image_->read_name(address, name);
}

std::string_view Exports::name(std::uint32_t index) const noexcept {
  std::string_view name;
  static_cast<void>(read_name(index, name));
  return name;
}

bool Exports::find(std::string_view name, Export& found, Refusal& refusal) const noexcept {
  std::uint32_t begin = 0, end = directory_.NumberOfNames;
  while (begin != end) {
    std::uint32_t const middle = begin + (end - begin) / 2;
    int const order = this->name(middle).compare(name);
    if (order == 0) {
      USHORT index = 0;
      std::uint64_t const at =
          directory_.AddressOfNameOrdinals + std::uint64_t{middle} * sizeof index;
      return image_->read(at, index) && this->at(index, found, refusal);
    }
    (order < 0 ? begin : end) = order < 0 ? middle + 1 : middle;
  }
  return false;
}

bool Exports::find(std::uint16_t ordinal, Export& found, Refusal& refusal) const noexcept {
  return ordinal >= directory_.Base && at(ordinal - directory_.Base, found, refusal);
}

bool Exports::at(std::uint32_t index, Export& found, Refusal& refusal) const noexcept {
  if (index >= directory_.NumberOfFunctions) return false;
  std::uint64_t const at = directory_.AddressOfFunctions + std::uint64_t{index} * sizeof(ULONG);
  ULONG address = 0;
  if (!image_->read(at, address) || address == 0) return false;  // an ordinal that is not used
  if (!image_->has(address, 1)) {
    refusal = bad_image("an export is outside of the image", at);
    return false;
  }
  found = {address, {}};
  // What points into the directory itself is the name of another module's export.
  bool const forwarded = address - place_.VirtualAddress < place_.Size;
  if (forwarded && (!image_->read_name(address, found.forwarder) || found.forwarder.empty())) {
    refusal = bad_image("a forwarded export has no name", at);
    return false;
  }
  return true;
}

}  // namespace mica::ldr
