// Events.                                        [MSDN KeInitializeEvent, KeSetEvent, KeResetEvent]
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
