#include <nt/rtl/version.h>

#include <nt/ntstatus.h>

namespace {

constexpr ULONG major = 10, build = 19'045;
constexpr ULONG own_version = 0x0A00'0000, version_bits = 0xFFFF'0000;  // NTDDI_WIN10

}  // namespace

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation) {
  lpVersionInformation->dwMajorVersion = major;
  lpVersionInformation->dwMinorVersion = 0;
  lpVersionInformation->dwBuildNumber = build;
  lpVersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
  lpVersionInformation->szCSDVersion[0] = 0;
  if (lpVersionInformation->dwOSVersionInfoSize != sizeof(RTL_OSVERSIONINFOEXW))
    return STATUS_SUCCESS;
  auto& extended = *reinterpret_cast<PRTL_OSVERSIONINFOEXW>(lpVersionInformation);
  extended.wServicePackMajor = extended.wServicePackMinor = 0;
  extended.wSuiteMask = VER_SUITE_SINGLEUSERTS;
  extended.wProductType = VER_NT_WORKSTATION;
  extended.wReserved = 0;
  return STATUS_SUCCESS;
}

BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version) {
  return (Version & ~version_bits) == 0 && Version <= own_version ? TRUE : FALSE;
}
