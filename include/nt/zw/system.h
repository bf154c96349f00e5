// What the system says of itself.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _SYSTEM_INFORMATION_CLASS {
  SystemBasicInformation = 0,
  SystemModuleInformation = 11
} SYSTEM_INFORMATION_CLASS;

typedef struct _SYSTEM_BASIC_INFORMATION {
  ULONG Reserved;
  ULONG TimerResolution;  // 100 ns: the longest time between two ticks
  ULONG PageSize;
  ULONG NumberOfPhysicalPages;
  ULONG LowestPhysicalPageNumber;
  ULONG HighestPhysicalPageNumber;
  ULONG AllocationGranularity;
  ULONG_PTR MinimumUserModeAddress;
  ULONG_PTR MaximumUserModeAddress;
  ULONG_PTR ActiveProcessorsAffinityMask;
  CCHAR NumberOfProcessors;
} SYSTEM_BASIC_INFORMATION, *PSYSTEM_BASIC_INFORMATION;

typedef struct _RTL_PROCESS_MODULE_INFORMATION {
  HANDLE Section;
  PVOID MappedBase;
  PVOID ImageBase;
  ULONG ImageSize;
  ULONG Flags;
  USHORT LoadOrderIndex;
  USHORT InitOrderIndex;
  USHORT LoadCount;
  USHORT OffsetToFileName;  // in FullPathName
  UCHAR FullPathName[256];
} RTL_PROCESS_MODULE_INFORMATION, *PRTL_PROCESS_MODULE_INFORMATION;

typedef struct _RTL_PROCESS_MODULES {
  ULONG NumberOfModules;
  RTL_PROCESS_MODULE_INFORMATION Modules[1];
} RTL_PROCESS_MODULES, *PRTL_PROCESS_MODULES;

// SystemBasicInformation: a SYSTEM_BASIC_INFORMATION, and Length is its size.
// SystemModuleInformation: RTL_PROCESS_MODULES, the executive's own image first, which has headers
// and exports, then the drivers that are loaded. As many of them as fit are written even if it
// fails.
// ReturnLength may be NULL; it is how many bytes all takes. IRQL PASSIVE_LEVEL.
//   STATUS_INFO_LENGTH_MISMATCH: another length, or too little.
//   STATUS_INVALID_INFO_CLASS: no such class.
//   STATUS_INSUFFICIENT_RESOURCES: no memory for the image.
//                                   [MSDN NtQuerySystemInformation, ZwQuerySystemInformation]
NTSTATUS NTAPI ZwQuerySystemInformation(SYSTEM_INFORMATION_CLASS SystemInformationClass,
                                        PVOID SystemInformation, ULONG SystemInformationLength,
                                        PULONG ReturnLength);

#ifdef __cplusplus
}
#endif
