// The version, as it was asked for before RtlGetVersion.                       [MSDN PsGetVersion]
#include <nt/ps.h>
#include <nt/rtl/version.h>

BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion) {
  RTL_OSVERSIONINFOW version;
  version.dwOSVersionInfoSize = sizeof version;
  static_cast<void>(RtlGetVersion(&version));
  if (MajorVersion != nullptr) *MajorVersion = version.dwMajorVersion;
  if (MinorVersion != nullptr) *MinorVersion = version.dwMinorVersion;
  if (BuildNumber != nullptr) *BuildNumber = version.dwBuildNumber;
  if (CSDVersion != nullptr) CSDVersion->Length = 0;
  return FALSE;
}
