// Whether the version is what a driver wants.      [MSDN RtlVerifyVersionInfo, VerSetConditionMask]
#include <nt/rtl/version.h>

#include <nt/ntstatus.h>

#include <bit>

namespace mica::rtl {
namespace {

constexpr ULONG all_members = 0xFF;

// A member as the system has it, and as it is wanted.
struct Member {
  ULONG type;
  ULONG running, wanted;
};

[[nodiscard]] ULONG condition_of(ULONGLONG mask, ULONG type) noexcept {
  auto const place = static_cast<ULONG>(std::countr_zero(type)) * VER_NUM_BITS_PER_CONDITION_MASK;
  return static_cast<ULONG>(mask >> place) & VER_CONDITION_MASK;
}

[[nodiscard]] bool holds(ULONG condition, ULONG running, ULONG wanted) noexcept {
  switch (condition) {
    case VER_EQUAL:
      return running == wanted;
    case VER_GREATER:
      return running > wanted;
    case VER_GREATER_EQUAL:
      return running >= wanted;
    case VER_LESS:
      return running < wanted;
    default:
      return running <= wanted;
  }
}

[[nodiscard]] bool has_suites(ULONG condition, ULONG running, ULONG wanted) noexcept {
  return condition == VER_AND ? (running & wanted) == wanted : (running & wanted) != 0;
}

[[nodiscard]] bool are_conditions_valid(ULONG types, ULONGLONG mask) noexcept {
  if (types == 0 || (types & ~all_members) != 0) return false;
  for (ULONG type = 1; type <= all_members; type <<= 1) {
    ULONG const condition = condition_of(mask, type);
    bool const of_suites = condition == VER_AND || condition == VER_OR;
    if ((types & type) != 0 && (condition == 0 || of_suites != (type == VER_SUITENAME)))
      return false;
  }
  return true;
}

// The parts of the number, the first of them first: what differs decides, by its condition. A part
// that is the same leaves it to the next, also where more or less of it is wanted.
template <std::size_t N>
[[nodiscard]] bool is_number_right(Member const (&parts)[N], ULONG types, ULONGLONG mask) noexcept {
  bool right = true;
  for (Member const& part : parts) {
    if ((types & part.type) == 0) continue;
    right = holds(condition_of(mask, part.type), part.running, part.wanted);
    if (part.running != part.wanted) break;
  }
  return right;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition) {
  for (ULONG place = 0; TypeMask != 0; TypeMask >>= 1, place += VER_NUM_BITS_PER_CONDITION_MASK)
    if ((TypeMask & 1) != 0)
      ConditionMask |= ULONGLONG{Condition & ULONG{VER_CONDITION_MASK}} << place;
  return ConditionMask;
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask) {
  if (!are_conditions_valid(TypeMask, ConditionMask)) return STATUS_INVALID_PARAMETER;
  RTL_OSVERSIONINFOEXW running;
  running.dwOSVersionInfoSize = sizeof running;
  static_cast<void>(RtlGetVersion(reinterpret_cast<PRTL_OSVERSIONINFOW>(&running)));
  RTL_OSVERSIONINFOEXW const& wanted = *VersionInfo;
  Member const number[] = {
      {VER_MAJORVERSION, running.dwMajorVersion, wanted.dwMajorVersion},
      {VER_MINORVERSION, running.dwMinorVersion, wanted.dwMinorVersion},
      {VER_SERVICEPACKMAJOR, running.wServicePackMajor, wanted.wServicePackMajor},
      {VER_SERVICEPACKMINOR, running.wServicePackMinor, wanted.wServicePackMinor}};
  Member const others[] = {{VER_BUILDNUMBER, running.dwBuildNumber, wanted.dwBuildNumber},
                           {VER_PLATFORMID, running.dwPlatformId, wanted.dwPlatformId},
                           {VER_PRODUCT_TYPE, running.wProductType, wanted.wProductType}};
  bool right = is_number_right(number, TypeMask, ConditionMask);
  for (Member const& each : others)
    if ((TypeMask & each.type) != 0)
      right &= holds(condition_of(ConditionMask, each.type), each.running, each.wanted);
  if ((TypeMask & VER_SUITENAME) != 0)
    right &= has_suites(condition_of(ConditionMask, VER_SUITENAME), running.wSuiteMask,
                        wanted.wSuiteMask);
  return right ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}
