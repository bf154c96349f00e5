// What the system says of itself.                                   [MSDN NtQuerySystemInformation]
#include <nt/ntstatus.h>
#include <nt/zw/system.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "abi/exports.hpp"
#include "abi/kernel_image.hpp"
#include "ke/verifier.hpp"
#include "ldr/loaded_image.hpp"
#include "mm/state.hpp"

using namespace mica;

namespace {

constexpr ULONG granularity = 0x10000;
constexpr ULONG_PTR first_user_address = 0x10000, last_user_address = 0x7FFF'FFFE'FFFF;

// [MSDN SYSTEM_BASIC_INFORMATION]
[[nodiscard]] SYSTEM_BASIC_INFORMATION basic_information() noexcept {
  SYSTEM_BASIC_INFORMATION basic{};
  ke::State const& ke = ke::state();
  basic.TimerResolution = ke.time.period_100ns;
  basic.PageSize = page_size;
  basic.NumberOfPhysicalPages = static_cast<ULONG>(mm::state().pages.total_pages());
  basic.LowestPhysicalPageNumber = MAXULONG;
  for (hal::PageRange const& range : Machine::physical_memory()) {
    auto const first = static_cast<ULONG>(range.first.value);
    auto const last = static_cast<ULONG>(range.first.value + range.count - 1);
    basic.LowestPhysicalPageNumber = std::min(basic.LowestPhysicalPageNumber, first);
    basic.HighestPhysicalPageNumber = std::max(basic.HighestPhysicalPageNumber, last);
  }
  basic.AllocationGranularity = granularity;
  basic.MinimumUserModeAddress = first_user_address;
  basic.MaximumUserModeAddress = last_user_address;
  basic.ActiveProcessorsAffinityMask = ke.active.load(std::memory_order_relaxed);
  basic.NumberOfProcessors = ke.number_of_processors;
  return basic;
}

// Modules into a buffer, as many as fit. The buffer need not be aligned.
class ModuleList {
 public:
  ModuleList(void* buffer, ULONG bytes) noexcept
      : buffer_{static_cast<std::byte*>(buffer)}, bytes_{bytes} {}

  void add(void* base, std::size_t bytes, std::string_view folder, std::string_view name,
           std::string_view suffix) noexcept {
    RTL_PROCESS_MODULE_INFORMATION module{};
    module.ImageBase = base;
    module.ImageSize = static_cast<ULONG>(bytes);
    module.LoadOrderIndex = static_cast<USHORT>(count_);
    module.LoadCount = 1;
    std::size_t length = 0;
    for (std::string_view const part : {folder, name, suffix}) {
      std::memcpy(module.FullPathName + length, part.data(), part.size());
      length += part.size();
    }
    module.OffsetToFileName = static_cast<USHORT>(folder.size());
    std::size_t const at = needed();
    ++count_;
    if (needed() <= bytes_) std::memcpy(buffer_ + at, &module, sizeof module);
  }
  // What the list takes.
  [[nodiscard]] ULONG needed() const noexcept {
    return static_cast<ULONG>(offsetof(RTL_PROCESS_MODULES, Modules) +
                              count_ * sizeof(RTL_PROCESS_MODULE_INFORMATION));
  }
  [[nodiscard]] NTSTATUS end() noexcept {
    if (bytes_ >= sizeof count_) std::memcpy(buffer_, &count_, sizeof count_);
    return needed() <= bytes_ ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
  }

 private:
  std::byte* buffer_;
  ULONG bytes_;
  ULONG count_ = 0;
};

[[nodiscard]] NTSTATUS tell_modules(void* buffer, ULONG bytes, ULONG& needed) noexcept {
  mica::abi::KernelImage const kernel = mica::abi::kernel_image(mica::abi::kernel_module);
  mica::abi::KernelImage const hal = mica::abi::kernel_image(mica::abi::hal_module);
  if (kernel.base == nullptr || hal.base == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  ModuleList list{buffer, bytes};
  list.add(kernel.base, kernel.bytes, "\\SystemRoot\\system32\\", "ntoskrnl", ".exe");
  list.add(hal.base, hal.bytes, "\\SystemRoot\\system32\\", "hal", ".dll");
  ldr::LoadedImage image;
  for (unsigned slot = 0; slot < ldr::most_images; ++slot)
    if (ldr::image_in(slot, image))
      list.add(image.base, image.bytes, "\\SystemRoot\\System32\\drivers\\", image.name(), ".sys");
  needed = list.needed();
  return list.end();
}

[[nodiscard]] NTSTATUS tell_basic(void* buffer, ULONG bytes, ULONG& needed) noexcept {
  SYSTEM_BASIC_INFORMATION const basic = basic_information();
  needed = sizeof basic;
  if (bytes != sizeof basic) return STATUS_INFO_LENGTH_MISMATCH;
  std::memcpy(buffer, &basic, sizeof basic);
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS NTAPI ZwQuerySystemInformation(SYSTEM_INFORMATION_CLASS SystemInformationClass,
                                        PVOID SystemInformation, ULONG SystemInformationLength,
                                        PULONG ReturnLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, SystemInformation);
  ULONG needed = 0;
  NTSTATUS status = STATUS_INVALID_INFO_CLASS;
  if (SystemInformationClass == SystemBasicInformation)
    status = tell_basic(SystemInformation, SystemInformationLength, needed);
  else if (SystemInformationClass == SystemModuleInformation)
    status = tell_modules(SystemInformation, SystemInformationLength, needed);
  if (ReturnLength != nullptr) *ReturnLength = needed;
  return status;
}
