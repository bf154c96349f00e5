// Associated IRPs: parts of a request that a driver splits.
#pragma once

#include "io/state.hpp"

namespace mica::io {

// The end of a part's completion: frees it with its MDLs; the last part completes the whole.
// IRQL <= DISPATCH_LEVEL.
void NTAPI finish_part(IRP& part, CCHAR boost) noexcept;

}  // namespace mica::io
