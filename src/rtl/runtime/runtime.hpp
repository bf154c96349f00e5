// The names of the C runtime that ntoskrnl exports. As symbols they would take the place of the
// host program's, so each is a routine called MicaRuntime_NAME, and NAME only where images look for
// it (abi/exports.inc).
//   They do what the C standard says of their names, and the Microsoft C runtime's documentation of
//   those that begin with an underscore or end in _s; narrow text is code page 1252. No state, no
//   lock, no allocation: any IRQL, with resident memory.
#pragma once

#include <nt/ntdef.h>

extern "C" {

typedef int(NTAPI MicaCompare)(void const* left, void const* right);

// ---- Memory (memory.cpp).
void* NTAPI MicaRuntime_memcpy(void* to, void const* from, SIZE_T bytes);
void* NTAPI MicaRuntime_memmove(void* to, void const* from, SIZE_T bytes);
void* NTAPI MicaRuntime_memset(void* to, int byte, SIZE_T bytes);
int NTAPI MicaRuntime_memcmp(void const* left, void const* right, SIZE_T bytes);
void const* NTAPI MicaRuntime_memchr(void const* in, int byte, SIZE_T bytes);
// 0, or 22 (EINVAL) or 34 (ERANGE): then the destination is zeroed, if there is one.
int NTAPI MicaRuntime_memcpy_s(void* to, SIZE_T room, void const* from, SIZE_T bytes);
int NTAPI MicaRuntime_memmove_s(void* to, SIZE_T room, void const* from, SIZE_T bytes);

// ---- Sorting (sort.cpp).
void NTAPI MicaRuntime_qsort(void* base, SIZE_T count, SIZE_T bytes, MicaCompare* compare);
void* NTAPI MicaRuntime_bsearch(void const* key, void const* base, SIZE_T count, SIZE_T bytes,
                                MicaCompare* compare);

// ---- Characters (character.cpp).
int NTAPI MicaRuntime_isdigit(int character);
int NTAPI MicaRuntime_isxdigit(int character);
int NTAPI MicaRuntime_islower(int character);
int NTAPI MicaRuntime_isupper(int character);
int NTAPI MicaRuntime_isspace(int character);
int NTAPI MicaRuntime_isprint(int character);
int NTAPI MicaRuntime_tolower(int character);
int NTAPI MicaRuntime_toupper(int character);
WCHAR NTAPI MicaRuntime_towlower(WCHAR character);
WCHAR NTAPI MicaRuntime_towupper(WCHAR character);
int NTAPI MicaRuntime_atoi(CHAR const* text);
LONG NTAPI MicaRuntime_atol(CHAR const* text);
int NTAPI MicaRuntime__wtoi(WCHAR const* text);
LONG NTAPI MicaRuntime__wtol(WCHAR const* text);

// ---- Strings, narrow and wide (string.cpp).
SIZE_T NTAPI MicaRuntime_strlen(CHAR const* text);
SIZE_T NTAPI MicaRuntime_strnlen(CHAR const* text, SIZE_T most);
CHAR* NTAPI MicaRuntime_strcpy(CHAR* to, CHAR const* from);
CHAR* NTAPI MicaRuntime_strncpy(CHAR* to, CHAR const* from, SIZE_T count);
CHAR* NTAPI MicaRuntime_strcat(CHAR* to, CHAR const* from);
CHAR* NTAPI MicaRuntime_strncat(CHAR* to, CHAR const* from, SIZE_T count);
int NTAPI MicaRuntime_strcmp(CHAR const* left, CHAR const* right);
int NTAPI MicaRuntime_strncmp(CHAR const* left, CHAR const* right, SIZE_T count);
int NTAPI MicaRuntime__stricmp(CHAR const* left, CHAR const* right);
int NTAPI MicaRuntime__strnicmp(CHAR const* left, CHAR const* right, SIZE_T count);
CHAR const* NTAPI MicaRuntime_strchr(CHAR const* text, int character);
CHAR const* NTAPI MicaRuntime_strrchr(CHAR const* text, int character);
CHAR const* NTAPI MicaRuntime_strstr(CHAR const* text, CHAR const* part);
SIZE_T NTAPI MicaRuntime_strspn(CHAR const* text, CHAR const* set);
CHAR* NTAPI MicaRuntime__strlwr(CHAR* text);
CHAR* NTAPI MicaRuntime__strupr(CHAR* text);
int NTAPI MicaRuntime_strcpy_s(CHAR* to, SIZE_T room, CHAR const* from);
int NTAPI MicaRuntime_strcat_s(CHAR* to, SIZE_T room, CHAR const* from);
int NTAPI MicaRuntime_strncpy_s(CHAR* to, SIZE_T room, CHAR const* from, SIZE_T count);
int NTAPI MicaRuntime_strncat_s(CHAR* to, SIZE_T room, CHAR const* from, SIZE_T count);
CHAR* NTAPI MicaRuntime_strtok_s(CHAR* text, CHAR const* delimiters, CHAR** context);

SIZE_T NTAPI MicaRuntime_wcslen(WCHAR const* text);
SIZE_T NTAPI MicaRuntime_wcsnlen(WCHAR const* text, SIZE_T most);
WCHAR* NTAPI MicaRuntime_wcscpy(WCHAR* to, WCHAR const* from);
WCHAR* NTAPI MicaRuntime_wcsncpy(WCHAR* to, WCHAR const* from, SIZE_T count);
WCHAR* NTAPI MicaRuntime_wcscat(WCHAR* to, WCHAR const* from);
WCHAR* NTAPI MicaRuntime_wcsncat(WCHAR* to, WCHAR const* from, SIZE_T count);
int NTAPI MicaRuntime_wcscmp(WCHAR const* left, WCHAR const* right);
int NTAPI MicaRuntime_wcsncmp(WCHAR const* left, WCHAR const* right, SIZE_T count);
int NTAPI MicaRuntime__wcsicmp(WCHAR const* left, WCHAR const* right);
int NTAPI MicaRuntime__wcsnicmp(WCHAR const* left, WCHAR const* right, SIZE_T count);
WCHAR const* NTAPI MicaRuntime_wcschr(WCHAR const* text, WCHAR character);
WCHAR const* NTAPI MicaRuntime_wcsrchr(WCHAR const* text, WCHAR character);
WCHAR const* NTAPI MicaRuntime_wcsstr(WCHAR const* text, WCHAR const* part);
SIZE_T NTAPI MicaRuntime_wcsspn(WCHAR const* text, WCHAR const* set);
SIZE_T NTAPI MicaRuntime_wcscspn(WCHAR const* text, WCHAR const* set);
WCHAR* NTAPI MicaRuntime__wcslwr(WCHAR* text);
WCHAR* NTAPI MicaRuntime__wcsupr(WCHAR* text);
int NTAPI MicaRuntime_wcscpy_s(WCHAR* to, SIZE_T room, WCHAR const* from);
int NTAPI MicaRuntime_wcscat_s(WCHAR* to, SIZE_T room, WCHAR const* from);
int NTAPI MicaRuntime_wcsncpy_s(WCHAR* to, SIZE_T room, WCHAR const* from, SIZE_T count);
int NTAPI MicaRuntime_wcsncat_s(WCHAR* to, SIZE_T room, WCHAR const* from, SIZE_T count);

// ---- Formats, those of rtl/format.hpp (print.cpp). What is written, without its null; -1: it did
// not fit. Those with `count` write as much as fits then, and a null only if there is room for it;
// those in _s write nothing but a null, or with `count` as much as it says and a null.
int NTAPI MicaRuntime_sprintf(CHAR* to, CHAR const* format, ...);
int NTAPI MicaRuntime_vsprintf(CHAR* to, CHAR const* format, MS_VA_LIST arguments);
int NTAPI MicaRuntime__snprintf(CHAR* to, SIZE_T count, CHAR const* format, ...);
int NTAPI MicaRuntime__vsnprintf(CHAR* to, SIZE_T count, CHAR const* format, MS_VA_LIST arguments);
int NTAPI MicaRuntime_sprintf_s(CHAR* to, SIZE_T room, CHAR const* format, ...);
int NTAPI MicaRuntime_vsprintf_s(CHAR* to, SIZE_T room, CHAR const* format, MS_VA_LIST arguments);
int NTAPI MicaRuntime__snprintf_s(CHAR* to, SIZE_T room, SIZE_T count, CHAR const* format, ...);
int NTAPI MicaRuntime__vsnprintf_s(CHAR* to, SIZE_T room, SIZE_T count, CHAR const* format,
                                   MS_VA_LIST arguments);
int NTAPI MicaRuntime_swprintf(WCHAR* to, WCHAR const* format, ...);
int NTAPI MicaRuntime__snwprintf(WCHAR* to, SIZE_T count, WCHAR const* format, ...);
int NTAPI MicaRuntime__vsnwprintf(WCHAR* to, SIZE_T count, WCHAR const* format,
                                  MS_VA_LIST arguments);
int NTAPI MicaRuntime_swprintf_s(WCHAR* to, SIZE_T room, WCHAR const* format, ...);
int NTAPI MicaRuntime_vswprintf_s(WCHAR* to, SIZE_T room, WCHAR const* format,
                                  MS_VA_LIST arguments);
int NTAPI MicaRuntime__snwprintf_s(WCHAR* to, SIZE_T room, SIZE_T count, WCHAR const* format, ...);

}  // extern "C"

namespace mica::rtl {

// What the routines in _s return.                                             [MSDN "errno_t"]
inline constexpr int invalid_argument = 22, out_of_range = 34;
// As `count`: as much as there is room for.
inline constexpr SIZE_T truncating = ~SIZE_T{0};

}  // namespace mica::rtl
