// Base types of the NT ABI on x64: LLP64, so LONG has 32 bits on every host compiler.
//   C and C++. Where a driver is compiled (_WIN32), types are those of its compiler: LONG is long,
//   WCHAR is what L"" is made of, and what only drivers' sources say is there too (wdk/).
//   Sizes and offsets are pinned in src/abi and compared with the public DDK headers in tests/abi.
//                                                        [MSDN "Windows Data Types"]
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && !defined(_WIN32)
#define NTAPI \
  __attribute__((ms_abi))  // the Microsoft calling convention, whatever the target's own is
typedef __builtin_ms_va_list MS_VA_LIST;
#define MS_VA_START(list, last) __builtin_ms_va_start(list, last)
#define MS_VA_END(list) __builtin_ms_va_end(list)
#else
#define NTAPI
typedef __builtin_va_list MS_VA_LIST;
#define MS_VA_START(list, last) __builtin_va_start(list, last)
#define MS_VA_END(list) __builtin_va_end(list)
#endif

#ifdef _WIN32
#include <nt/wdk/words.h>
#endif

#define FASTCALL NTAPI  // x64 has one convention; the DDK still writes both names
#define FORCEINLINE static inline __attribute__((always_inline))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_ALIGN(bytes) __attribute__((aligned(bytes)))
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))

#ifdef __cplusplus
extern "C" {
#endif

#define VOID void
#define CONST const

typedef char CHAR, CCHAR, *PCHAR, *PSTR;
typedef char const *PCSTR, *PCSZ;
typedef unsigned char UCHAR, BOOLEAN, *PUCHAR, *PBOOLEAN;
typedef short SHORT, CSHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT;
#ifdef _WIN32
typedef long LONG, *PLONG;
typedef unsigned long ULONG, DWORD, *PULONG, *PDWORD;
#else
typedef int LONG, *PLONG;
typedef unsigned int ULONG, DWORD, *PULONG;
#endif
typedef int INT;
typedef unsigned int UINT;
typedef long long LONGLONG, LONG64, LONG_PTR, INT_PTR, SSIZE_T, *PLONGLONG, *PLONG64, *PLONG_PTR;
typedef unsigned long long ULONGLONG, ULONG64, ULONG_PTR, UINT_PTR, SIZE_T, *PULONGLONG, *PULONG64,
    *PULONG_PTR, *PSIZE_T;
typedef void *PVOID, *HANDLE;
typedef HANDLE* PHANDLE;

#if defined(_WIN32) && !(defined(__cplusplus) && defined(MICA_WCHAR_IS_CHAR16))
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWCH, *PWSTR;
typedef WCHAR const *PCWCH, *PCWSTR;

typedef LONG NTSTATUS, *PNTSTATUS;
typedef UCHAR KIRQL, *PKIRQL;              // 0 PASSIVE_LEVEL to 15 HIGH_LEVEL
typedef ULONG LOGICAL;                     // TRUE or FALSE
typedef ULONG CLONG, *PCLONG;              // a count
typedef LONG KPRIORITY;                    // 0 to 31
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;  // a bit for each processor
typedef CCHAR KPROCESSOR_MODE;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG DEVICE_TYPE;
typedef PVOID PSECURITY_DESCRIPTOR, PSID;

#ifdef _WIN32
#define FALSE 0
#define TRUE 1
#else
#define FALSE ((BOOLEAN)0)
#define TRUE ((BOOLEAN)1)
#endif
#ifndef NULL
#define NULL 0
#endif
#define ANSI_NULL ((CHAR)0)
#define UNICODE_NULL ((WCHAR)0)
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffffu
#define MAXLONG 0x7fffffff
#define MINLONG (-MAXLONG - 1)
#define MAXLONGLONG 0x7fffffffffffffffLL

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status) (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status) (((ULONG)(status) >> 30) == 3)

#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) ((type*)((char*)(address)-offsetof(type, field)))
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ALIGN_DOWN_BY(value, alignment) ((ULONG_PTR)(value) & ~((ULONG_PTR)(alignment)-1))
#define ALIGN_UP_BY(value, alignment) ALIGN_DOWN_BY((ULONG_PTR)(value) + (alignment)-1, alignment)

