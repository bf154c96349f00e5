// Alerts: what ends an alertable wait from outside.
#include "ke/scheduler.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {

// One change of the wait word: so one alert ends one wait, this or the next alertable one. A wait
// that is evaluated is left the alert; who evaluates finds it.
bool NTAPI alert(Thread& thread) noexcept {
  RaiseToDispatch raised;
  std::uint32_t seen = thread.wait.load();
  for (;;) {
    auto const state = wait_word::state(seen);
    bool const ends = (seen & wait_word::alertable) != 0 && state != wait_word::evaluating;
    std::uint32_t const next =
        ends ? wait_word::claim(seen, STATUS_ALERTED) : seen | wait_word::alerted;
    if (!thread.wait.compare_exchange_weak(seen, next)) continue;
    if (ends && state == wait_word::waiting) wake(thread, 0);
    return (seen & wait_word::alerted) != 0;
  }
}

}  // namespace mica::ke

BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE) {
  std::uint32_t const before = mica::ke::current_thread().wait.fetch_and(
      ~mica::ke::wait_word::alerted, std::memory_order_acq_rel);
  return (before & mica::ke::wait_word::alerted) != 0;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE) {
  return mica::ke::alert(*Thread);
}
