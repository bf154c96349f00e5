#include "pnp/text.hpp"

#include <utility>

namespace mica::pnp {

void Text::allocate(std::size_t letters) noexcept {
  start_ = static_cast<WCHAR*>(
      ExAllocatePool2(POOL_FLAG_PAGED, letters * sizeof(WCHAR), tag_text));  // zeroed
}

void Text::put(std::string_view text) noexcept {
  for (char const letter : text) start_[letters_++] = static_cast<UCHAR>(letter);
}

Text::Text(std::initializer_list<std::string_view> parts) noexcept {
  std::size_t letters = 1;
  for (std::string_view const each : parts) letters += each.size();
  allocate(letters);
  if (start_ == nullptr) return;
  for (std::string_view const each : parts) put(each);
  ++letters_;
}

Text::Text(Names const& names) noexcept {
  std::size_t letters = 1;
  for (std::string_view const each : names) letters += each.size() + 1;
  allocate(letters);
  if (start_ == nullptr) return;
  for (std::string_view const each : names) {
    put(each);
    ++letters_;
  }
  ++letters_;
}

WCHAR* Text::release() noexcept {
  return std::exchange(start_, nullptr);
}

}  // namespace mica::pnp
