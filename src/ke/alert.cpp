// Alerts: what ends an alertable wait from outside.
#include "ke/scheduler.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {

bool NTAPI alert(Thread& thread) noexcept {
  RaiseToDispatch raised;
  // The token is left first, then taken back by whoever uses it: the wait that finds it, or this
  // alert once it sees a wait to end. So one alert ends one wait.
  bool const before = thread.alerted.exchange(true);
  for (;;) {
    std::uint32_t const word = thread.wait.load();
    bool const over =
        wait_word::state(word) == wait_word::idle || wait_word::state(word) == wait_word::claimed;
    if (over || (word & wait_word::alertable) == 0 || !thread.alerted.exchange(false))
      return before;
    Claim const won = claim(thread, STATUS_ALERTED, wait_word::alert);
    if (won == Claim::waiting) wake(thread, 0);
    if (won != Claim::lost) return before;
    thread.alerted.store(true);
  }
}

}  // namespace mica::ke

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE) {
  return mica::ke::alert(*Thread);
}
