// Critical regions: normal kernel APCs stay away from the calling thread.
//                                                                      [MSDN KeEnterCriticalRegion]
//   The count belongs to the thread; only its own code changes it here.
#include "ke/apc.hpp"
#include "ke/apc_disable.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

void NTAPI KeEnterCriticalRegion(void) {
  Thread& thread = current_thread();
  require_irql(PASSIVE_LEVEL, APC_LEVEL, Rule::enter_region_level, &thread);
  --thread.kernel_apc_disable;
}

void NTAPI KeLeaveCriticalRegion(void) {
  Thread& thread = current_thread();
  require_irql(PASSIVE_LEVEL, APC_LEVEL, Rule::leave_region_level, &thread);
  if (thread.kernel_apc_disable == 0) [[unlikely]]
    violation(Rule::leave_critical_region, 0);
  ++thread.kernel_apc_disable;
  let_apcs_in(thread);
}

BOOLEAN NTAPI KeAreApcsDisabled(void) {
  return apc_disable_count(current_thread()) != 0 ? TRUE : FALSE;
}
