// Callback objects.                [MSDN ExCreateCallback, ExRegisterCallback, ExNotifyCallback]
#include <nt/ex.h>
#include <nt/ntstatus.h>

#include <atomic>

#include "ob_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

// Writes down who was called, in order.
struct Log {
  char calls[8] = {};
  int count = 0;
  PVOID first = nullptr, second = nullptr;
  KIRQL level = HIGH_LEVEL;
};

template <char name>
VOID NTAPI note(PVOID context, PVOID first, PVOID second) {
  auto& log = *static_cast<Log*>(context);
  log.calls[log.count++] = name;
  log.first = first;
  log.second = second;
  log.level = KeGetCurrentIrql();
}

PCALLBACK_OBJECT make(OBJECT_ATTRIBUTES* attributes, bool allows_many) {
  PCALLBACK_OBJECT object = nullptr;
  MICA_CHECK(ExCreateCallback(&object, attributes, TRUE, allows_many ? TRUE : FALSE) ==
             STATUS_SUCCESS);
  return object;
}

}  // namespace

MICA_CASE("Ex: a callback object calls its routines in the order of their registration") {
  Attributes attributes{u"\\Callback\\MicaOrder"};
  PCALLBACK_OBJECT const object = make(attributes, true);
  MICA_REQUIRE(object != nullptr);
  Log log;
  ExNotifyCallback(object, nullptr, nullptr);  // nobody is registered
  PVOID const a = ExRegisterCallback(object, note<'a'>, &log);
  PVOID const b = ExRegisterCallback(object, note<'b'>, &log);
  PVOID const c = ExRegisterCallback(object, note<'c'>, &log);
  MICA_REQUIRE(a != nullptr && b != nullptr && c != nullptr);
  ExNotifyCallback(object, &log, log.calls);
  MICA_CHECK(log.count == 3);
  MICA_CHECK(log.calls[0] == 'a' && log.calls[1] == 'b' && log.calls[2] == 'c');
  MICA_CHECK(log.first == &log && log.second == log.calls && log.level == PASSIVE_LEVEL);
  ExUnregisterCallback(b);
  ExNotifyCallback(object, nullptr, nullptr);
  MICA_CHECK(log.count == 5 && log.calls[3] == 'a' && log.calls[4] == 'c');
  ExUnregisterCallback(a);
  ExUnregisterCallback(c);
  ExNotifyCallback(object, nullptr, nullptr);
  MICA_CHECK(log.count == 5);
  ObDereferenceObject(object);
}

MICA_CASE("Ex: routines of a callback object are called at their notifier's level") {
  Attributes attributes{u"\\Callback\\MicaLevel"};
  PCALLBACK_OBJECT const object = make(attributes, true);
  MICA_REQUIRE(object != nullptr);
  Log log;
  PVOID const registration = ExRegisterCallback(object, note<'d'>, &log);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ExNotifyCallback(object, nullptr, nullptr);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  MICA_CHECK(log.count == 1 && log.level == DISPATCH_LEVEL);
  ExUnregisterCallback(registration);
  ObDereferenceObject(object);
}

MICA_CASE("Ex: a callback object may be for one routine at a time") {
  Attributes attributes{u"\\Callback\\MicaOne"};
  PCALLBACK_OBJECT const object = make(attributes, false);
  MICA_REQUIRE(object != nullptr);
  Log log;
  PVOID registration = ExRegisterCallback(object, note<'a'>, &log);
  MICA_REQUIRE(registration != nullptr);
  MICA_CHECK(ExRegisterCallback(object, note<'b'>, &log) == nullptr);
  ExUnregisterCallback(registration);
  registration = ExRegisterCallback(object, note<'b'>, &log);
  MICA_REQUIRE(registration != nullptr);
  ExNotifyCallback(object, nullptr, nullptr);
  MICA_CHECK(log.count == 1 && log.calls[0] == 'b');
  ExUnregisterCallback(registration);
  ObDereferenceObject(object);
}

