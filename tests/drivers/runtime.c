/* Calls every routine of the C runtime that ntoskrnl exports, says what is not as documented, and
   how many were right. */
#include <ntddk.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define EINVAL 22
#define ERANGE 34
#define STRUNCATE 80
#define _TRUNCATE ((size_t)-1)

static ULONG Right, Wrong;
static void Check(BOOLEAN Holds, const char* What, ULONG Line) {
  if (Holds) {
    ++Right;
  } else {
    ++Wrong;
    DbgPrint("runtime: line %lu: %s\n", Line, What);
  }
}
#define CHECK(What) Check((What) != 0, #What, __LINE__)

/* Whether the bytes of two arrays are the same, without what is checked here. */
static BOOLEAN Same(const void* Left, const void* Right_, size_t Bytes) {
  const volatile UCHAR *One = Left, *Other = Right_;
  for (; Bytes > 0; --Bytes)
    if (*One++ != *Other++) return FALSE;
  return TRUE;
}
#define IS(Buffer, Text) Same(Buffer, Text, sizeof(Text))

static void Memory(void) {
  char Buffer[8] = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 0};
  CHECK(memcpy(Buffer, "xyz", 3) == Buffer && IS(Buffer, "xyzdefg"));
  CHECK(memmove(Buffer + 1, Buffer, 6) == Buffer + 1 && IS(Buffer, "xxyzdef"));
  CHECK(memmove(Buffer, Buffer + 1, 6) == Buffer && IS(Buffer, "xyzdeff"));
  CHECK(memset(Buffer, 'q' + 256, 2) == Buffer && IS(Buffer, "qqzdeff"));
  CHECK(memcmp("abc", "abd", 2) == 0 && memcmp("abc", "abd", 3) < 0 && memcmp("\xff", "a", 1) > 0);
  CHECK(memchr(Buffer, 'z', 8) == Buffer + 2 && memchr(Buffer, 'z', 2) == NULL);
  CHECK(memcpy_s(Buffer, 8, "12", 2) == 0 && IS(Buffer, "12zdeff"));
  CHECK(memmove_s(Buffer + 1, 7, Buffer, 2) == 0 && IS(Buffer, "112deff"));
  CHECK(memcpy_s(Buffer, 2, "12345", 5) == ERANGE && IS(Buffer,
                                                        "\0\0"
                                                        "2deff"));
  CHECK(memmove_s(Buffer, 4, NULL, 2) == EINVAL && IS(Buffer,
                                                      "\0\0\0\0"
                                                      "eff"));
  CHECK(memmove_s(NULL, 4, Buffer, 2) == EINVAL && memcpy_s(NULL, 0, NULL, 0) == 0);
}

static int ByValue(const void* Left, const void* Other) {
  return *(const int*)Left - *(const int*)Other;
}
static void Sorting(void) {
  int Numbers[] = {5, -3, 9, 0, 9, 2, -7}, Key = 2;
  const int Sorted[] = {-7, -3, 0, 2, 5, 9, 9};
  qsort(Numbers, 7, sizeof(int), ByValue);
  CHECK(IS(Numbers, Sorted));
  CHECK(bsearch(&Key, Numbers, 7, sizeof(int), ByValue) == &Numbers[3]);
  Key = 3;
  CHECK(bsearch(&Key, Numbers, 7, sizeof(int), ByValue) == NULL);
  CHECK(bsearch(&Key, Numbers, 0, sizeof(int), ByValue) == NULL);
}

static void Characters(void) {
  CHECK(isdigit('7') && !isdigit('a') && isxdigit('F') && isxdigit('0') && !isxdigit('g'));
  CHECK(islower('z') && !islower('Z') && isupper('A') && !isupper('['));
  CHECK(isspace('\v') && isspace(' ') && !isspace('x') && isprint('~') && !isprint(127));
  CHECK(tolower('Q') == 'q' && tolower('[') == '[' && toupper('q') == 'Q' && toupper('{') == '{');
  CHECK(towlower(0xC4) == 0xE4 && towupper(0xE4) == 0xC4 && towupper('1') == '1');
  CHECK(atoi(" \t-12x") == -12 && atoi("+7") == 7 && atoi("x") == 0);
  CHECK(atol("2147483647") == 2147483647 && _wtol(L"-5") == -5 && _wtoi(L" 66") == 66);
}

