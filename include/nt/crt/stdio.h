// Formatted text, as far as ntoskrnl exports it: for drivers' sources alone.
//   The _s routines return an errno and do what they can; a bad argument of theirs ends nothing.
//                                                       [MSDN "C runtime library reference"; C17]
#pragma once

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int _snprintf(char* to, size_t room, char const* format, ...);
int _snprintf_s(char* to, size_t room, size_t count, char const* format, ...);
int _vsnprintf(char* to, size_t room, char const* format, va_list arguments);
int _vsnprintf_s(char* to, size_t room, size_t count, char const* format, va_list arguments);
int sprintf(char* to, char const* format, ...);
int sprintf_s(char* to, size_t room, char const* format, ...);
int vsprintf(char* to, char const* format, va_list arguments);
int vsprintf_s(char* to, size_t room, char const* format, va_list arguments);

int _snwprintf(wchar_t* to, size_t room, wchar_t const* format, ...);
int _snwprintf_s(wchar_t* to, size_t room, size_t count, wchar_t const* format, ...);
int _vsnwprintf(wchar_t* to, size_t room, wchar_t const* format, va_list arguments);
int swprintf(wchar_t* to, wchar_t const* format, ...);
int swprintf_s(wchar_t* to, size_t room, wchar_t const* format, ...);
int vswprintf_s(wchar_t* to, size_t room, wchar_t const* format, va_list arguments);

#ifdef __cplusplus
}
#endif
