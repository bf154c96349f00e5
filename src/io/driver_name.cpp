#include "io/driver_name.hpp"

#include <algorithm>

namespace mica::io {

bool NTAPI join(std::u16string_view prefix, UNICODE_STRING const& name,
                UNICODE_STRING& joined) noexcept {
  std::size_t const prefix_bytes = prefix.size() * sizeof(WCHAR);
  std::size_t const bytes = prefix_bytes + name.Length;
  if (bytes + sizeof(WCHAR) > UINT16_MAX) return false;
  auto* const text =
      static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes + sizeof(WCHAR), tag_name));
  if (text == nullptr) return false;
  WCHAR* const behind = std::copy(prefix.begin(), prefix.end(), text);
  std::copy_n(name.Buffer, name.Length / sizeof(WCHAR), behind);
  joined = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(WCHAR)), text};
  return true;
}

void NTAPI discard(UNICODE_STRING const& text) noexcept {
  if (text.Buffer != nullptr) ExFreePoolWithTag(text.Buffer, tag_name);
}

}  // namespace mica::io
