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

// Those who wait may have it; it is not left for those who come.
LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
  constexpr auto reset = [](DISPATCHER_HEADER& header) {
    LONG const previous = header.SignalState;
    set_state(header, 0);
    return previous;
  };
  return signal(Event->Header, Increment, Wait, reset, pulse_waiters);
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
