// Kinds of letters, as far as ntoskrnl exports it: for drivers' sources alone.
//   The _s routines return an errno and do what they can; a bad argument of theirs ends nothing.
//                                                       [MSDN "C runtime library reference"; C17]
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int isdigit(int letter);
int islower(int letter);
int isprint(int letter);
int isspace(int letter);
int isupper(int letter);
int isxdigit(int letter);
int tolower(int letter);
int toupper(int letter);
wchar_t towlower(wchar_t letter);
wchar_t towupper(wchar_t letter);

#ifdef __cplusplus
}
#endif
