// Faults in kernel mode, one for each boot: what Handlers::fault is told is printed and compared by
// CTest.
#pragma once

#include <machine.hpp>

namespace mica::hal_suite {

// Whether the command line is `fault=NAME`.
[[nodiscard]] bool fault_wanted() noexcept;
[[nodiscard]] hal::Handlers const& fault_handlers() noexcept;
[[noreturn]] void make_fault() noexcept;

}  // namespace mica::hal_suite