static void Narrow(void) {
  char Buffer[8], Parts[] = ",a,,bc", *Context;
  CHECK(strlen("abc") == 3 && strlen("") == 0);
  CHECK(strnlen("abc", 2) == 2 && strnlen("abc", 9) == 3);
  CHECK(strcpy(Buffer, "ab") == Buffer && IS(Buffer, "ab"));
  CHECK(strcat(Buffer, "cd") == Buffer && IS(Buffer, "abcd"));
  CHECK(strncat(Buffer, "efgh", 2) == Buffer && IS(Buffer, "abcdef"));
  CHECK(strncpy(Buffer, "xyz", 2) == Buffer && IS(Buffer, "xycdef"));
  CHECK(strncpy(Buffer, "x", 3) == Buffer && Same(Buffer, "x\0\0def", 7));
  CHECK(strcmp("a", "b") < 0 && strcmp("a", "a") == 0 && strcmp("\xe0", "a") > 0);
  CHECK(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0);
  CHECK(_stricmp("aBc", "AbC") == 0 && _stricmp("a", "B") < 0);
  CHECK(_strnicmp("ABx", "aby", 2) == 0 && _strnicmp("ABx", "aby", 3) < 0);
  CHECK(IS(strchr("abcb", 'b'), "bcb") && strchr("abc", 'x') == NULL && *strchr("abc", 0) == 0);
  CHECK(IS(strrchr("abcb", 'b'), "b") && strrchr("abc", 'x') == NULL);
  CHECK(IS(strstr("xabab", "bab"), "bab") && strstr("xab", "ba") == NULL);
  CHECK(IS(strstr("x", ""), "x") && strspn("aabc", "ba") == 3);
  strcpy(Buffer, "aB1");
  CHECK(_strupr(Buffer) == Buffer && IS(Buffer, "AB1"));
  CHECK(_strlwr(Buffer) == Buffer && IS(Buffer, "ab1"));
  CHECK(IS(strtok_s(Parts, ",", &Context), "a") && IS(strtok_s(NULL, ",", &Context), "bc"));
  CHECK(strtok_s(NULL, ",", &Context) == NULL);
}

static void NarrowChecked(void) {
  char Buffer[8];
  CHECK(strcpy_s(Buffer, 4, "abc") == 0 && IS(Buffer, "abc"));
  CHECK(strcpy_s(Buffer, 3, "abc") == ERANGE && Buffer[0] == 0);
  CHECK(strcpy_s(Buffer, 3, NULL) == EINVAL && strcpy_s(NULL, 3, "a") == EINVAL);
  CHECK(strcpy_s(Buffer, 8, "ab") == 0 && strcat_s(Buffer, 5, "cd") == 0 && IS(Buffer, "abcd"));
  CHECK(strcat_s(Buffer, 5, "e") == ERANGE && Buffer[0] == 0);
  CHECK(strncpy_s(Buffer, 3, "abc", 2) == 0 && IS(Buffer, "ab"));
  CHECK(strncpy_s(Buffer, 3, "abc", 3) == ERANGE && Buffer[0] == 0);
  CHECK(strncpy_s(Buffer, 3, "abc", _TRUNCATE) == STRUNCATE && IS(Buffer, "ab"));
  CHECK(strncat_s(Buffer, 8, "cde", 2) == 0 && IS(Buffer, "abcd"));
  CHECK(strncat_s(Buffer, 4, "x", 1) == EINVAL && Buffer[0] == 0);
}

static void Wide(void) {
  WCHAR Buffer[8];
  CHECK(wcslen(L"abc") == 3 && wcsnlen(L"abc", 2) == 2);
  CHECK(wcscpy(Buffer, L"ab") == Buffer && IS(Buffer, L"ab"));
  CHECK(wcscat(Buffer, L"cd") == Buffer && IS(Buffer, L"abcd"));
  CHECK(wcsncat(Buffer, L"efgh", 2) == Buffer && IS(Buffer, L"abcdef"));
  CHECK(wcsncpy(Buffer, L"xyz", 2) == Buffer && IS(Buffer, L"xycdef"));
  CHECK(wcscmp(L"a", L"b") < 0 && wcscmp(L"\xffff", L"a") > 0);
  CHECK(wcsncmp(L"abc", L"abd", 2) == 0 && wcsncmp(L"abc", L"abd", 3) < 0);
  CHECK(_wcsicmp(L"a\xe4", L"A\xc4") == 0 && _wcsicmp(L"a", L"B") < 0);
  CHECK(_wcsnicmp(L"ABx", L"aby", 2) == 0);
  CHECK(_wcsnicmp(L"ABx", L"aby", 3) < 0);
  CHECK(IS(wcschr(L"abcb", 'b'), L"bcb") && wcschr(L"abc", 'x') == NULL);
  CHECK(IS(wcsrchr(L"abcb", 'b'), L"b") && wcsrchr(L"abc", 'x') == NULL);
  CHECK(IS(wcsstr(L"xabab", L"bab"), L"bab") && wcsstr(L"xab", L"ba") == NULL);
  CHECK(wcsspn(L"aabc", L"ba") == 3 && wcscspn(L"aabc", L"cb") == 2);
  wcscpy(Buffer, L"aB\xe4");
  CHECK(_wcsupr(Buffer) == Buffer && IS(Buffer, L"AB\xc4"));
  CHECK(_wcslwr(Buffer) == Buffer && IS(Buffer, L"ab\xe4"));
  CHECK(wcscpy_s(Buffer, 4, L"abc") == 0 && IS(Buffer, L"abc"));
  CHECK(wcscpy_s(Buffer, 3, L"abc") == ERANGE && Buffer[0] == 0);
  CHECK(wcscpy_s(Buffer, 8, L"ab") == 0 && wcscat_s(Buffer, 5, L"cd") == 0);
  CHECK(IS(Buffer, L"abcd") && wcsncat_s(Buffer, 8, L"efg", 1) == 0 && IS(Buffer, L"abcde"));
  CHECK(wcsncpy_s(Buffer, 3, L"abc", _TRUNCATE) == STRUNCATE && IS(Buffer, L"ab"));
}

