// Safe strings: text that is copied, appended and formatted into buffers whose size is said, all
// of it inline.                                               [MSDN "Using Safe String Functions"]
//   Cb: sizes in bytes; Cch: in characters; of the whole buffer, with its terminating null.
//   A: CHAR, W: WCHAR. A buffer has at most NTSTRSAFE_MAX_CCH characters. Any IRQL for resident
//   memory. Source and destination must not overlap.
//   STATUS_BUFFER_OVERFLOW: what does not fit was cut off; the text is terminated.
//   STATUS_INVALID_PARAMETER: a size that is none or too large, a null pointer, a destination
//   without terminating null to append to.
//   Not here: the PrintfEx forms, and the Ex forms for UNICODE_STRINGs.
#pragma once

#include <nt/ntstatus.h>
#include <nt/rtl/print.h>

#ifdef _WIN32
#include <nt/crt/string.h>
#endif

typedef CHAR* NTSTRSAFE_PSTR;
typedef CHAR const* NTSTRSAFE_PCSTR;
typedef WCHAR* NTSTRSAFE_PWSTR;
typedef WCHAR const* NTSTRSAFE_PCWSTR;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

// ---- Flags of the Ex forms; the low byte is what to fill with.
#define STRSAFE_IGNORE_NULLS 0x00000100  // a null source is empty; a null destination has size 0
#define STRSAFE_FILL_BEHIND_NULL 0x00000200  // on success, what follows the terminating null
#define STRSAFE_FILL_ON_FAILURE 0x00000400   // else the whole buffer, but for a terminating null
#define STRSAFE_NULL_ON_FAILURE 0x00000800   // else the text is empty
#define STRSAFE_NO_TRUNCATION 0x00001000     // what does not fit as a whole changes nothing
#define STRSAFE_VALID_FLAGS 0x00001fff
#define STRSAFE_FILL_BYTE(byte) ((ULONG)(((byte)&0xff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(byte) ((ULONG)(((byte)&0xff) | STRSAFE_FILL_ON_FAILURE))

#define MICA_SAFE_STRING static inline __attribute__((unused)) NTSTATUS

#define STRSAFE_CHARACTER CHAR
#define STRSAFE_NAMED(name) name##A
#define STRSAFE_PRINT _vsnprintf
#include <nt/strsafe/strings.inc>
#undef STRSAFE_CHARACTER
#undef STRSAFE_NAMED
#undef STRSAFE_PRINT

#define STRSAFE_CHARACTER WCHAR
#define STRSAFE_NAMED(name) name##W
#define STRSAFE_PRINT _vsnwprintf
#include <nt/strsafe/strings.inc>
#undef STRSAFE_CHARACTER
#undef STRSAFE_NAMED
#undef STRSAFE_PRINT

#include <nt/strsafe/unicode_string.h>

#undef MICA_SAFE_STRING

// By the kind of text that a driver is compiled for.
#ifdef UNICODE
#define MICA_SAFE_NAME(name) name##W
#else
#define MICA_SAFE_NAME(name) name##A
#endif
#define RtlStringCbCopy MICA_SAFE_NAME(RtlStringCbCopy)
#define RtlStringCchCopy MICA_SAFE_NAME(RtlStringCchCopy)
#define RtlStringCbCat MICA_SAFE_NAME(RtlStringCbCat)
#define RtlStringCchCat MICA_SAFE_NAME(RtlStringCchCat)
#define RtlStringCbPrintf MICA_SAFE_NAME(RtlStringCbPrintf)
#define RtlStringCchPrintf MICA_SAFE_NAME(RtlStringCchPrintf)
#define RtlStringCbLength MICA_SAFE_NAME(RtlStringCbLength)
#define RtlStringCchLength MICA_SAFE_NAME(RtlStringCchLength)
