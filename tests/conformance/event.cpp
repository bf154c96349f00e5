// Events.                                        [MSDN KeInitializeEvent, KeSetEvent, KeResetEvent]
#include "support.hpp"

#include <atomic>

using namespace mica::test;

MICA_CASE("Ke: an event begins in the state it was given") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
  MICA_CHECK(poll(&event) == STATUS_TIMEOUT);
  KeInitializeEvent(&event, NotificationEvent, TRUE);
  MICA_CHECK(KeReadStateEvent(&event) != 0);
  MICA_CHECK(poll(&event) == STATUS_SUCCESS);
}

MICA_CASE("Ke: KeSetEvent, KeResetEvent and KeClearEvent say or hide the state before") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  MICA_CHECK(KeSetEvent(&event, 0, FALSE) == 0);
  MICA_CHECK(KeSetEvent(&event, 0, FALSE) != 0);
  MICA_CHECK(KeResetEvent(&event) != 0);
  MICA_CHECK(KeResetEvent(&event) == 0);
  KeSetEvent(&event, 0, FALSE);
  KeClearEvent(&event);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
}

MICA_CASE("Ke: a notification event stays signalled, a synchronization event satisfies one wait") {
  KEVENT notification;
  KEVENT synchronization;
  KeInitializeEvent(&notification, NotificationEvent, TRUE);
  KeInitializeEvent(&synchronization, SynchronizationEvent, TRUE);
  MICA_CHECK(poll(&notification) == STATUS_SUCCESS);
  MICA_CHECK(poll(&notification) == STATUS_SUCCESS);
  MICA_CHECK(poll(&synchronization) == STATUS_SUCCESS);
  MICA_CHECK(poll(&synchronization) == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateEvent(&synchronization) == 0);
}

MICA_CASE("Ke: events pass control back and forth between two threads") {
  struct {
    KEVENT go;
    KEVENT back;
    int seen;
  } pair{};
  constexpr int rounds = 100;
  KeInitializeEvent(&pair.go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&pair.back, SynchronizationEvent, FALSE);
  auto partner = [&pair] {
    for (int i = 0; i < rounds; ++i) {
      MICA_CHECK(wait(&pair.go) == STATUS_SUCCESS);
      ++pair.seen;
      KeSetEvent(&pair.back, 0, FALSE);
    }
  };
  auto* const thread = start(partner, {.processor = 1});
  for (int i = 0; i < rounds; ++i) {
    KeSetEvent(&pair.go, 0, FALSE);
    MICA_CHECK(wait(&pair.back) == STATUS_SUCCESS);
    MICA_CHECK(pair.seen == i + 1);
  }
  join(thread);
}

MICA_CASE("Ke: sync event wakes one waiter per set") {
  KEVENT event;
  std::atomic<int> woken{0};
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    ++woken;
  };
  constexpr int waiters = 3;
  mica::test::Thread* threads[waiters];
  for (int i = 0; i < waiters; ++i) threads[i] = start(waiter, {.processor = i});
  for (auto* thread : threads) until_waiting(thread);
  for (int i = 0; i < waiters; ++i) {
    MICA_CHECK(woken == i);
    KeSetEvent(&event, 0, FALSE);
    until([&] { return woken > i; });
    sleep(2 * millisecond_100ns);  // time in which no other may wake
  }
  MICA_CHECK(woken == waiters);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
  for (auto* thread : threads) join(thread);
}

MICA_CASE("Ke: notification event wakes every waiter") {
  KEVENT event;
  std::atomic<int> woken{0};
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  auto waiter = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    ++woken;
  };
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(waiter, {.processor = i});
  for (auto* thread : threads) until_waiting(thread);
  MICA_CHECK(woken == 0);
  KeSetEvent(&event, 0, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(woken == 3);
  MICA_CHECK(KeReadStateEvent(&event) != 0);
}

MICA_CASE("Ke: an event may be set at DISPATCH_LEVEL") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(KeSetEvent(&event, 0, FALSE) == 0);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  MICA_CHECK(KeReadStateEvent(&event) != 0);
}

MICA_CASE("Ke: setting an event above DISPATCH_LEVEL is bugcheck C4, 80") {
  auto const end = bugcheck_of([] {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KIRQL old;
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeSetEvent(&event, 0, FALSE);
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x80 && end.parameters[1] == HIGH_LEVEL);
}

MICA_CASE("Ke: KeSetEvent with Wait leaves the level raised for the wait that follows") {
  KEVENT go;
  KEVENT back;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&back, SynchronizationEvent, FALSE);
  auto partner = [&] {
    MICA_CHECK(wait(&go) == STATUS_SUCCESS);
    KeSetEvent(&back, 0, FALSE);
  };
  auto* const thread = start(partner);
  KeSetEvent(&go, 0, TRUE);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(wait(&back) == STATUS_SUCCESS);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  join(thread);
}

MICA_CASE("Ke: KeSetEvent with Wait at DISPATCH_LEVEL is bugcheck C4, 80") {
  auto const end = bugcheck_of([] {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrqlToDpcLevel();
    KeSetEvent(&event, 0, TRUE);
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             end.parameters[0] == 0x80);
}
