// Integers of a named size and their conversions, and texts made at compile time.
//                                                                    [MSDN "Windows Data Types"]
#pragma once

#include <nt/ntdef.h>

typedef signed char INT8, *PINT8;
typedef unsigned char UINT8, *PUINT8;
typedef short INT16, *PINT16;
typedef unsigned short UINT16, *PUINT16;
typedef int INT32, *PINT32, *PINT, LONG32, *PLONG32;
typedef unsigned int UINT32, *PUINT32, *PUINT, ULONG32, *PULONG32, DWORD32, *PDWORD32;
typedef long long INT64, *PINT64, *PSSIZE_T, *PINT_PTR;
typedef unsigned long long UINT64, *PUINT64, DWORD64, *PDWORD64, DWORDLONG, *PDWORDLONG, *PUINT_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef WCHAR* LPWSTR;
typedef WCHAR const* LPCWSTR;
typedef CHAR *LPSTR, *PCH;
typedef CHAR const* LPCSTR;
typedef VOID const* LPCVOID;
typedef VOID* PVOID64;
typedef ULONG LCID, *PLCID;
typedef USHORT LANGID;

#define MAXUCHAR 0xff
#define MAXCHAR 0x7f
#define MINCHAR 0x80
#define MAXSHORT 0x7fff
#define MINSHORT 0x8000
#define MAXDWORD 0xffffffff
#define MAXULONGLONG 0xffffffffffffffffULL
#define MAXULONG_PTR (~(ULONG_PTR)0)
#define MAXSIZE_T (~(SIZE_T)0)

#define HandleToUlong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define UlongToHandle(value) ((HANDLE)(ULONG_PTR)(ULONG)(value))
#define LongToHandle(value) ((HANDLE)(LONG_PTR)(value))
#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define PtrToUint(pointer) ((UINT)(ULONG_PTR)(pointer))
#define PtrToInt(pointer) ((INT)(LONG_PTR)(pointer))
#define PtrToUshort(pointer) ((USHORT)(ULONG_PTR)(pointer))
#define UlongToPtr(value) ((PVOID)(ULONG_PTR)(ULONG)(value))
#define LongToPtr(value) ((PVOID)(LONG_PTR)(LONG)(value))
#define ULongToPtr(value) UlongToPtr(value)

#define Int32x32To64(a, b) (((LONGLONG)(LONG)(a)) * ((LONGLONG)(LONG)(b)))
#define UInt32x32To64(a, b) (((ULONGLONG)(ULONG)(a)) * ((ULONGLONG)(ULONG)(b)))
#define Int64ShllMod32(value, shift) ((ULONGLONG)(value) << ((shift)&31))
#define Int64ShraMod32(value, shift) ((LONGLONG)(value) >> ((shift)&31))
#define Int64ShrlMod32(value, shift) ((ULONGLONG)(value) >> ((shift)&31))

#define ALIGN_DOWN(value, type) ((ULONG)(value) & ~(sizeof(type) - 1))
#define ALIGN_UP(value, type) (ALIGN_DOWN(((ULONG)(value) + sizeof(type) - 1), type))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment) ((PVOID)ALIGN_UP_BY(address, alignment))

// [MSDN DECLARE_CONST_UNICODE_STRING, DECLARE_UNICODE_STRING_SIZE]
#define DECLARE_CONST_UNICODE_STRING(name, text) \
  WCHAR const name##_buffer[] = text;            \
  UNICODE_STRING const name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(name, text) \
  extern DECLSPEC_SELECTANY UNICODE_STRING const name;  \
  DECLSPEC_SELECTANY UNICODE_STRING const name = RTL_CONSTANT_STRING(text)
#define DECLARE_UNICODE_STRING_SIZE(name, characters) \
  WCHAR name##_buffer[characters];                    \
  UNICODE_STRING name = {0, (characters) * sizeof(WCHAR), name##_buffer}
