// Conversions of counted strings that may allocate their result. They stand here, not in src/rtl,
// because they need the pool.
//   IRQL PASSIVE_LEVEL; never wait. A failed routine leaves a destination it was to fill from the
//   pool as it was.
#include "rtl/ansi.hpp"
#include "rtl/characters.hpp"

#include <nt/ex.h>

#include <algorithm>

namespace mica::ex {
namespace {

constexpr ULONG string_tag = 'rtSR';

// Gives the string a buffer of its own.
template <class String>
[[nodiscard]] NTSTATUS allocate(String& string, ULONG bytes) noexcept {
  // A buffer of no bytes is one byte, so that the string can be freed.
  auto* const buffer = ExAllocatePoolWithTag(PagedPool, std::max(bytes, 1u), string_tag);
  if (buffer == nullptr) return STATUS_NO_MEMORY;
  string = {0, static_cast<USHORT>(bytes), static_cast<decltype(string.Buffer)>(buffer)};
  return STATUS_SUCCESS;
}

// The two may be the same.
[[nodiscard]] NTSTATUS NTAPI change_case(UNICODE_STRING& to, UNICODE_STRING const& from,
                                         BOOLEAN allocates, WCHAR(NTAPI* change)(WCHAR)) noexcept {
  auto const source = rtl::characters(from);
  USHORT const bytes = from.Length;
  if (allocates) {
    NTSTATUS const status = allocate(to, bytes);
    if (!NT_SUCCESS(status)) return status;
  }
  if (bytes > to.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  std::transform(source.begin(), source.end(), to.Buffer, change);
  to.Length = bytes;
  return STATUS_SUCCESS;
}

template <class String>
void release(String& string) noexcept {
  if (string.Buffer == nullptr) return;
  ExFreePoolWithTag(string.Buffer, 0);
  string = {};
}

}  // namespace
}  // namespace mica::ex

using namespace mica;

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
  auto const source = rtl::characters(*SourceString);
  if (AllocateDestinationString) {
    NTSTATUS const status =
        ex::allocate(*DestinationString, RtlxUnicodeStringToAnsiSize(SourceString));
    if (!NT_SUCCESS(status)) return status;
  }
  std::size_t const room = DestinationString->MaximumLength;
  if (room == 0) return STATUS_BUFFER_OVERFLOW;
  std::size_t const shown = std::min(source.size(), room - 1);
  for (std::size_t at = 0; at < shown; ++at) {
    DestinationString->Buffer[at] = rtl::ansi_of(source[at]);
  }
  DestinationString->Length = static_cast<USHORT>(shown);
  rtl::terminate(*DestinationString);
  return shown == source.size() ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            STRING const* SourceString,
                                            BOOLEAN AllocateDestinationString) {
  auto const source = rtl::characters(*SourceString);
  ULONG const bytes = RtlxAnsiStringToUnicodeSize(SourceString);
  if (bytes > MAXUSHORT) return STATUS_INVALID_PARAMETER_2;
  if (AllocateDestinationString) {
    NTSTATUS const status = ex::allocate(*DestinationString, bytes);
    if (!NT_SUCCESS(status)) return status;
  }
  if (bytes > DestinationString->MaximumLength) return STATUS_BUFFER_OVERFLOW;
  std::transform(source.begin(), source.end(), DestinationString->Buffer, rtl::unicode_of);
  DestinationString->Length = static_cast<USHORT>(bytes - sizeof(WCHAR));
  rtl::terminate(*DestinationString);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                      PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
  return ex::change_case(*DestinationString, *SourceString, AllocateDestinationString,
                         RtlUpcaseUnicodeChar);
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                        PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString) {
  return ex::change_case(*DestinationString, *SourceString, AllocateDestinationString,
                         RtlDowncaseUnicodeChar);
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
  ex::release(*UnicodeString);
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString) {
  ex::release(*AnsiString);
}
