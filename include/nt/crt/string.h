// Strings and memory, as far as ntoskrnl exports it: for drivers' sources alone.
//   The _s routines return an errno and do what they can; a bad argument of theirs ends nothing.
//                                                       [MSDN "C runtime library reference"; C17]
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void* memchr(void const* memory, int value, size_t bytes);
int memcmp(void const* left, void const* right, size_t bytes);
void* memcpy(void* to, void const* from, size_t bytes);
int memcpy_s(void* to, size_t room, void const* from, size_t bytes);
void* memmove(void* to, void const* from, size_t bytes);
int memmove_s(void* to, size_t room, void const* from, size_t bytes);
void* memset(void* memory, int value, size_t bytes);

int _stricmp(char const* left, char const* right);
char* _strlwr(char* text);
int _strnicmp(char const* left, char const* right, size_t count);
char* _strupr(char* text);
char* strcat(char* to, char const* from);
int strcat_s(char* to, size_t room, char const* from);
char* strchr(char const* text, int letter);
int strcmp(char const* left, char const* right);
char* strcpy(char* to, char const* from);
int strcpy_s(char* to, size_t room, char const* from);
size_t strlen(char const* text);
char* strncat(char* to, char const* from, size_t count);
int strncat_s(char* to, size_t room, char const* from, size_t count);
int strncmp(char const* left, char const* right, size_t count);
char* strncpy(char* to, char const* from, size_t count);
int strncpy_s(char* to, size_t room, char const* from, size_t count);
size_t strnlen(char const* text, size_t room);
char* strrchr(char const* text, int letter);
size_t strspn(char const* text, char const* letters);
char* strstr(char const* text, char const* part);
char* strtok_s(char* text, char const* delimiters, char** context);

int _wcsicmp(wchar_t const* left, wchar_t const* right);
wchar_t* _wcslwr(wchar_t* text);
int _wcsnicmp(wchar_t const* left, wchar_t const* right, size_t count);
wchar_t* _wcsupr(wchar_t* text);
wchar_t* wcscat(wchar_t* to, wchar_t const* from);
int wcscat_s(wchar_t* to, size_t room, wchar_t const* from);
wchar_t* wcschr(wchar_t const* text, wchar_t letter);
int wcscmp(wchar_t const* left, wchar_t const* right);
wchar_t* wcscpy(wchar_t* to, wchar_t const* from);
int wcscpy_s(wchar_t* to, size_t room, wchar_t const* from);
size_t wcscspn(wchar_t const* text, wchar_t const* letters);
size_t wcslen(wchar_t const* text);
wchar_t* wcsncat(wchar_t* to, wchar_t const* from, size_t count);
int wcsncat_s(wchar_t* to, size_t room, wchar_t const* from, size_t count);
int wcsncmp(wchar_t const* left, wchar_t const* right, size_t count);
wchar_t* wcsncpy(wchar_t* to, wchar_t const* from, size_t count);
int wcsncpy_s(wchar_t* to, size_t room, wchar_t const* from, size_t count);
size_t wcsnlen(wchar_t const* text, size_t room);
wchar_t* wcsrchr(wchar_t const* text, wchar_t letter);
size_t wcsspn(wchar_t const* text, wchar_t const* letters);
wchar_t* wcsstr(wchar_t const* text, wchar_t const* part);

#ifdef __cplusplus
}
#endif