MICA_CASE("Ex: a permanent callback object is found by its name") {
  Attributes attributes{u"\\Callback\\MicaNamed", OBJ_PERMANENT | OBJ_CASE_INSENSITIVE};
  Attributes named{u"\\callback\\micanamed"};
  PCALLBACK_OBJECT found = nullptr;
  MICA_CHECK(ExCreateCallback(&found, named, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(found == nullptr);
  PCALLBACK_OBJECT const object = make(attributes, false);
  MICA_REQUIRE(object != nullptr);
  MICA_CHECK(ExCreateCallback(&found, named, FALSE, TRUE) == STATUS_SUCCESS && found == object);
  ObDereferenceObject(found);
  MICA_CHECK(ExCreateCallback(&found, named, TRUE, TRUE) == STATUS_SUCCESS && found == object);
  ObDereferenceObject(found);
  // It is what it was made as: for one.
  Log log;
  PVOID const registration = ExRegisterCallback(object, note<'a'>, &log);
  MICA_CHECK(ExRegisterCallback(object, note<'b'>, &log) == nullptr);
  ObMakeTemporaryObject(object);
  ObDereferenceObject(object);  // the registration keeps it
  ExNotifyCallback(object, nullptr, nullptr);
  MICA_CHECK(log.count == 1);
  ExUnregisterCallback(registration);
  MICA_CHECK(ExCreateCallback(&found, named, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Ex: a callback object has a name that is its own") {
  PCALLBACK_OBJECT object = nullptr;
  OBJECT_ATTRIBUTES unnamed;
  InitializeObjectAttributes(&unnamed, nullptr, 0, nullptr, nullptr);
  MICA_CHECK(ExCreateCallback(&object, &unnamed, TRUE, TRUE) == STATUS_UNSUCCESSFUL);
  UNICODE_STRING nothing{};
  unnamed.ObjectName = &nothing;
  MICA_CHECK(ExCreateCallback(&object, &unnamed, TRUE, TRUE) == STATUS_UNSUCCESSFUL);
  Attributes elsewhere{u"\\Nowhere\\Mica"};
  MICA_CHECK(ExCreateCallback(&object, elsewhere, TRUE, TRUE) == STATUS_OBJECT_PATH_NOT_FOUND);
  Attributes taken{u"\\Callback"};
  MICA_CHECK(ExCreateCallback(&object, taken, TRUE, TRUE) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(object == nullptr);
}

MICA_CASE("Ex: who takes a routine back waits until its call has returned") {
  struct Slow {
    KEVENT called, leave;
    std::atomic<bool> returned{false};
  } slow;
  KeInitializeEvent(&slow.called, NotificationEvent, FALSE);
  KeInitializeEvent(&slow.leave, NotificationEvent, FALSE);
  auto routine = [](PVOID context, PVOID, PVOID) NTAPI {
    auto& self = *static_cast<Slow*>(context);
    KeSetEvent(&self.called, 0, FALSE);
    wait(&self.leave);
    self.returned = true;
  };
  Attributes attributes{u"\\Callback\\MicaSlow"};
  PCALLBACK_OBJECT const object = make(attributes, true);
  MICA_REQUIRE(object != nullptr);
  PVOID const registration = ExRegisterCallback(object, routine, &slow);
  Log log;
  PVOID const next = ExRegisterCallback(object, note<'n'>, &log);
  auto notify = [&] { ExNotifyCallback(object, nullptr, nullptr); };
  auto take_back = [&] {
    ExUnregisterCallback(registration);
    MICA_CHECK(slow.returned);
  };
  auto* const notifier = start(notify);
  wait(&slow.called);
  auto* const owner = start(take_back, {.processor = 1});
  until_waiting(owner);
  MICA_CHECK(!slow.returned);
  ExNotifyCallback(object, nullptr, nullptr);  // it is not called any more: this does not wait
  MICA_CHECK(log.count == 1);
  KeSetEvent(&slow.leave, 0, FALSE);
  join(owner);
  join(notifier);
  MICA_CHECK(log.count == 2);
  ExUnregisterCallback(next);
  ObDereferenceObject(object);
}

MICA_CASE("Ex: callback objects have levels") {
  Attributes attributes{u"\\Callback\\MicaLevels"};
  PCALLBACK_OBJECT const object = make(attributes, true);
  MICA_REQUIRE(object != nullptr);
  Log log;
  PVOID const registration = ExRegisterCallback(object, note<'a'>, &log);
  auto too_high = [](Bugcheck const& end, KIRQL level) {
    return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == level;
  };
  MICA_CHECK(too_high(bugcheck_of([&] {
                        static_cast<void>(KeRaiseIrqlToDpcLevel());
                        ExRegisterCallback(object, note<'b'>, &log);
                      }),
                      DISPATCH_LEVEL));
  MICA_CHECK(too_high(bugcheck_of([&] {
                        static_cast<void>(KeRaiseIrqlToDpcLevel());
                        ExUnregisterCallback(registration);
                      }),
                      DISPATCH_LEVEL));
  MICA_CHECK(too_high(bugcheck_of([&] {
                        KIRQL old;
                        KeRaiseIrql(CLOCK_LEVEL, &old);
                        ExNotifyCallback(object, nullptr, nullptr);
                      }),
                      CLOCK_LEVEL));
  MICA_CHECK(log.count == 0);
  ExUnregisterCallback(registration);
  ObDereferenceObject(object);
}