#define HandleToULong(handle) ((ULONG)(ULONG_PTR)(handle))
#define ULongToHandle(value) ((HANDLE)(ULONG_PTR)(ULONG)(value))

typedef union _LARGE_INTEGER {
  struct {
    ULONG LowPart;
    LONG HighPart;
  };
  struct {
    ULONG LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
  struct {
    ULONG LowPart;
    ULONG HighPart;
  };
  struct {
    ULONG LowPart;
    ULONG HighPart;
  } u;
  ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
  ULONG LowPart;
  LONG HighPart;
} LUID, *PLUID;

typedef struct _GUID {
  ULONG Data1;
  USHORT Data2;
  USHORT Data3;
  UCHAR Data4[8];
} GUID, *PGUID;

// Lengths are in bytes and do not count a terminating null; the buffer need not have one.
typedef struct _UNICODE_STRING {
  USHORT Length;
  USHORT MaximumLength;
  PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef UNICODE_STRING const* PCUNICODE_STRING;

typedef struct _STRING {
  USHORT Length;
  USHORT MaximumLength;
  PCHAR Buffer;
} STRING, ANSI_STRING, OEM_STRING, *PSTRING, *PANSI_STRING, *POEM_STRING;
typedef STRING const *PCSTRING, *PCANSI_STRING, *PCOEM_STRING;

#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS 32767

typedef struct _LIST_ENTRY {
  struct _LIST_ENTRY* Flink;
  struct _LIST_ENTRY* Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
  struct _SINGLE_LIST_ENTRY* Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
  struct _SLIST_ENTRY* Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
  struct {
    ULONGLONG Alignment;
    ULONGLONG Region;
  };
  struct {
    ULONGLONG Depth : 16;
    ULONGLONG Sequence : 48;
    ULONGLONG Reserved : 4;
    ULONGLONG NextEntry : 60;  // the address shifted right by 4
  } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

typedef struct _OBJECT_ATTRIBUTES {
  ULONG Length;
  HANDLE RootDirectory;
  PUNICODE_STRING ObjectName;
  ULONG Attributes;
  PVOID SecurityDescriptor;
  PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800
#define OBJ_DONT_REPARSE 0x00001000
#define OBJ_VALID_ATTRIBUTES 0x00001FF2

#define InitializeObjectAttributes(p, name, attributes, root, security) \
  do {                                                                  \
    (p)->Length = sizeof(OBJECT_ATTRIBUTES);                            \
    (p)->RootDirectory = (root);                                        \
    (p)->ObjectName = (name);                                           \
    (p)->Attributes = (attributes);                                     \
    (p)->SecurityDescriptor = (security);                               \
    (p)->SecurityQualityOfService = NULL;                               \
  } while (0)

typedef struct _CLIENT_ID {
  HANDLE UniqueProcess;
  HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _GROUP_AFFINITY {
  KAFFINITY Mask;
  USHORT Group;
  USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef struct _PROCESSOR_NUMBER {
  USHORT Group;
  UCHAR Number;
  UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _KSYSTEM_TIME {
  ULONG LowPart;
  LONG High1Time;
  LONG High2Time;
} KSYSTEM_TIME, *PKSYSTEM_TIME;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;
typedef enum _NT_PRODUCT_TYPE {
  NtProductWinNt = 1,
  NtProductLanManNt,
  NtProductServer
} NT_PRODUCT_TYPE;

#define DELETE 0x00010000u
#define READ_CONTROL 0x00020000u
#define WRITE_DAC 0x00040000u
#define WRITE_OWNER 0x00080000u
#define SYNCHRONIZE 0x00100000u
#define STANDARD_RIGHTS_REQUIRED 0x000F0000u
#define STANDARD_RIGHTS_READ READ_CONTROL
#define STANDARD_RIGHTS_WRITE READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE READ_CONTROL
#define STANDARD_RIGHTS_ALL 0x001F0000u
#define SPECIFIC_RIGHTS_ALL 0x0000FFFFu
#define MAXIMUM_ALLOWED 0x02000000u
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define GENERIC_EXECUTE 0x20000000u
#define GENERIC_ALL 0x10000000u

typedef struct _GENERIC_MAPPING {
  ACCESS_MASK GenericRead;
  ACCESS_MASK GenericWrite;
  ACCESS_MASK GenericExecute;
  ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;

#ifdef __cplusplus
}
#endif
