// Numbers, sorting, searching, as far as ntoskrnl exports it: for drivers' sources alone.
//   The _s routines return an errno and do what they can; a bad argument of theirs ends nothing.
//                                                       [MSDN "C runtime library reference"; C17]
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int _wtoi(wchar_t const* text);
long _wtol(wchar_t const* text);
int atoi(char const* text);
long atol(char const* text);
void* bsearch(void const* key, void const* first, size_t count, size_t bytes,
              int (*compare)(void const*, void const*));
void qsort(void* first, size_t count, size_t bytes, int (*compare)(void const*, void const*));

#ifdef __cplusplus
}
#endif
