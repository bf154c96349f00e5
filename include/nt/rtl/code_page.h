// Text in code pages: "ANSI", or multibyte, is 1252, "OEM" is 437; both have a byte for each
// character. What a code page lacks becomes '?'. Lengths are in bytes. Any IRQL for resident
// memory, but PASSIVE_LEVEL where a string's buffer may be made.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Without strings: as much as MaxBytes takes; *Bytes..., unless NULL, is how much that is.
//   [MSDN RtlMultiByteToUnicodeN, RtlOemToUnicodeN, RtlUnicodeToMultiByteN]
NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                      PULONG BytesInUnicodeString, PCSTR MultiByteString,
                                      ULONG BytesInMultiByteString);
NTSTATUS NTAPI RtlOemToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                PULONG BytesInUnicodeString, PCSTR OemString,
                                ULONG BytesInOemString);
NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                            PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                            ULONG BytesInUnicodeString);
// STATUS_BUFFER_OVERFLOW: that was not all.     [MSDN RtlUnicodeToOemN, RtlUpcaseUnicodeToOemN]
NTSTATUS NTAPI RtlUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
                                PCWCH UnicodeString, ULONG BytesInUnicodeString);
NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString,
                                      PULONG BytesInOemString, PCWCH UnicodeString,
                                      ULONG BytesInUnicodeString);
// How much the whole takes.      [MSDN RtlMultiByteToUnicodeSize, RtlUnicodeToMultiByteSize]
NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, PCSTR MultiByteString,
                                         ULONG BytesInMultiByteString);
NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                         ULONG BytesInUnicodeString);

// ---- Strings. With AllocateDestinationString the buffer is from the pool: RtlFreeOemString,
// RtlFreeUnicodeString. Those called Counted have no terminating null, and of an empty source no
// buffer is made. STATUS_BUFFER_OVERFLOW, and nothing is written; STATUS_NO_MEMORY;
// STATUS_INVALID_PARAMETER_2: no UNICODE_STRING can hold it.
// With the null.                    [MSDN RtlxOemStringToUnicodeSize, RtlxUnicodeStringToOemSize]
ULONG NTAPI RtlxOemStringToUnicodeSize(STRING const* OemString);
ULONG NTAPI RtlxUnicodeStringToOemSize(PCUNICODE_STRING UnicodeString);
//   [MSDN RtlOemStringToUnicodeString, RtlOemStringToCountedUnicodeString]
NTSTATUS NTAPI RtlOemStringToUnicodeString(PUNICODE_STRING DestinationString,
                                           STRING const* SourceString,
                                           BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(PUNICODE_STRING DestinationString,
                                                  STRING const* SourceString,
                                                  BOOLEAN AllocateDestinationString);
//   [MSDN RtlUnicodeStringToOemString, RtlUnicodeStringToCountedOemString]
NTSTATUS NTAPI RtlUnicodeStringToOemString(POEM_STRING DestinationString,
                                           PCUNICODE_STRING SourceString,
                                           BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                  PCUNICODE_STRING SourceString,
                                                  BOOLEAN AllocateDestinationString);
//   [MSDN RtlUpcaseUnicodeStringToOemString, RtlUpcaseUnicodeStringToCountedOemString]
NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(POEM_STRING DestinationString,
                                                 PCUNICODE_STRING SourceString,
                                                 BOOLEAN AllocateDestinationString);
NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                        PCUNICODE_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString);
// The string is empty afterwards; without a buffer nothing happens.       [MSDN RtlFreeOemString]
VOID NTAPI RtlFreeOemString(POEM_STRING OemString);

#ifdef __cplusplus
}
#endif
