// Making, copying and appending counted strings.
#include "rtl/characters.hpp"

#include <nt/rtl/memory.h>

#include <algorithm>

namespace mica::rtl {
namespace {

// The longest text whose terminating null still counts into MaximumLength.
constexpr std::size_t longest_unicode = (UNICODE_STRING_MAX_BYTES - sizeof(WCHAR));
constexpr std::size_t longest_ansi = MAXUSHORT - sizeof(CHAR);

void make(UNICODE_STRING& string, PCWSTR text, std::size_t bytes) noexcept {
  string.Length = static_cast<USHORT>(bytes);
  string.MaximumLength = static_cast<USHORT>(text == nullptr ? 0 : bytes + sizeof(WCHAR));
  string.Buffer = const_cast<PWSTR>(text);
}

template <class String>
void copy(String& destination, String const* source) noexcept {
  destination.Length = 0;
  if (source == nullptr) return;
  destination.Length = std::min(source->Length, destination.MaximumLength);
  RtlMoveMemory(destination.Buffer, source->Buffer, destination.Length);
  terminate(destination);
}

[[nodiscard]] NTSTATUS append(UNICODE_STRING& destination, WCHAR const* text,
                              std::size_t bytes) noexcept {
  std::size_t const whole = destination.Length + bytes;
  if (whole > destination.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
  RtlMoveMemory(destination.Buffer + destination.Length / sizeof(WCHAR), text, bytes);
  destination.Length = static_cast<USHORT>(whole);
  terminate(destination);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  std::size_t const bytes = length_of(SourceString) * sizeof(WCHAR);
  make(*DestinationString, SourceString, std::min(bytes, longest_unicode));
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
  std::size_t const bytes = length_of(SourceString) * sizeof(WCHAR);
  if (bytes > longest_unicode) return STATUS_NAME_TOO_LONG;
  make(*DestinationString, SourceString, bytes);
  return STATUS_SUCCESS;
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
  std::size_t const bytes = std::min(length_of(SourceString), longest_ansi);
  DestinationString->Length = static_cast<USHORT>(bytes);
  DestinationString->MaximumLength = static_cast<USHORT>(SourceString == nullptr ? 0 : bytes + 1);
  DestinationString->Buffer = const_cast<PCHAR>(SourceString);
}

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString) {
  RtlInitAnsiString(DestinationString, SourceString);
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
  copy(*DestinationString, SourceString);
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, STRING const* SourceString) {
  copy(*DestinationString, SourceString);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
  if (Source == nullptr) return STATUS_SUCCESS;
  return append(*Destination, Source, length_of(Source) * sizeof(WCHAR));
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination,
                                              PCUNICODE_STRING Source) {
  if (Source == nullptr || Source->Length == 0) return STATUS_SUCCESS;
  return append(*Destination, Source->Buffer, Source->Length);
}
