// Identifiers as text. They stand here, not in src/rtl, because they need the pool.
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/rtl/guid.h>

#include <cstring>
#include <string_view>

namespace mica::ex {
namespace {

// A digit of the byte `i / 2` for each letter; the first three numbers begin with their highest.
constexpr std::u16string_view pattern = u"{33221100-5544-7766-8899-AABBCCDDEEFF}";
constexpr ULONG string_tag = 'rtSG';

// The value of a hexadecimal digit; 16 for what is none.
[[nodiscard]] unsigned digit_of(WCHAR letter) noexcept {
  if (letter >= u'0' && letter <= u'9') return letter - u'0';
  WCHAR const lower = letter | 0x20;
  return lower >= u'a' && lower <= u'f' ? lower - u'a' + 10u : 16u;
}

[[nodiscard]] bool is_separator(WCHAR letter) noexcept {
  return digit_of(letter) == 16;
}

}  // namespace
}  // namespace mica::ex

using namespace mica::ex;

NTSTATUS NTAPI RtlStringFromGUID(GUID const* Guid, PUNICODE_STRING GuidString) {
  constexpr USHORT bytes = pattern.size() * sizeof(WCHAR);
  auto* const text =
      static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes + sizeof(WCHAR), string_tag));
  if (text == nullptr) return STATUS_NO_MEMORY;
  UCHAR octets[sizeof *Guid];
  std::memcpy(octets, Guid, sizeof octets);
  bool high = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    text[i] = pattern[i];
    if (is_separator(pattern[i])) continue;
    unsigned const octet = octets[digit_of(pattern[i])];
    text[i] = u"0123456789ABCDEF"[high ? octet >> 4 : octet & 15];
    high = !high;
  }
  *GuidString = {bytes, bytes + sizeof(WCHAR), text};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID* Guid) {
  if (GuidString->Length != pattern.size() * sizeof(WCHAR)) return STATUS_INVALID_PARAMETER;
  UCHAR octets[sizeof *Guid]{};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    WCHAR const letter = GuidString->Buffer[i];
    if (is_separator(pattern[i])) {
      if (letter != pattern[i]) return STATUS_INVALID_PARAMETER;
      continue;
    }
    if (is_separator(letter)) return STATUS_INVALID_PARAMETER;
    UCHAR& octet = octets[digit_of(pattern[i])];
    octet = static_cast<UCHAR>(octet << 4 | digit_of(letter));
  }
  std::memcpy(Guid, octets, sizeof octets);
  return STATUS_SUCCESS;
}
