// Events.                                        [MSDN KeInitializeEvent, KeSetEvent, KePulseEvent]
#include "ke/scheduler.hpp"
#include "ke/signaller.hpp"

using namespace mica;
using namespace mica::ke;

void NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
  initialize_header(Event->Header, static_cast<UCHAR>(Type), sizeof *Event, State != FALSE ? 1 : 0);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
  return signal(Event->Header, Increment, Wait, [](DISPATCHER_HEADER& header) {
    LONG const previous = header.SignalState;
    set_state(header, 1);
    return previous;
  });
}

// Set and reset under one lock: what satisfied nobody is not left for those who come.
LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
  DISPATCHER_HEADER& header = Event->Header;
  KIRQL const old = begin_signal(Wait, Event);
  at_dispatch.assert_held();
  WakeList wakes;
  lock_object(header);
  LONG const previous = header.SignalState;
  if (!list_empty(header.WaitListHead)) pulse_waiters(header, wakes);
  set_state(header, 0);
  unlock_object(header);
  finish_wakes(wakes, Increment);
  end_signal(Wait, old);
  return previous;
}

LONG NTAPI KeResetEvent(PRKEVENT Event) {
  RaiseToDispatch raised;
  ObjectGuard guard{Event->Header};
  LONG const previous = Event->Header.SignalState;
  set_state(Event->Header, 0);
  return previous;
}

void NTAPI KeClearEvent(PRKEVENT Event) {
  static_cast<void>(KeResetEvent(Event));
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
  return read_state(Event->Header);
}
