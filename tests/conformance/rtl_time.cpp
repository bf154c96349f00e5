// The calendar, bits of values, the version, and memory by its old names.
#include <nt/ntstatus.h>
#include <nt/rtl.h>

#include <cstring>

#include <mica/test.hpp>

using namespace mica::test;

MICA_CASE("Rtl: a time has the fields that the calendar says") {
  LARGE_INTEGER time;
  TIME_FIELDS fields{};
  time.QuadPart = 0;
  RtlTimeToTimeFields(&time, &fields);
  MICA_CHECK(fields.Year == 1601 && fields.Month == 1 && fields.Day == 1 && fields.Weekday == 1);
  MICA_CHECK(fields.Hour == 0 && fields.Minute == 0 && fields.Second == 0);
  time.QuadPart = 116'444'736'000'000'000;  // 1970
  RtlTimeToTimeFields(&time, &fields);
  MICA_CHECK(fields.Year == 1970 && fields.Month == 1 && fields.Day == 1 && fields.Weekday == 4);
  fields = {2024, 2, 29, 23, 59, 58, 999, 0};
  MICA_REQUIRE(RtlTimeFieldsToTime(&fields, &time) == TRUE);
  MICA_CHECK(time.QuadPart == 133'537'247'989'990'000);
  RtlTimeToTimeFields(&time, &fields);
  MICA_CHECK(fields.Year == 2024 && fields.Month == 2 && fields.Day == 29 && fields.Weekday == 4);
  MICA_CHECK(fields.Hour == 23 && fields.Minute == 59 && fields.Second == 58);
  MICA_CHECK(fields.Milliseconds == 999);
}

MICA_CASE("Rtl: every day of four centuries is where it was") {
  constexpr LONGLONG day_100ns = 864'000'000'000;
  SHORT weekday = 1;
  bool holds = true;
  for (LONG day = 0; day < 146'097 + 366; ++day) {
    LARGE_INTEGER time, back;
    time.QuadPart = day * day_100ns;
    TIME_FIELDS fields{};
    RtlTimeToTimeFields(&time, &fields);
    holds = holds && RtlTimeFieldsToTime(&fields, &back) != FALSE &&
            back.QuadPart == time.QuadPart && fields.Weekday == weekday && fields.Day >= 1;
    weekday = static_cast<SHORT>((weekday + 1) % 7);
  }
  MICA_CHECK(holds);
}

MICA_CASE("Rtl: fields that are no time are refused") {
  LARGE_INTEGER time;
  auto const is_time = [&](TIME_FIELDS fields) { return RtlTimeFieldsToTime(&fields, &time) != 0; };
  MICA_CHECK(is_time({1601, 1, 1, 0, 0, 0, 0, 9}) && is_time({30827, 12, 31, 23, 59, 59, 999, 0}));
  MICA_CHECK(!is_time({1600, 1, 1, 0, 0, 0, 0, 0}) && !is_time({30828, 1, 1, 0, 0, 0, 0, 0}));
  MICA_CHECK(!is_time({2000, 0, 1, 0, 0, 0, 0, 0}) && !is_time({2000, 13, 1, 0, 0, 0, 0, 0}));
  MICA_CHECK(!is_time({2000, 1, 0, 0, 0, 0, 0, 0}) && !is_time({2000, 4, 31, 0, 0, 0, 0, 0}));
  MICA_CHECK(is_time({2000, 2, 29, 0, 0, 0, 0, 0}) && !is_time({1900, 2, 29, 0, 0, 0, 0, 0}));
  MICA_CHECK(!is_time({2000, 1, 1, 24, 0, 0, 0, 0}) && !is_time({2000, 1, 1, 0, 60, 0, 0, 0}));
  MICA_CHECK(!is_time({2000, 1, 1, 0, 0, 60, 0, 0}) && !is_time({2000, 1, 1, 0, 0, 0, 1000, 0}));
}

MICA_CASE("Rtl: seconds are counted from 1970 and from 1980, while a ULONG holds them") {
  LARGE_INTEGER time;
  ULONG seconds = 0;
  RtlSecondsSince1970ToTime(1, &time);
  MICA_CHECK(time.QuadPart == 116'444'736'010'000'000);
  time.QuadPart += 9'999'999;
  MICA_CHECK(RtlTimeToSecondsSince1970(&time, &seconds) == TRUE && seconds == 1);
  MICA_CHECK(RtlTimeToSecondsSince1980(&time, &seconds) == FALSE);
  time.QuadPart = 116'444'736'000'000'000;
  MICA_CHECK(RtlTimeToSecondsSince1970(&time, &seconds) == TRUE && seconds == 0);
  time.QuadPart -= 10'000'000;
  MICA_CHECK(RtlTimeToSecondsSince1970(&time, &seconds) == FALSE);
  time.QuadPart = -1;
  MICA_CHECK(RtlTimeToSecondsSince1970(&time, &seconds) == FALSE);
  RtlSecondsSince1980ToTime(MAXULONG, &time);
  MICA_CHECK(RtlTimeToSecondsSince1980(&time, &seconds) == TRUE && seconds == MAXULONG);
  MICA_CHECK(RtlTimeToSecondsSince1970(&time, &seconds) == FALSE);
}

MICA_CASE("Rtl: bits of a value are found and counted") {
  MICA_CHECK(RtlFindLeastSignificantBit(0) == -1 && RtlFindMostSignificantBit(0) == -1);
  MICA_CHECK(RtlNumberOfSetBitsUlongPtr(0) == 0 && RtlNumberOfSetBitsUlongPtr(~0ull) == 64);
  for (unsigned bit = 0; bit < 64; ++bit) {
    ULONGLONG const value = 1ull << bit;
    MICA_CHECK(RtlFindLeastSignificantBit(value | 1ull << 63) == static_cast<CCHAR>(bit));
    MICA_CHECK(RtlFindMostSignificantBit(value | 1) == static_cast<CCHAR>(bit));
    MICA_CHECK(RtlNumberOfSetBitsUlongPtr(value - 1) == bit);
  }
}

MICA_CASE("Rtl: the version is 10.0, build 19045") {
  RTL_OSVERSIONINFOEXW version;
  std::memset(&version, 0xAA, sizeof version);
  version.dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW);
  auto* const plain = reinterpret_cast<PRTL_OSVERSIONINFOW>(&version);
  MICA_CHECK(RtlGetVersion(plain) == STATUS_SUCCESS);
  MICA_CHECK(version.dwMajorVersion == 10 && version.dwMinorVersion == 0);
  MICA_CHECK(version.dwBuildNumber == 19045 && version.dwPlatformId == VER_PLATFORM_WIN32_NT);
  MICA_CHECK(version.szCSDVersion[0] == 0 && version.wProductType == 0xAA);
  version.dwOSVersionInfoSize = sizeof version;
  MICA_CHECK(RtlGetVersion(plain) == STATUS_SUCCESS);
  MICA_CHECK(version.wProductType == VER_NT_WORKSTATION && version.wServicePackMajor == 0);
  MICA_CHECK(version.wReserved == 0);
  MICA_CHECK(RtlIsNtDdiVersionAvailable(0x06010000) == TRUE);
  MICA_CHECK(RtlIsNtDdiVersionAvailable(0x0A000000) == TRUE);
  MICA_CHECK(RtlIsNtDdiVersionAvailable(0x0B000000) == FALSE);
  MICA_CHECK(RtlIsNtDdiVersionAvailable(0x06010100) == FALSE);
}

namespace {

// How the version compares with another: members and, for all of them, the condition.
NTSTATUS verify(RTL_OSVERSIONINFOEXW wanted, ULONG members, UCHAR condition) {
  ULONGLONG mask = 0;
  for (ULONG member = 1; member <= VER_PRODUCT_TYPE; member <<= 1)
    if ((members & member) != 0) VER_SET_CONDITION(mask, member, condition);
  wanted.dwOSVersionInfoSize = sizeof wanted;
  return RtlVerifyVersionInfo(&wanted, members, mask);
}

RTL_OSVERSIONINFOEXW version_of(ULONG major, ULONG minor) {
  RTL_OSVERSIONINFOEXW version{};
  version.dwMajorVersion = major;
  version.dwMinorVersion = minor;
  return version;
}

}  // namespace

MICA_CASE("Rtl: major and minor version are one number, compared as the condition says") {
  constexpr ULONG number = VER_MAJORVERSION | VER_MINORVERSION;
  constexpr NTSTATUS mismatch = STATUS_REVISION_MISMATCH;
  MICA_CHECK(verify(version_of(6, 1), number, VER_GREATER_EQUAL) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(6, 1), number, VER_GREATER) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(6, 1), number, VER_LESS_EQUAL) == mismatch);
  MICA_CHECK(verify(version_of(10, 0), number, VER_EQUAL) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(10, 0), number, VER_GREATER_EQUAL) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(10, 0), number, VER_LESS_EQUAL) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(10, 0), number, VER_GREATER) == mismatch);
  MICA_CHECK(verify(version_of(10, 1), number, VER_GREATER_EQUAL) == mismatch);
  MICA_CHECK(verify(version_of(10, 1), number, VER_LESS) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(11, 0), number, VER_LESS) == STATUS_SUCCESS);
  MICA_CHECK(verify(version_of(10, 0), number, VER_LESS) == mismatch);
  MICA_CHECK(verify(version_of(6, 1), number, VER_LESS) == mismatch);
  MICA_CHECK(verify(version_of(11, 0), VER_MAJORVERSION, VER_EQUAL) == mismatch);
  RTL_OSVERSIONINFOEXW pack = version_of(10, 0);
  pack.wServicePackMinor = 1;
  MICA_CHECK(verify(pack, number | VER_SERVICEPACKMAJOR | VER_SERVICEPACKMINOR, VER_LESS) ==
             STATUS_SUCCESS);
}

