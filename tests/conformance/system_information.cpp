// The executive as drivers look it up while they run: routines by name, the image that has them,
// versions.         [MSDN MmGetSystemRoutineAddress, NtQuerySystemInformation, PsGetVersion]
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/ntimage.h>
#include <nt/ps.h>
#include <nt/zw.h>
#include <mica/test.hpp>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "rtl_support.hpp"

using namespace mica::test;

namespace {

// What SystemModuleInformation says.
class Modules {
 public:
  Modules() noexcept {
    ULONG bytes = 0;
    MICA_REQUIRE(ZwQuerySystemInformation(SystemModuleInformation, nullptr, 0, &bytes) ==
                 STATUS_INFO_LENGTH_MISMATCH);
    list_ = static_cast<PRTL_PROCESS_MODULES>(ExAllocatePoolWithTag(PagedPool, bytes, 'oMcM'));
    MICA_REQUIRE(list_ != nullptr);
    ULONG told = 0;
    MICA_REQUIRE(ZwQuerySystemInformation(SystemModuleInformation, list_, bytes, &told) ==
                 STATUS_SUCCESS);
    MICA_CHECK(told == bytes && told == offsetof(RTL_PROCESS_MODULES, Modules) +
                                            list_->NumberOfModules * sizeof *list_->Modules);
  }
  Modules(Modules const&) = delete;
  Modules& operator=(Modules const&) = delete;
  ~Modules() { ExFreePoolWithTag(list_, 'oMcM'); }

  [[nodiscard]] ULONG count() const noexcept { return list_->NumberOfModules; }
  [[nodiscard]] RTL_PROCESS_MODULE_INFORMATION const& kernel() const noexcept {
    return list_->Modules[0];
  }
  [[nodiscard]] RTL_PROCESS_MODULE_INFORMATION const& hal() const noexcept {
    MICA_REQUIRE(count() >= 2);
    return list_->Modules[1];
  }

 private:
  PRTL_PROCESS_MODULES list_;
};

template <class T>
[[nodiscard]] T const& at(RTL_PROCESS_MODULE_INFORMATION const& module, ULONG offset) noexcept {
  MICA_REQUIRE(offset <= module.ImageSize && module.ImageSize - offset >= sizeof(T));
  return *reinterpret_cast<T const*>(static_cast<unsigned char const*>(module.ImageBase) + offset);
}

[[nodiscard]] std::string_view text_at(RTL_PROCESS_MODULE_INFORMATION const& module,
                                       ULONG offset) noexcept {
  return &at<char>(module, offset);
}

[[nodiscard]] std::string_view path_of(RTL_PROCESS_MODULE_INFORMATION const& module) noexcept {
  return reinterpret_cast<char const*>(module.FullPathName);
}
[[nodiscard]] std::string_view name_of(RTL_PROCESS_MODULE_INFORMATION const& module) noexcept {
  return reinterpret_cast<char const*>(module.FullPathName) + module.OffsetToFileName;
}

// What a driver does that looks for an export itself.
[[nodiscard]] void const* search(RTL_PROCESS_MODULE_INFORMATION const& module,
                                 std::string_view name) noexcept {
  auto const& dos = at<IMAGE_DOS_HEADER>(module, 0);
  MICA_REQUIRE(dos.e_magic == IMAGE_DOS_SIGNATURE);
  auto const& headers = at<IMAGE_NT_HEADERS64>(module, static_cast<ULONG>(dos.e_lfanew));
  MICA_REQUIRE(headers.Signature == IMAGE_NT_SIGNATURE &&
               headers.OptionalHeader.SizeOfImage == module.ImageSize);
  ULONG const place =
      headers.OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress;
  auto const& exports = at<IMAGE_EXPORT_DIRECTORY>(module, place);
  MICA_CHECK(text_at(module, exports.Name) == name_of(module));
  void const* found = nullptr;
  std::string_view previous;
  bool ordered = true;
  for (ULONG i = 0; i < exports.NumberOfNames; ++i) {
    std::string_view const each =
        text_at(module, at<ULONG>(module, exports.AddressOfNames + 4 * i));
    ordered = ordered && previous < each;
    previous = each;
    if (each != name) continue;
    ULONG const ordinal = at<USHORT>(module, exports.AddressOfNameOrdinals + 2 * i);
    found = &at<char>(module, at<ULONG>(module, exports.AddressOfFunctions + 4 * ordinal));
  }
  MICA_CHECK(ordered);
  return found;
}

[[nodiscard]] PVOID routine(PCWSTR name) noexcept {
  UNICODE_STRING string;
  RtlInitUnicodeString(&string, name);
  return MmGetSystemRoutineAddress(&string);
}

}  // namespace

MICA_CASE("Mm: a routine is found by its name while the System runs, and is it") {
  using Compare = SIZE_T(NTAPI*)(VOID const*, VOID const*, SIZE_T);
  auto* const compare = reinterpret_cast<Compare>(routine(u"RtlCompareMemory"));
  MICA_REQUIRE(compare != nullptr);
  MICA_CHECK(compare("abcd", "abxd", 4) == 2);
  MICA_CHECK(routine(u"RtlCompareMemory") == reinterpret_cast<PVOID>(compare));
  auto* const print = reinterpret_cast<decltype(&DbgPrint)>(routine(u"DbgPrint"));
  MICA_REQUIRE(print != nullptr);
  MICA_CHECK(print("%s %d %d %d %d %d\n", "found by name:", 1, 2, 3, 4, 5) == STATUS_SUCCESS);
  MICA_CHECK(routine(u"PsInitialSystemProcess") == &PsInitialSystemProcess);
}

