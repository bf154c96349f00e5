// Counted strings and characters. "ANSI" is code page 1252. Any IRQL for resident strings, unless a
// routine says otherwise. A destination gets a terminating null where the text leaves room for one.
#pragma once

#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Making. A null source makes the empty string without a buffer. MaximumLength counts the
// terminating null of the source; nothing is copied.
//                                     [MSDN RtlInitUnicodeString, RtlInitAnsiString, RtlInitString]
// What is too long is cut at 65532 bytes.
VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString);
// STATUS_NAME_TOO_LONG beyond 65532 bytes, and the destination stays. [MSDN RtlInitUnicodeStringEx]
NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString);
// What is too long is cut at 65534 bytes.
VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString);
VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString);

// For constants: RTL_CONSTANT_STRING(L"..."), or u"..." here.            [MSDN RTL_CONSTANT_STRING]
#define RTL_CONSTANT_STRING(text) {sizeof(text) - sizeof((text)[0]), sizeof(text), (text)}

// ---- Copying. Only as much as MaximumLength takes; a null source empties the destination.
//   [MSDN RtlCopyUnicodeString, RtlCopyString]
VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString);
VOID NTAPI RtlCopyString(PSTRING DestinationString, STRING const* SourceString);
// STATUS_BUFFER_TOO_SMALL if the whole does not fit, and the destination stays. A null source adds
// nothing.              [MSDN RtlAppendUnicodeToString, RtlAppendUnicodeStringToString]
NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source);
NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source);

// ---- Comparing, by code units; of a string and its beginning the beginning is less.
// Negative, 0 or positive. [MSDN RtlCompareUnicodeString, RtlCompareString]
LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive);
LONG NTAPI RtlCompareString(STRING const* String1, STRING const* String2, BOOLEAN CaseInSensitive);
//   [MSDN RtlEqualUnicodeString, RtlEqualString]
BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive);
BOOLEAN NTAPI RtlEqualString(STRING const* String1, STRING const* String2, BOOLEAN CaseInSensitive);
// Whether String2 begins with String1. [MSDN RtlPrefixUnicodeString]
BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive);

// ---- Hashing. STATUS_INVALID_PARAMETER for another algorithm or a null pointer.
//   [MSDN RtlHashUnicodeString]
#define HASH_STRING_ALGORITHM_DEFAULT 0u
#define HASH_STRING_ALGORITHM_X65599 1u
#define HASH_STRING_ALGORITHM_INVALID 0xffffffffu
NTSTATUS NTAPI RtlHashUnicodeString(UNICODE_STRING const* String, BOOLEAN CaseInSensitive,
                                    ULONG HashAlgorithm, PULONG HashValue);

// ---- Case. A character without the other case is returned as it is.
//   [MSDN RtlUpcaseUnicodeChar, RtlDowncaseUnicodeChar, RtlUpperChar, RtlUpperString]
WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter);
WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter);
CHAR NTAPI RtlUpperChar(CHAR Character);
// As much of the source as MaximumLength takes.
VOID NTAPI RtlUpperString(PSTRING DestinationString, STRING const* SourceString);

// ---- Numbers. Base: 2, 8, 10 or 16, else STATUS_INVALID_PARAMETER.
// Skips spaces, takes one sign and as many digits as there are, at least none: then *Value is 0.
// Base 0: 0x, 0o and 0b before the digits choose the base, else it is 10. What exceeds 32 bits is
// cut.
// STATUS_INVALID_PARAMETER for an empty string. [MSDN RtlUnicodeStringToInteger]
NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value);
// Base 0 is 10. STATUS_BUFFER_OVERFLOW if digits and terminating null do not fit.
//   [MSDN RtlIntegerToUnicodeString, RtlInt64ToUnicodeString]
NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String);
NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String);

// ---- Conversions. IRQL PASSIVE_LEVEL. With AllocateDestinationString the destination's buffer
// comes from paged pool (STATUS_NO_MEMORY) and goes back with the RtlFree routine of its kind.
// Without it, STATUS_BUFFER_OVERFLOW if the text does not fit.
// Bytes with the terminating null.    [MSDN RtlUnicodeStringToAnsiSize, RtlAnsiStringToUnicodeSize]
ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString);
ULONG NTAPI RtlxAnsiStringToUnicodeSize(STRING const* AnsiString);
#define RtlUnicodeStringToAnsiSize(string) RtlxUnicodeStringToAnsiSize(string)
#define RtlAnsiStringToUnicodeSize(string) RtlxAnsiStringToUnicodeSize(string)
// What code page 1252 lacks becomes '?'. On STATUS_BUFFER_OVERFLOW the destination holds what fits.
//   [MSDN RtlUnicodeStringToAnsiString]
NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                            PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString);
// STATUS_INVALID_PARAMETER_2 if no UNICODE_STRING can hold it. [MSDN RtlAnsiStringToUnicodeString]
NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                            STRING const* SourceString,
                                            BOOLEAN AllocateDestinationString);
// Without a terminating null. Source and destination may be the same. [MSDN RtlUpcaseUnicodeString]
NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                      PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString);
// The same in lower case.                                        [MSDN RtlDowncaseUnicodeString]
NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                        PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString);
// The string is empty afterwards; without a buffer nothing happens. [MSDN RtlFreeUnicodeString]
VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString);
VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString);

#ifdef __cplusplus
}
#endif
