// The kernel options special-pool=TAG and special-pool-align=end or start.
#pragma once

#include "mm/state.hpp"

namespace mica::init {

// Once, at the start. An option that means nothing ends it: who asked for special pool would look
// for a corruption in vain.
void choose_special_pool(mm::State& state) noexcept;

}  // namespace mica::init
