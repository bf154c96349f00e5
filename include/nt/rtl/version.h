// The system's version: 10.0, build 19045, a workstation's. Any IRQL.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _OSVERSIONINFOW {
  ULONG dwOSVersionInfoSize;
  ULONG dwMajorVersion;
  ULONG dwMinorVersion;
  ULONG dwBuildNumber;
  ULONG dwPlatformId;
  WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
  ULONG dwOSVersionInfoSize;
  ULONG dwMajorVersion;
  ULONG dwMinorVersion;
  ULONG dwBuildNumber;
  ULONG dwPlatformId;
  WCHAR szCSDVersion[128];
  USHORT wServicePackMajor;
  USHORT wServicePackMinor;
  USHORT wSuiteMask;
  UCHAR wProductType;
  UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;

#define VER_PLATFORM_WIN32_NT 2
#define VER_NT_WORKSTATION 1
#define VER_SUITE_SINGLEUSERTS 0x00000100

// ---- What of a version is compared, and how: the running one is to be ... than the given one.
#define VER_MINORVERSION 0x0000001
#define VER_MAJORVERSION 0x0000002
#define VER_BUILDNUMBER 0x0000004
#define VER_PLATFORMID 0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME 0x0000040
#define VER_PRODUCT_TYPE 0x0000080

#define VER_EQUAL 1
#define VER_GREATER 2
#define VER_GREATER_EQUAL 3
#define VER_LESS 4
#define VER_LESS_EQUAL 5
#define VER_AND 6  // every suite that is given
#define VER_OR 7   // one of them

#define VER_CONDITION_MASK 7
#define VER_NUM_BITS_PER_CONDITION_MASK 3
#define VER_SET_CONDITION(_m_, _t_, _c_) ((_m_) = VerSetConditionMask((_m_), (_t_), (_c_)))

// dwOSVersionInfoSize says which of the two structures it is; what is of another size is filled as
// the shorter one.                                                             [MSDN RtlGetVersion]
NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation);
// Whether it is this version or a later one than NTDDI_... says. FALSE for one with a service pack.
//                                                                [MSDN RtlIsNtDdiVersionAvailable]
BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version);

// The mask with a condition for the members that TypeMask names. Use VER_SET_CONDITION.
//                                                                        [MSDN VerSetConditionMask]
ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition);
// Whether the version is as the members that TypeMask names want it, each by its condition. Major,
// minor and service pack are one number in four parts: what differs first decides.
// STATUS_REVISION_MISMATCH; STATUS_INVALID_PARAMETER: TypeMask names nothing or what there is not,
// or a member has no condition, or one that is not for it.              [MSDN RtlVerifyVersionInfo]
NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask);

#ifdef __cplusplus
}
#endif
