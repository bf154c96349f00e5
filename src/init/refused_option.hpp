// A kernel option whose value is no good ends the start: who asked for it would wait for what it
// brings in vain.
#pragma once

#include <cstdint>
#include <string_view>

#include "ke/bugcheck.hpp"
#include "rtl/line.hpp"

namespace mica::init {

// Says what the option was given and what it needs. `place`: parameter 1 of the bugcheck.
[[noreturn]] inline void refuse_option(std::string_view name, std::string_view given,
                                       std::string_view needs, ULONG_PTR place) noexcept {
  rtl::Line{} << "mica: the kernel option " << name << "=" << given << " needs " << needs;
  ke::bugcheck(PHASE0_INITIALIZATION_FAILED, place);
}

}  // namespace mica::init
