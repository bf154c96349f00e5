// Leaving one thread for another.
#pragma once

#include "ke/processor.hpp"

namespace mica::ke {

// Leaves the current thread for `next`, which is this processor's running one by now; returns when
// the current one is continued, perhaps on another processor. DISPATCH_LEVEL, no lock held.
void NTAPI switch_to(Processor& processor, Thread& next, After after) noexcept
    MICA_REQUIRES(at_dispatch);

}  // namespace mica::ke
