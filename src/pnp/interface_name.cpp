#include "pnp/interface_name.hpp"

#include <nt/rtl/string.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/letters.hpp"
#include "pnp/text.hpp"

namespace mica::pnp {
namespace {

constexpr std::string_view prefix = "\\??\\";
constexpr std::string_view classes_path =
    "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses";
constexpr std::size_t longest_bytes = 0xFFFE;

// {8-4-4-4-12 hexadecimal digits}, in small letters.
struct GuidText {
  char text[38];

  explicit GuidText(GUID const& guid) noexcept {
    char* at = text;
    auto put = [&at](std::uint32_t value, unsigned digits) noexcept {
      while (digits-- != 0) *at++ = "0123456789abcdef"[(value >> (4 * digits)) & 0xF];
    };
    *at++ = '{';
    put(guid.Data1, 8);
    *at++ = '-';
    put(guid.Data2, 4);
    *at++ = '-';
    put(guid.Data3, 4);
    for (unsigned i = 0; i < 8; ++i) {
      if (i == 0 || i == 2) *at++ = '-';
      put(guid.Data4[i], 2);
    }
    *at = '}';
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text, sizeof text}; }
};

}  // namespace

void InterfaceName::put(std::string_view letters) noexcept {
  for (char const letter : letters) {
    text_.Buffer[text_.Length / sizeof(WCHAR)] = static_cast<UCHAR>(letter);
    text_.Length += sizeof(WCHAR);
  }
}

InterfaceName::InterfaceName(std::string_view path, GUID const& class_guid,
                             UNICODE_STRING const* reference) noexcept {
  GuidText const guid{class_guid};
  bool const refers = reference != nullptr && reference->Length != 0;
  std::size_t const letters = prefix.size() + path.size() + 1 + guid.view().size();
  std::size_t const bytes =
      (letters + 1) * sizeof(WCHAR) + (refers ? sizeof(WCHAR) + reference->Length : 0);
  if (bytes > longest_bytes) return;
  text_.Buffer = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_text));
  if (text_.Buffer == nullptr) return;
  text_.MaximumLength = static_cast<USHORT>(bytes);
  put(prefix);
  for (char const letter : path) put(letter == '\\' ? "#" : std::string_view{&letter, 1});
  put("#");
  put(guid.view());
  link_bytes_ = text_.Length;
  if (!refers) return;
  put("\\");
  std::memcpy(text_.Buffer + text_.Length / sizeof(WCHAR), reference->Buffer, reference->Length);
  text_.Length = static_cast<USHORT>(text_.Length + reference->Length);
}

InterfaceName::~InterfaceName() {
  if (text_.Buffer != nullptr) ExFreePoolWithTag(text_.Buffer, tag_text);
}

UNICODE_STRING InterfaceName::release() noexcept {
  return std::exchange(text_, UNICODE_STRING{});
}

NTSTATUS NTAPI copy(UNICODE_STRING const& text, UNICODE_STRING& copied) noexcept {
  auto const bytes = static_cast<USHORT>(text.Length + sizeof(WCHAR));
  auto* const buffer = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_text));
  if (buffer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memcpy(buffer, text.Buffer, text.Length);
  copied = {text.Length, bytes, buffer};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI create_interface_key(UNICODE_STRING const& name, USHORT link_bytes,
                                    GUID const& class_guid, Key& key) noexcept {
  UNICODE_STRING own;
  NTSTATUS status = copy(name, own);
  if (!NT_SUCCESS(status)) return status;
  std::replace(own.Buffer, own.Buffer + own.Length / sizeof(WCHAR), u'\\', u'#');
  WCHAR none[] = u"#";
  UNICODE_STRING const link{link_bytes, link_bytes, own.Buffer};
  auto const rest = static_cast<USHORT>(own.Length - link_bytes);
  UNICODE_STRING const reference =
      rest == 0 ? UNICODE_STRING{sizeof(WCHAR), sizeof none, none}
                : UNICODE_STRING{rest, rest, own.Buffer + link_bytes / sizeof(WCHAR)};
  Key classes, of_class, of_link;
  status = classes.create(nullptr, classes_path);
  if (NT_SUCCESS(status)) status = of_class.create(classes.get(), GuidText{class_guid}.view());
  if (NT_SUCCESS(status)) status = of_link.create(of_class.get(), link);
  if (NT_SUCCESS(status)) status = key.create(of_link.get(), reference);
  RtlFreeUnicodeString(&own);
  return status;
}

}  // namespace mica::pnp