MICA_CASE("Rtl: each other member of a version is compared by itself") {
  RTL_OSVERSIONINFOEXW wanted = version_of(10, 0);
  wanted.dwBuildNumber = 19044;
  wanted.dwPlatformId = VER_PLATFORM_WIN32_NT;
  wanted.wProductType = VER_NT_WORKSTATION;
  constexpr NTSTATUS mismatch = STATUS_REVISION_MISMATCH;
  constexpr ULONG kind = VER_PLATFORMID | VER_PRODUCT_TYPE;
  MICA_CHECK(verify(wanted, kind, VER_EQUAL) == STATUS_SUCCESS);
  MICA_CHECK(verify(wanted, VER_BUILDNUMBER, VER_GREATER) == STATUS_SUCCESS);
  MICA_CHECK(verify(wanted, VER_BUILDNUMBER | VER_MAJORVERSION, VER_EQUAL) == mismatch);
  wanted.wProductType = VER_NT_WORKSTATION + 1;
  MICA_CHECK(verify(wanted, kind, VER_EQUAL) == mismatch);
  wanted.wSuiteMask = VER_SUITE_SINGLEUSERTS | 1;
  MICA_CHECK(verify(wanted, VER_SUITENAME, VER_OR) == STATUS_SUCCESS);
  MICA_CHECK(verify(wanted, VER_SUITENAME, VER_AND) == mismatch);
  wanted.wSuiteMask = VER_SUITE_SINGLEUSERTS;
  MICA_CHECK(verify(wanted, VER_SUITENAME, VER_AND) == STATUS_SUCCESS);
}