MICA_CASE("Mm: of what is no name of a routine there is none") {
  MICA_CHECK(routine(u"") == nullptr);
  MICA_CHECK(routine(u"KeNoSuchRoutine") == nullptr);
  MICA_CHECK(routine(u"kesetevent") == nullptr);
  MICA_CHECK(routine(u"KeSetEvent ") == nullptr);
  MICA_CHECK(routine(u"KeSetEv\u00EBnt") == nullptr);
  WCHAR longest[300];
  for (WCHAR& letter : longest) letter = u'K';
  UNICODE_STRING string{sizeof longest, sizeof longest, longest};
  MICA_CHECK(MmGetSystemRoutineAddress(&string) == nullptr);
}

MICA_CASE("Zw: the executive is a module with headers and exports") {
  Modules const modules;
  RTL_PROCESS_MODULE_INFORMATION const& kernel = modules.kernel();
  MICA_CHECK(path_of(kernel) == "\\SystemRoot\\system32\\ntoskrnl.exe");
  MICA_CHECK(name_of(kernel) == "ntoskrnl.exe");
  MICA_CHECK(kernel.ImageBase >= MmSystemRangeStart);
  MICA_CHECK(search(kernel, "RtlCompareMemory") == routine(u"RtlCompareMemory"));
  MICA_CHECK(search(kernel, "ZwQuerySystemInformation") != nullptr);
  MICA_CHECK(search(kernel, "memcpy") == routine(u"memcpy"));
  MICA_CHECK(search(kernel, "PsInitialSystemProcess") == nullptr);  // data
  MICA_CHECK(search(kernel, "KeNoSuchRoutine") == nullptr);
}

MICA_CASE("Zw: the older module for hardware stands behind the kernel, with what it exports") {
  Modules const modules;
  RTL_PROCESS_MODULE_INFORMATION const& hal = modules.hal();
  MICA_CHECK(path_of(hal) == "\\SystemRoot\\system32\\hal.dll");
  auto* const counter = reinterpret_cast<decltype(&KeQueryPerformanceCounter)>(
      const_cast<void*>(search(hal, "KeQueryPerformanceCounter")));
  MICA_REQUIRE(counter != nullptr);
  LARGE_INTEGER frequency{};
  MICA_CHECK(counter(&frequency).QuadPart <= KeQueryPerformanceCounter(nullptr).QuadPart);
  LARGE_INTEGER expected{};
  KeQueryPerformanceCounter(&expected);
  MICA_CHECK(frequency.QuadPart == expected.QuadPart && frequency.QuadPart != 0);
  MICA_CHECK(search(hal, "KeSetEvent") == nullptr);
  MICA_CHECK(Modules{}.hal().ImageBase == hal.ImageBase);
}

MICA_CASE("Zw: a list of modules that does not fit is told as far as it does") {
  RTL_PROCESS_MODULES one{};
  ULONG bytes = 0;
  NTSTATUS const status =
      ZwQuerySystemInformation(SystemModuleInformation, &one, sizeof one, &bytes);
  MICA_CHECK(status == (bytes > sizeof one ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS));
  MICA_CHECK(one.NumberOfModules >= 1 && one.Modules[0].ImageBase == Modules{}.kernel().ImageBase);
  one = {};
  MICA_CHECK(ZwQuerySystemInformation(SystemModuleInformation, &one, sizeof one - 1, nullptr) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(one.Modules[0].ImageBase == nullptr);
}

MICA_CASE("Zw: the system says what it stands on") {
  SYSTEM_BASIC_INFORMATION basic{};
  ULONG bytes = 0;
  MICA_CHECK(ZwQuerySystemInformation(SystemBasicInformation, &basic, sizeof basic, &bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(bytes == sizeof basic && basic.PageSize == PAGE_SIZE);
  MICA_CHECK(basic.NumberOfProcessors == KeNumberProcessors &&
             basic.ActiveProcessorsAffinityMask == KeQueryActiveProcessors());
  MICA_CHECK(basic.TimerResolution == KeQueryTimeIncrement());
  MICA_CHECK(basic.NumberOfPhysicalPages != 0 &&
             basic.LowestPhysicalPageNumber < basic.HighestPhysicalPageNumber);
  MICA_CHECK(ZwQuerySystemInformation(SystemBasicInformation, &basic, sizeof basic - 1, &bytes) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(bytes == sizeof basic);
  MICA_CHECK(ZwQuerySystemInformation(static_cast<SYSTEM_INFORMATION_CLASS>(9999), &basic,
                                      sizeof basic, &bytes) == STATUS_INVALID_INFO_CLASS);
}

MICA_CASE("Ps: the version is what RtlGetVersion says") {
  RTL_OSVERSIONINFOW version{};
  version.dwOSVersionInfoSize = sizeof version;
  MICA_REQUIRE(RtlGetVersion(&version) == STATUS_SUCCESS);
  ULONG major = 1, minor = 1, build = 1;
  WCHAR letters[4];
  UNICODE_STRING pack{sizeof letters, sizeof letters, letters};
  MICA_CHECK(PsGetVersion(&major, &minor, &build, &pack) == FALSE);
  MICA_CHECK(major == version.dwMajorVersion && minor == version.dwMinorVersion);
  MICA_CHECK(build == version.dwBuildNumber && pack.Length == 0);
  MICA_CHECK(PsGetVersion(nullptr, nullptr, nullptr, nullptr) == FALSE);
}
