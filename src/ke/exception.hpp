// What the executive raises, and faults, where a loaded driver may handle them: ldr does, which
// knows images and stands above. The hooks are there before the first image is.
#pragma once

#include <nt/rtl/exception.h>

#include <span>

#include "ke/thread.hpp"
#include "rtl/line.hpp"

namespace mica::ke {

struct ExceptionState {
  // Goes on in who handles it. Return if no loaded image is concerned.
  void(NTAPI* raise)(EXCEPTION_RECORD& record);
  void(NTAPI* fault)(hal::Fault const& fault);
  // Whether an address is in a loaded image.
  bool(NTAPI* is_in_image)(std::uint64_t address);
  // Puts which place of which image it is, behind `before`. False: of none, and nothing is put.
  bool(NTAPI* put_place)(rtl::Line& line, std::string_view before, std::uint64_t address);
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

// Puts what the place of an address is called, in the executive or in a loaded image, behind
// `before`. False: it has no name, and nothing is put.
bool NTAPI put_place(rtl::Line& line, std::string_view before, std::uint64_t address) noexcept;

[[nodiscard]] bool is_idle(Thread const& thread) noexcept;

}  // namespace mica::ke
