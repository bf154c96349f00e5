// Words that decorate declarations in drivers' sources, and what the DDK has for types and arrays.
//   ntdef.h includes it where a driver is compiled.                [MSDN ntdef.h, wdm.h, winnt.h]
#pragma once

#include <nt/driverspecs.h>
#include <nt/sdkddkver.h>
#include <nt/specstrings.h>

// ---- Directions, as one wrote them before there were annotations.
#define IN
#define OUT
#define OPTIONAL
#define NOTHING
#define CRITICAL
#define FAR
#define NEAR
#define RESTRICTED_POINTER
#define UNALIGNED
#define UNALIGNED64

// ---- Linkage and calling. What is imported goes through a stub of the import library, so that it
// needs no word.
#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif
#define DECLSPEC_IMPORT __declspec(dllimport)
#define DECLSPEC_EXPORT __declspec(dllexport)
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_SELECTANY __declspec(selectany)
#define DECLSPEC_ALLOCATE(section) __attribute__((section(section)))
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define NTSYSAPI
#define NTSYSCALLAPI
#define NTKERNELAPI
#define NTHALAPI
#define CALLBACK
#define NTAPI_INLINE NTAPI
#define CFORCEINLINE FORCEINLINE

// Sources ask before they say #pragma alloc_text: clang has it.
#ifdef __clang__
#define ALLOC_PRAGMA 1
#define ALLOC_DATA_PRAGMA 1
#endif

// ---- Structures and unions without a name.
#define _ANONYMOUS_UNION
#define _ANONYMOUS_STRUCT
#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define DUMMYSTRUCTNAME
#define DUMMYSTRUCTNAME2
#define ANYSIZE_ARRAY 1
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)

// ---- Parameters and variables that are not used.
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define ARGUMENT_PRESENT(argument) ((argument) != NULL)
#define DEFAULT_UNREACHABLE \
  default:                  \
    __builtin_unreachable()

// ---- Fields and arrays.
#define RTL_FIELD_TYPE(type, field) (((type*)0)->field)
#define RTL_FIELD_SIZE(type, field) (sizeof(((type*)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(structure, size, field) \
  ((((PCHAR)(&(structure)->field)) + sizeof((structure)->field)) <= (((PCHAR)(structure)) + (size)))
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(RTL_FIELD_TYPE(type, field)))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define _ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define TYPE_ALIGNMENT(type) ((LONG) __alignof__(type))
#define PROBE_ALIGNMENT(type) TYPE_ALIGNMENT(type)

#ifdef __cplusplus
#define C_ASSERT(condition) static_assert(condition, #condition)
#else
#define C_ASSERT(condition) _Static_assert(condition, #condition)
#endif

// In C++ a driver has templates of its own for these.
#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

// ---- Flags.
#define FlagOn(flags, bits) ((flags) & (bits))
#define BooleanFlagOn(flags, bits) ((BOOLEAN)(((flags) & (bits)) != 0))
#define SetFlag(flags, bits) ((flags) |= (bits))
#define ClearFlag(flags, bits) ((flags) &= ~(bits))
