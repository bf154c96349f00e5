// Text in code pages, without strings.
#include <nt/ntstatus.h>
#include <nt/rtl/code_page.h>
#include <nt/rtl/string.h>

#include <algorithm>

#include "rtl/ansi.hpp"
#include "rtl/oem.hpp"

namespace mica::rtl {
namespace {

[[nodiscard]] CHAR NTAPI upper_ansi_of(WCHAR character) noexcept {
  return ansi_of(RtlUpcaseUnicodeChar(character));
}
[[nodiscard]] CHAR NTAPI upper_oem_of(WCHAR character) noexcept {
  return oem_of(RtlUpcaseUnicodeChar(character));
}

// As much as fits.
void to_unicode(WCHAR* to, ULONG room_bytes, ULONG* written_bytes, CHAR const* from,
                              ULONG count, WCHAR(NTAPI* convert)(CHAR)) noexcept {
  ULONG const shown = std::min<ULONG>(count, room_bytes / sizeof(WCHAR));
  for (ULONG i = 0; i < shown; ++i) to[i] = convert(from[i]);
  if (written_bytes != nullptr) *written_bytes = shown * ULONG{sizeof(WCHAR)};
}

// Whether all of it fits.
[[nodiscard]] bool from_unicode(CHAR* to, ULONG room, ULONG* written, WCHAR const* from,
                                ULONG from_bytes, CHAR(NTAPI* convert)(WCHAR)) noexcept {
  ULONG const count = from_bytes / ULONG{sizeof(WCHAR)}, shown = std::min(count, room);
  for (ULONG i = 0; i < shown; ++i) to[i] = convert(from[i]);
  if (written != nullptr) *written = shown;
  return shown == count;
}

[[nodiscard]] NTSTATUS told(bool whole) noexcept {
  return whole ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, PCSTR MultiByteString,
                                      ULONG BytesInMultiByteString) {
  to_unicode(UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString,
                               MultiByteString, BytesInMultiByteString, unicode_of);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlOemToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                PULONG BytesInUnicodeString, PCSTR OemString,
                                ULONG BytesInOemString) {
  to_unicode(UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString,
                               OemString, BytesInOemString, unicode_of_oem);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString) {
  static_cast<void>(from_unicode(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString,
                                 UnicodeString, BytesInUnicodeString, ansi_of));
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                            PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                            ULONG BytesInUnicodeString) {
  static_cast<void>(from_unicode(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString,
                                 UnicodeString, BytesInUnicodeString, upper_ansi_of));
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
                                PCWCH UnicodeString, ULONG BytesInUnicodeString) {
  return told(from_unicode(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString,
                           BytesInUnicodeString, oem_of));
}

NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString,
                                      PULONG BytesInOemString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString) {
  return told(from_unicode(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString,
                           BytesInUnicodeString, upper_oem_of));
}

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, PCSTR,
                                         ULONG BytesInMultiByteString) {
  *BytesInUnicodeString = BytesInMultiByteString * ULONG{sizeof(WCHAR)};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH,
                                         ULONG BytesInUnicodeString) {
  *BytesInMultiByteString = BytesInUnicodeString / ULONG{sizeof(WCHAR)};
  return STATUS_SUCCESS;
}

ULONG NTAPI RtlxOemStringToUnicodeSize(STRING const* OemString) {
  return (OemString->Length + 1u) * ULONG{sizeof(WCHAR)};
}

ULONG NTAPI RtlxUnicodeStringToOemSize(PCUNICODE_STRING UnicodeString) {
  return UnicodeString->Length / ULONG{sizeof(WCHAR)} + 1;
}