MICA_CASE("Rtl: a version is not compared by conditions that are none") {
  constexpr NTSTATUS invalid = STATUS_INVALID_PARAMETER;
  MICA_CHECK(verify(version_of(10, 0), 0, VER_EQUAL) == invalid);
  MICA_CHECK(verify(version_of(10, 0), VER_MAJORVERSION, 0) == invalid);
  MICA_CHECK(verify(version_of(10, 0), VER_MAJORVERSION, VER_AND) == invalid);
  MICA_CHECK(verify(version_of(10, 0), VER_SUITENAME, VER_EQUAL) == invalid);
  RTL_OSVERSIONINFOEXW wanted = version_of(10, 0);
  ULONGLONG const mask = VerSetConditionMask(0, VER_MAJORVERSION | 0x100, VER_EQUAL);
  MICA_CHECK(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION, mask) == STATUS_SUCCESS);
  MICA_CHECK(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | 0x100, mask) == invalid);
}

MICA_CASE("Rtl: memory is filled and moved") {
  UCHAR bytes[6];
  RtlFillMemory(bytes, sizeof bytes, 7);
  bytes[0] = 1;
  RtlMoveMemory(bytes + 1, bytes, 2);
  MICA_CHECK(std::memcmp(bytes, "\1\1\7\7\7\7", 6) == 0);
}
