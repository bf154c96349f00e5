// What setting an event, releasing a semaphore and releasing a mutant have in common.
#pragma once

#include "ke/wait.hpp"

namespace mica::ke {

inline void initialize_header(DISPATCHER_HEADER& header, UCHAR type, std::size_t bytes,
                              LONG state) noexcept {
  header.Type = type;
  header.Size = static_cast<UCHAR>(bytes / sizeof(LONG));
  header.TimerMiscFlags = 0;
  header.SignalState = state;
  list_initialize(header.WaitListHead);
}

[[nodiscard]] inline LONG read_state(DISPATCHER_HEADER& header) noexcept {
  return std::atomic_ref<LONG>{header.SignalState}.load(std::memory_order_acquire);
}

// Checks the level a signalling routine is called at: <= DISPATCH_LEVEL, with Wait = TRUE <=
// APC_LEVEL. Raises.
[[nodiscard]] KIRQL NTAPI begin_signal(BOOLEAN wait, void* object) noexcept;
// Lowers again; with Wait = TRUE leaves that to the wait that follows.
void NTAPI end_signal(BOOLEAN wait, KIRQL old) noexcept;

// Changes an object's state under its lock by `change`, which returns the previous state, and wakes
// whom that satisfies, by `wake_whom`.
template <class Change>
inline LONG signal(DISPATCHER_HEADER& header, KPRIORITY increment, BOOLEAN wait, Change change,
                   decltype(wake_waiters)& wake_whom = wake_waiters) noexcept {
  KIRQL const old = begin_signal(wait, &header);
  at_dispatch.assert_held();
  lock_object(header);
  LONG const previous = change(header);
  if (list_empty(header.WaitListHead)) {
    unlock_object(header);
  } else {
    WakeList wakes;
    wake_whom(header, wakes);
    unlock_object(header);
    finish_wakes(wakes, increment);
  }
  end_signal(wait, old);
  return previous;
}

}  // namespace mica::ke
