// Stopping the System with NT's bugcheck codes.
//   bugcheck: any IRQL; never returns; what KeBugCheckEx is.
#pragma once

#include <nt/bugcodes.h>
#include <nt/ke.h>

#include "base/list.hpp"
#include "ke/spin_lock.hpp"

namespace mica::ke {

[[noreturn]] void NTAPI bugcheck(ULONG code, ULONG_PTR first = 0, ULONG_PTR second = 0,
                                 ULONG_PTR third = 0, ULONG_PTR fourth = 0) noexcept;

// Raises an exception in the loaded image that called the executive; where none did it is bugcheck
// KMODE_EXCEPTION_NOT_HANDLED with the status and the place that raised it.
[[noreturn]] void NTAPI raise_status(NTSTATUS status, void* caller) noexcept;

[[nodiscard]] inline ULONG_PTR as_parameter(void const* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

// What a machine's Handlers::fault is.
void NTAPI fault(hal::Fault const& fault) noexcept;

[[nodiscard]] char const* NTAPI bugcheck_name(ULONG code) noexcept;

struct BugcheckState {
  SpinLock<Rank::bugcheck> callbacks_lock;
  LIST_ENTRY callbacks;
  LIST_ENTRY reason_callbacks;
  std::atomic<std::uint32_t> owner;  // processor number + 1 of the first processor that came here
  ULONG code;
  ULONG_PTR parameters[4];
  // Which bugcheck a page fault at that address is, if mm knows better than its level; 0: it does
  // not.
  ULONG(NTAPI* fault_code)(std::uintptr_t address);
  // A test may take a bugcheck of its own thread instead: does not return then.
  void(NTAPI* divert)(ULONG code, ULONG_PTR const* parameters, std::uint64_t frame);
};

}  // namespace mica::ke
