// Routines that drivers registered for a bugcheck.                [MSDN KeRegisterBugCheckCallback]
//   Those with a reason concern the writing of a crash dump; whoever writes one calls them. The
//   plain ones run at HIGH_LEVEL, the last registered first, each once.
#pragma once

#include "ke/processor.hpp"

namespace mica::ke {

// The other processors are frozen, so no lock is taken.
void NTAPI run_bugcheck_callbacks(BugcheckState& bugcheck) noexcept MICA_NO_ANALYSIS;

}  // namespace mica::ke
