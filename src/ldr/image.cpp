#include "ldr/image.hpp"

#include <algorithm>

namespace mica::ldr {

IMAGE_DATA_DIRECTORY Image::directory(unsigned index) const noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = headers_->OptionalHeader;
  if (index >= header.NumberOfRvaAndSizes) return {};
  IMAGE_DATA_DIRECTORY const& directory = header.DataDirectory[index];
  return directory.VirtualAddress != 0 ? directory : IMAGE_DATA_DIRECTORY{};
}

bool Image::read_name(std::uint64_t address, std::string_view& name) const noexcept {
  if (address >= memory_.size()) return false;
  std::string_view const text{reinterpret_cast<char const*>(&memory_[address]),
                              std::min<std::size_t>(memory_.size() - address, longest_name + 1)};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\0') continue;
    name = {text.data(), i};
    return true;
  }
  return false;
}

}  // namespace mica::ldr
