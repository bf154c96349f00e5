// Before anything else that a case in a driver includes. The C++ library comes first: the headers
// of drivers have words of their own (`__in`, `__out`) that its headers use for theirs.
#pragma once

#define MICA_CASES_IN_DRIVER 1
#define MICA_CASE_SECTION "cases$m"  // between those that driver.cpp has

// ntoskrnl has what the C library of programs imports, and this one of another type of letters.
#define _CRTIMP
#define _vsnwprintf mica_vsnwprintf_of_programs

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>

#undef _vsnwprintf
// Which the headers of drivers define.
#undef UNALIGNED
#undef _ANONYMOUS_STRUCT
#undef _ANONYMOUS_UNION
