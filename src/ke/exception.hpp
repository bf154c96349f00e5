// What the executive raises, and faults, where a loaded driver may handle them: ldr does, which
// knows images and stands above. The hooks are there before the first image is.
#pragma once

#include <nt/rtl/exception.h>

#include <span>

#include "ke/thread.hpp"

namespace mica::ke {

struct ExceptionState {
  // Goes on in who handles it. Return if no loaded image is concerned.
  void(NTAPI* raise)(EXCEPTION_RECORD& record);
  void(NTAPI* fault)(hal::Fault const& fault);
  // The image around a code address, and how far into it; or a null name.
  hal::SymbolName(NTAPI* image_of)(std::uint64_t address);
};

// Raises it in the loaded image that called the executive. Returns if none did, or if a handler
// says that the caller goes on.
void NTAPI raise(EXCEPTION_RECORD& record) noexcept;

inline constexpr std::size_t longest_trace = 32;

// A bugcheck whose backtrace is these addresses.
[[noreturn]] void NTAPI bugcheck_at(std::span<std::uint64_t const> trace, ULONG code,
                                    ULONG_PTR first, ULONG_PTR second, ULONG_PTR third,
                                    ULONG_PTR fourth) noexcept;

// What code raises whose fault that is; STATUS_SUCCESS: nothing, the machine is at fault, or the
// stack is full.
[[nodiscard]] NTSTATUS exception_of(hal::Fault const& fault) noexcept;

[[nodiscard]] bool is_idle(Thread const& thread) noexcept;

}  // namespace mica::ke
