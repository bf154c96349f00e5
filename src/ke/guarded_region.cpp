// Guarded regions: all APCs stay away from the calling thread.
//                                              [MSDN KeEnterGuardedRegion, GuardedRegions rule]
//   The count belongs to the thread; only its own code changes it.
#include "ke/apc.hpp"
#include "ke/apc_disable.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

void NTAPI require_apc_level() noexcept {
  if (Machine::irql() > APC_LEVEL) [[unlikely]]
    violation(Rule::guarded_region_level,
              as_parameter("Guarded regions are entered and left at IRQL <= APC_LEVEL."));
}

}  // namespace

void NTAPI KeEnterGuardedRegion(void) {
  require_apc_level();
  --current_thread().special_apc_disable;
}

void NTAPI KeLeaveGuardedRegion(void) {
  require_apc_level();
  Thread& thread = current_thread();
  if (thread.special_apc_disable == 0) [[unlikely]]
    violation(Rule::leave_guarded_region,
              as_parameter("KeLeaveGuardedRegion follows KeEnterGuardedRegion of its thread."));
  ++thread.special_apc_disable;
  let_apcs_in(thread);
}

BOOLEAN NTAPI KeAreAllApcsDisabled(void) {
  bool const disabled = Machine::irql() >= APC_LEVEL || current_thread().special_apc_disable != 0;
  return disabled ? TRUE : FALSE;
}
