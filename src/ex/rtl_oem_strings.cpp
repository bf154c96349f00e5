// Strings in the OEM code page, which may take their buffers from the pool.
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/rtl.h>

#include "rtl/characters.hpp"

namespace mica::ex {
namespace {

constexpr ULONG string_tag = 'rtSO';

enum class Null : bool { none, counted };  // whether a null ends the string

// A buffer of `bytes` for the string, or the one that it has, if it is large enough.
template <class String>
[[nodiscard]] NTSTATUS provide(String& string, ULONG bytes, bool allocate) noexcept {
  if (bytes > MAXUSHORT) return STATUS_INVALID_PARAMETER_2;
  if (!allocate) return bytes <= string.MaximumLength ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
  void* buffer = nullptr;
  if (bytes != 0) {
    buffer = ExAllocatePool2(POOL_FLAG_PAGED, bytes, string_tag);
    if (buffer == nullptr) return STATUS_NO_MEMORY;
  }
  string = {0, static_cast<USHORT>(bytes), static_cast<decltype(string.Buffer)>(buffer)};
  return STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS to_unicode(UNICODE_STRING& to, STRING const& from, bool allocate,
                                  Null null) noexcept {
  ULONG const length = from.Length * ULONG{sizeof(WCHAR)};
  NTSTATUS const status =
      provide(to, length + (null == Null::counted ? ULONG{sizeof(WCHAR)} : 0), allocate);
  if (!NT_SUCCESS(status)) return status;
  static_cast<void>(RtlOemToUnicodeN(to.Buffer, length, nullptr, from.Buffer, from.Length));
  to.Length = static_cast<USHORT>(length);
  if (null == Null::counted) rtl::terminate(to);
  return STATUS_SUCCESS;
}

[[nodiscard]] NTSTATUS to_oem(STRING& to, UNICODE_STRING const& from, bool allocate, Null null,
                              decltype(RtlUnicodeToOemN)* convert) noexcept {
  ULONG const length = from.Length / ULONG{sizeof(WCHAR)};
  NTSTATUS const status = provide(to, length + (null == Null::counted ? 1 : 0), allocate);
  if (!NT_SUCCESS(status)) return status;
  static_cast<void>(convert(to.Buffer, length, nullptr, from.Buffer, from.Length));
  to.Length = static_cast<USHORT>(length);
  if (null == Null::counted) rtl::terminate(to);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::ex

using namespace mica::ex;

NTSTATUS NTAPI RtlOemStringToUnicodeString(PUNICODE_STRING DestinationString,
                                           STRING const* SourceString,
                                           BOOLEAN AllocateDestinationString) {
  return to_unicode(*DestinationString, *SourceString, AllocateDestinationString, Null::counted);
}

NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(PUNICODE_STRING DestinationString,
                                                  STRING const* SourceString,
                                                  BOOLEAN AllocateDestinationString) {
  return to_unicode(*DestinationString, *SourceString, AllocateDestinationString, Null::none);
}

NTSTATUS NTAPI RtlUnicodeStringToOemString(POEM_STRING DestinationString,
                                           PCUNICODE_STRING SourceString,
                                           BOOLEAN AllocateDestinationString) {
  return to_oem(*DestinationString, *SourceString, AllocateDestinationString, Null::counted,
                RtlUnicodeToOemN);
}

NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                  PCUNICODE_STRING SourceString,
                                                  BOOLEAN AllocateDestinationString) {
  return to_oem(*DestinationString, *SourceString, AllocateDestinationString, Null::none,
                RtlUnicodeToOemN);
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(POEM_STRING DestinationString,
                                                 PCUNICODE_STRING SourceString,
                                                 BOOLEAN AllocateDestinationString) {
  return to_oem(*DestinationString, *SourceString, AllocateDestinationString, Null::counted,
                RtlUpcaseUnicodeToOemN);
}

NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                        PCUNICODE_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString) {
  return to_oem(*DestinationString, *SourceString, AllocateDestinationString, Null::none,
                RtlUpcaseUnicodeToOemN);
}

VOID NTAPI RtlFreeOemString(POEM_STRING OemString) {
  RtlFreeAnsiString(OemString);
}
