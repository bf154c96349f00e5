// Semaphores.                                      [MSDN KeInitializeSemaphore, KeReleaseSemaphore]
#include "ke/signaller.hpp"

using namespace mica;
using namespace mica::ke;

void NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
  initialize_header(Semaphore->Header, SemaphoreObject, sizeof *Semaphore, Count);
  Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait) {
  void* const caller = __builtin_return_address(0);
  bool exceeded = false;
  LONG const previous = signal(Semaphore->Header, Increment, Wait, [&](DISPATCHER_HEADER& header) {
    LONG const count = header.SignalState;
    exceeded = Adjustment <= 0 || Adjustment > Semaphore->Limit - count;
    if (!exceeded) set_state(header, count + Adjustment);
    return count;
  });
  if (exceeded) raise_status(STATUS_SEMAPHORE_LIMIT_EXCEEDED, caller);
  return previous;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore) {
  return read_state(Semaphore->Header);
}
