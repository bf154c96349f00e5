// Safe strings in and out of UNICODE_STRINGs, which are not terminated. STATUS_INVALID_PARAMETER
// also for a UNICODE_STRING that is none: a null pointer, Length beyond MaximumLength, odd lengths.
//   ntstrsafe.h includes it.
#pragma once

#include <nt/ntstrsafe.h>

// [MSDN RtlUnicodeStringValidate]
MICA_SAFE_STRING RtlUnicodeStringValidate(PCUNICODE_STRING SourceString) {
  if (SourceString == NULL || SourceString->Length % sizeof(WCHAR) != 0 ||
      SourceString->MaximumLength % sizeof(WCHAR) != 0 ||
      SourceString->Length > SourceString->MaximumLength ||
      (SourceString->Buffer == NULL && SourceString->MaximumLength != 0))
    return STATUS_INVALID_PARAMETER;
  return STATUS_SUCCESS;
}

// Refers to the text; a null one makes the string empty.               [MSDN RtlUnicodeStringInit]
MICA_SAFE_STRING RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR Text) {
  SIZE_T length = 0;
  if (DestinationString == NULL) return STATUS_INVALID_PARAMETER;
  if (Text != NULL) length = MicaLengthW(Text, NTSTRSAFE_UNICODE_STRING_MAX_CCH);
  if (length == NTSTRSAFE_UNICODE_STRING_MAX_CCH) return STATUS_INVALID_PARAMETER;
  DestinationString->Buffer = (PWCH)Text;
  DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
  DestinationString->MaximumLength = (USHORT)(Text == NULL ? 0 : (length + 1) * sizeof(WCHAR));
  return STATUS_SUCCESS;
}

// Writes so many characters from that one on; the routines that copy and append are this one.
MICA_SAFE_STRING MicaWriteUnicode(PUNICODE_STRING string, SIZE_T begin, WCHAR const* source,
                                  SIZE_T length) {
  SIZE_T const room = string->MaximumLength / sizeof(WCHAR);
  SIZE_T at;
  if (length != 0 && (room == 0 || begin == room)) return STATUS_INVALID_PARAMETER;
  for (at = 0; at < length && begin + at < room; ++at) string->Buffer[begin + at] = source[at];
  string->Length = (USHORT)((begin + at) * sizeof(WCHAR));
  return at == length ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

// [MSDN RtlUnicodeStringCopy, RtlUnicodeStringCat, RtlUnicodeStringCopyString, ...CatString]
#define MICA_SAFE_UNICODE(name, begin)                                                             \
  MICA_SAFE_STRING RtlUnicodeString##name(PUNICODE_STRING DestinationString,                       \
                                          PCUNICODE_STRING SourceString) {                         \
    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||                                \
        !NT_SUCCESS(RtlUnicodeStringValidate(SourceString)))                                       \
      return STATUS_INVALID_PARAMETER;                                                             \
    return MicaWriteUnicode(DestinationString, begin, SourceString->Buffer,                        \
                            SourceString->Length / sizeof(WCHAR));                                 \
  }                                                                                                \
  MICA_SAFE_STRING RtlUnicodeString##name##String(PUNICODE_STRING DestinationString,               \
                                                  NTSTRSAFE_PCWSTR Text) {                         \
    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) || Text == NULL)                  \
      return STATUS_INVALID_PARAMETER;                                                             \
    return MicaWriteUnicode(DestinationString, begin, Text, MicaLengthW(Text, NTSTRSAFE_MAX_CCH)); \
  }

MICA_SAFE_UNICODE(Copy, 0)
MICA_SAFE_UNICODE(Cat, DestinationString->Length / sizeof(WCHAR))
#undef MICA_SAFE_UNICODE

// [MSDN RtlUnicodeStringVPrintf, RtlUnicodeStringPrintf]
MICA_SAFE_STRING RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR Format,
                                         MS_VA_LIST Arguments) {
  int length;
  if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) || Format == NULL ||
      DestinationString->MaximumLength == 0)
    return STATUS_INVALID_PARAMETER;
  length = _vsnwprintf(DestinationString->Buffer, DestinationString->MaximumLength / sizeof(WCHAR),
                       Format, Arguments);
  DestinationString->Length =
      length < 0 ? DestinationString->MaximumLength : (USHORT)((SIZE_T)length * sizeof(WCHAR));
  return length < 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}
MICA_SAFE_STRING NTAPI RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString,
                                              NTSTRSAFE_PCWSTR Format, ...) {
  MS_VA_LIST arguments;
  NTSTATUS status;
  MS_VA_START(arguments, Format);
  status = RtlUnicodeStringVPrintf(DestinationString, Format, arguments);
  MS_VA_END(arguments);
  return status;
}

// A terminated copy of a UNICODE_STRING.
//                            [MSDN RtlStringCchCopyUnicodeString, RtlStringCbCopyUnicodeString]
MICA_SAFE_STRING RtlStringCchCopyUnicodeString(NTSTRSAFE_PWSTR Dest, SIZE_T CchDest,
                                               PCUNICODE_STRING SourceString) {
  WCHAR const none = 0;
  if (!NT_SUCCESS(RtlUnicodeStringValidate(SourceString))) return STATUS_INVALID_PARAMETER;
  return RtlStringCchCopyNW(Dest, CchDest, SourceString->Length == 0 ? &none : SourceString->Buffer,
                            SourceString->Length / sizeof(WCHAR));
}
MICA_SAFE_STRING RtlStringCbCopyUnicodeString(NTSTRSAFE_PWSTR Dest, SIZE_T CbDest,
                                              PCUNICODE_STRING SourceString) {
  return RtlStringCchCopyUnicodeString(Dest, CbDest / sizeof(WCHAR), SourceString);
}