static int Lists(int Which, void* Buffer, size_t Room, const void* Format, ...) {
  va_list Arguments;
  int Written = 0;
  va_start(Arguments, Format);
  switch (Which) {
    case 0:
      Written = vsprintf(Buffer, Format, Arguments);
      break;
    case 1:
      Written = vsprintf_s(Buffer, Room, Format, Arguments);
      break;
    case 2:
      Written = _vsnprintf(Buffer, Room, Format, Arguments);
      break;
    case 3:
      Written = _vsnprintf_s(Buffer, Room, _TRUNCATE, Format, Arguments);
      break;
    case 4:
      Written = vswprintf_s(Buffer, Room, Format, Arguments);
      break;
    case 5:
      Written = _vsnwprintf(Buffer, Room, Format, Arguments);
      break;
  }
  va_end(Arguments);
  return Written;
}

static void Formats(void) {
  char Buffer[32];
  UNICODE_STRING Counted = RTL_CONSTANT_STRING(L"cd");
  CHECK(sprintf(Buffer, "%d-%s-%ws-%wZ", 7, "ab", L"w", &Counted) == 9 && IS(Buffer, "7-ab-w-cd"));
  CHECK(_snprintf(Buffer, 4, "%s", "abc") == 3 && IS(Buffer, "abc"));
  CHECK(_snprintf(Buffer, 3, "%s", "xyz") == 3 && IS(Buffer, "xyz")); /* its null is the old one */
  CHECK(_snprintf(Buffer, 2, "%s", "pqr") == -1 && IS(Buffer, "pqz"));
  CHECK(sprintf_s(Buffer, 4, "%u", 123) == 3 && IS(Buffer, "123"));
  CHECK(sprintf_s(Buffer, 4, "%u", 1234) == -1 && Buffer[0] == 0);
  CHECK(_snprintf_s(Buffer, 4, _TRUNCATE, "%s", "abcdef") == -1 && IS(Buffer, "abc"));
  CHECK(_snprintf_s(Buffer, 8, 2, "%s", "abcdef") == -1 && IS(Buffer, "ab"));
  CHECK(_snprintf_s(Buffer, 4, 6, "%s", "abcdef") == -1 && Buffer[0] == 0);
  CHECK(Lists(0, Buffer, 0, "%x%c", 255, 'q') == 3 && IS(Buffer, "ffq"));
  CHECK(Lists(1, Buffer, 3, "%d", 123) == -1 && Buffer[0] == 0);
  CHECK(Lists(2, Buffer, 2, "%d", 12) == 2 && Same(Buffer, "12", 2));
  CHECK(Lists(3, Buffer, 3, "%d", 123) == -1 && IS(Buffer, "12"));
}

static void WideFormats(void) {
  WCHAR Buffer[32];
  CHECK(swprintf(Buffer, L"%s-%S-%hs-%ls-%c", L"ab", "cd", "ef", L"gh", L'\xe4') == 13);
  CHECK(IS(Buffer, L"ab-cd-ef-gh-\xe4"));
  CHECK(swprintf(Buffer, L"\x20ac%5d%p", -42, (PVOID)0x1234) == 22);
  CHECK(IS(Buffer, L"\x20ac  -420000000000001234"));
  CHECK(_snwprintf(Buffer, 2, L"%s", L"pqr") == -1 && Same(Buffer, L"pq", 4));
  CHECK(swprintf_s(Buffer, 4, L"%u", 1234) == -1 && Buffer[0] == 0);
  CHECK(_snwprintf_s(Buffer, 4, _TRUNCATE, L"%s", L"abcdef") == -1 && IS(Buffer, L"abc"));
  CHECK(Lists(4, Buffer, 8, L"%i", 77) == 2 && IS(Buffer, L"77"));
  CHECK(Lists(5, Buffer, 8, L"%X", 77) == 2 && IS(Buffer, L"4D"));
}

/* Called by compilers, in no convention of C. */
extern void __chkstk(void);
static void Stack(void) {
  ULONG64 Bytes = 3 * PAGE_SIZE, Other = 7;
  __asm__ volatile("call *%2" : "+a"(Bytes), "+c"(Other) : "r"(&__chkstk) : "memory", "cc");
  CHECK(Bytes == 3 * PAGE_SIZE && Other == 7);
}

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  Driver->DriverUnload = Unload;
  UNREFERENCED_PARAMETER(RegistryPath);
  Memory();
  Sorting();
  Characters();
  Narrow();
  NarrowChecked();
  Wide();
  Formats();
  WideFormats();
  Stack();
  DbgPrint("runtime: %lu right\n", Right);
  return Wrong == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
