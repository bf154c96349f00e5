// The text of a security identifier. It stands here, not in src/rtl, because it may need the pool.
#include <nt/ex.h>
#include <nt/rtl/string.h>
#include <nt/se/sid.h>

#include <cstdint>
#include <cstring>

namespace mica::ex {
namespace {

constexpr ULONG string_tag = 'rtSR';

// S-1-, an authority of 48 bits, and 15 numbers of ten digits after hyphens.
class SidText {
 public:
  explicit SidText(SID const& sid) noexcept {
    put(u'S');
    put_number(sid.Revision);
    put_authority(sid.IdentifierAuthority);
    for (unsigned i = 0; i < sid.SubAuthorityCount; ++i) put_number(sid.SubAuthority[i]);
  }

  [[nodiscard]] USHORT bytes() const noexcept {
    return static_cast<USHORT>(length_ * sizeof(WCHAR));
  }
  void copy_to(WCHAR* buffer) const noexcept { std::memcpy(buffer, text_, bytes()); }

 private:
  static constexpr unsigned capacity = 2 + 2 + 15 + SID_MAX_SUB_AUTHORITIES * 11;

  void put(WCHAR letter) noexcept { text_[length_++] = letter; }

  void put_number(std::uint32_t number) noexcept {
    put(u'-');
    WCHAR digits[10];
    unsigned count = 0;
    do digits[count++] = static_cast<WCHAR>(u'0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) put(digits[--count]);
  }

  // One of more than 32 bits is written as a hexadecimal number of twelve digits.
  void put_authority(SID_IDENTIFIER_AUTHORITY const& authority) noexcept {
    std::uint64_t value = 0;
    for (UCHAR const byte : authority.Value) value = value << 8 | byte;
    if (value <= UINT32_MAX) return put_number(static_cast<std::uint32_t>(value));
    put(u'-');
    put(u'0');
    put(u'x');
    for (unsigned left = 12; left-- > 0;) put(u"0123456789ABCDEF"[value >> (left * 4) & 15]);
  }

  WCHAR text_[capacity];
  unsigned length_ = 0;
};

}  // namespace
}  // namespace mica::ex

using namespace mica;

NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING UnicodeString, PSID Sid,
                                            BOOLEAN AllocateDestinationString) {
  if (!RtlValidSid(Sid)) return STATUS_INVALID_SID;
  ex::SidText const text{*static_cast<SID const*>(Sid)};
  USHORT const whole = text.bytes() + sizeof(WCHAR);
  if (AllocateDestinationString) {
    auto* const buffer =
        static_cast<WCHAR*>(ExAllocatePoolWithTag(PagedPool, whole, ex::string_tag));
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    *UnicodeString = {0, whole, buffer};
  }
  if (UnicodeString->MaximumLength < text.bytes()) return STATUS_BUFFER_OVERFLOW;
  text.copy_to(UnicodeString->Buffer);
  UnicodeString->Length = text.bytes();
  if (UnicodeString->MaximumLength >= whole)
    UnicodeString->Buffer[text.bytes() / sizeof(WCHAR)] = UNICODE_NULL;
  return STATUS_SUCCESS;
}
