// Events as objects.
//   [MSDN ZwCreateEvent, ZwOpenEvent, ZwSetEvent, ObReferenceObjectByHandle; ntifs.h, wdm.h]
#include "event_support.hpp"

using namespace mica::test;

namespace {

ACCESS_MASK granted(HANDLE handle) noexcept {
  void* object = nullptr;
  OBJECT_HANDLE_INFORMATION information{};
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, KernelMode, &object,
                                         &information) == STATUS_SUCCESS);
  ObDereferenceObject(object);
  return information.GrantedAccess;
}

NTSTATUS create(HANDLE* handle, OBJECT_ATTRIBUTES* attributes,
                EVENT_TYPE type = NotificationEvent) noexcept {
  return ZwCreateEvent(handle, EVENT_ALL_ACCESS, attributes, type, FALSE);
}

NTSTATUS open(HANDLE* handle, OBJECT_ATTRIBUTES* attributes) noexcept {
  return ZwOpenEvent(handle, EVENT_ALL_ACCESS, attributes);
}

// What each service that changes an event says of a handle.
template <class Check>
void each_change(HANDLE handle, Check check) {
  check(ZwSetEvent(handle, nullptr));
  check(ZwResetEvent(handle, nullptr));
  check(ZwClearEvent(handle));
  check(ZwPulseEvent(handle, nullptr));
}

template <class Call>
bool refused_above_passive(Call call) {
  Bugcheck const end = bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    call();
  });
  return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == APC_LEVEL;
}

}  // namespace

MICA_CASE("Ex: the type of events is an object with the name Event") {
  Text name{u"\\ObjectTypes\\Event"};
  void* type = nullptr;
  MICA_REQUIRE(ObReferenceObjectByName(name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr, KernelMode,
                                       nullptr, &type) == STATUS_SUCCESS);
  MICA_CHECK(type == *ExEventObjectType);
  ObDereferenceObject(type);
  EventHandle const handle;
  MICA_CHECK(ObGetObjectType(EventReference{handle}) == *ExEventObjectType);
}

MICA_CASE("Ex: a new event has the type and the state that were asked for") {
  EventHandle const unset{NotificationEvent, FALSE};
  EventHandle const set{NotificationEvent, TRUE};
  EventHandle const once{SynchronizationEvent, TRUE};
  MICA_CHECK(state_of(unset) == 0);
  MICA_CHECK(poll(EventReference{set}) == STATUS_SUCCESS && state_of(set) != 0);
  MICA_CHECK(poll(EventReference{once}) == STATUS_SUCCESS && state_of(once) == 0);
}

MICA_CASE("Ex: generic rights to an event become its own") {
  struct {
    ACCESS_MASK asked, granted;
  } constexpr rights[] = {{GENERIC_READ, STANDARD_RIGHTS_READ | EVENT_QUERY_STATE},
                          {GENERIC_WRITE, STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE},
                          {GENERIC_EXECUTE, STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE},
                          {GENERIC_ALL, EVENT_ALL_ACCESS},
                          {MAXIMUM_ALLOWED, EVENT_ALL_ACCESS},
                          {EVENT_MODIFY_STATE | SYNCHRONIZE, EVENT_MODIFY_STATE | SYNCHRONIZE}};
  for (auto const& right : rights) {
    EventHandle const handle{NotificationEvent, FALSE, nullptr, right.asked};
    MICA_CHECK(granted(handle) == right.granted);
  }
}

MICA_CASE(
    "Ex: an event is set, reset, cleared and pulsed by handle, and its state before is told") {
  EventHandle const handle;
  LONG previous = -1;
  MICA_CHECK(ZwSetEvent(handle, &previous) == STATUS_SUCCESS && previous == 0);
  MICA_CHECK(state_of(handle) != 0);
  MICA_CHECK(ZwSetEvent(handle, &previous) == STATUS_SUCCESS && previous != 0);
  MICA_CHECK(ZwResetEvent(handle, &previous) == STATUS_SUCCESS && previous != 0);
  MICA_CHECK(state_of(handle) == 0);
  MICA_CHECK(ZwResetEvent(handle, &previous) == STATUS_SUCCESS && previous == 0);
  MICA_CHECK(ZwSetEvent(handle, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwClearEvent(handle) == STATUS_SUCCESS && state_of(handle) == 0);
  MICA_CHECK(ZwSetEvent(handle, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(ZwPulseEvent(handle, &previous) == STATUS_SUCCESS && previous != 0);
  MICA_CHECK(state_of(handle) == 0);
}

MICA_CASE("Ex: setting or pulsing an event by handle wakes who waits for it, boosted by one") {
  for (auto* const signal : {ZwSetEvent, ZwPulseEvent}) {
    EventHandle const handle{SynchronizationEvent};
    KPRIORITY priority = 0;
    auto waiter = [&] {
      MICA_CHECK(wait(EventReference{handle}) == STATUS_SUCCESS);
      priority = KeQueryPriorityThread(KeGetCurrentThread());
    };
    auto* const thread = start(waiter, {.priority = 8});
    until_waiting(thread);
    MICA_CHECK(signal(handle, nullptr) == STATUS_SUCCESS);
    join(thread);
    MICA_CHECK(priority == 9);
    MICA_CHECK(state_of(handle) == 0);
  }
}

MICA_CASE("Ex: an event of another type than there are is STATUS_INVALID_PARAMETER_4") {
  HANDLE handle = NtCurrentThread();
  MICA_CHECK(create(&handle, nullptr, static_cast<EVENT_TYPE>(2)) == STATUS_INVALID_PARAMETER_4);
  MICA_CHECK(handle == nullptr);
}

MICA_CASE("Ex: attributes and names that are wrong are refused, and nothing is made") {
  HANDLE handle = NtCurrentThread();
  Attributes wrong_length{u"\\MicaEvent"};
  wrong_length->Length = 4;
  MICA_CHECK(create(&handle, wrong_length) == STATUS_INVALID_PARAMETER && handle == nullptr);
  MICA_CHECK(open(&handle, wrong_length) == STATUS_INVALID_PARAMETER && handle == nullptr);
  Attributes relative_path{u"MicaEvent"};
  MICA_CHECK(create(&handle, relative_path) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  MICA_CHECK(open(&handle, relative_path) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  Attributes odd{u"\\MicaEvent"};
  --odd->ObjectName->Length;
  MICA_CHECK(create(&handle, odd) == STATUS_OBJECT_NAME_INVALID);
  MICA_CHECK(open(&handle, odd) == STATUS_OBJECT_NAME_INVALID);
  Attributes nowhere{u"\\MicaNowhere\\Event"};
  MICA_CHECK(create(&handle, nowhere) == STATUS_OBJECT_PATH_NOT_FOUND);
  MICA_CHECK(open(&handle, nowhere) == STATUS_OBJECT_PATH_NOT_FOUND);
  MICA_CHECK(handle == nullptr);
  Attributes path{u"\\MicaEvent"};
  MICA_CHECK(open(&handle, path) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(open(&handle, nullptr) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Ex: an event with a name is found by it until its last handle is closed") {
  Attributes path{u"\\MicaEvent"};
  EventHandle made{SynchronizationEvent, TRUE, path};
  HANDLE opened = nullptr;
  MICA_REQUIRE(ZwOpenEvent(&opened, EVENT_QUERY_STATE, path) == STATUS_SUCCESS);
  MICA_CHECK(opened != made && granted(opened) == EVENT_QUERY_STATE);
  EventReference const event{opened};
  MICA_CHECK(PKEVENT{event} == PKEVENT{EventReference{made}});
  made.close();
  MICA_CHECK(state_of(opened) != 0);
  MICA_CHECK(ZwClose(opened) == STATUS_SUCCESS);
  MICA_CHECK(open(&opened, path) == STATUS_OBJECT_NAME_NOT_FOUND);
  // Who has a reference has the event.
  MICA_CHECK(KeResetEvent(event) != 0 && KeSetEvent(event, 0, FALSE) == 0);
}

MICA_CASE("Ex: a name that an event has is a collision, or with OBJ_OPENIF that event as it is") {
  Attributes path{u"\\MicaEvent"};
  EventHandle const first{NotificationEvent, TRUE, path};
  HANDLE second = NtCurrentThread();
  MICA_CHECK(create(&second, path) == STATUS_OBJECT_NAME_COLLISION && second == nullptr);
  Attributes open_if{u"\\MicaEvent", OBJ_CASE_INSENSITIVE | OBJ_OPENIF};
  MICA_REQUIRE(create(&second, open_if, SynchronizationEvent) == STATUS_OBJECT_NAME_EXISTS);
  MICA_CHECK(PKEVENT{EventReference{second}} == PKEVENT{EventReference{first}});
  MICA_CHECK(poll(EventReference{second}) == STATUS_SUCCESS);
  MICA_CHECK(state_of(second) != 0);  // a notification event still
  MICA_CHECK(ZwClose(second) == STATUS_SUCCESS);
}

MICA_CASE("Ex: a name that something else has is STATUS_OBJECT_TYPE_MISMATCH for an event") {
  HANDLE handle = NtCurrentThread();
  Attributes directory{u"\\Device", OBJ_CASE_INSENSITIVE | OBJ_OPENIF};
  MICA_CHECK(create(&handle, directory) == STATUS_OBJECT_TYPE_MISMATCH && handle == nullptr);
  MICA_CHECK(open(&handle, directory) == STATUS_OBJECT_TYPE_MISMATCH && handle == nullptr);
  Attributes path{u"\\MicaEvent", OBJ_CASE_INSENSITIVE | OBJ_OPENIF};
  EventHandle const event{NotificationEvent, FALSE, path};
  MICA_CHECK(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, path) ==
             STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Ex: no event is changed by a handle that is closed or of something else") {
  EventHandle event;
  auto const closed = HANDLE{event};
  event.close();
  each_change(closed, [](NTSTATUS status) { MICA_CHECK(status == STATUS_INVALID_HANDLE); });
  each_change(NtCurrentThread(),
              [](NTSTATUS status) { MICA_CHECK(status == STATUS_OBJECT_TYPE_MISMATCH); });
}

MICA_CASE("Ex: who came from user mode needs the right to an event that it asks for") {
  EventHandle const handle{NotificationEvent, FALSE, nullptr, SYNCHRONIZE};
  void* object = nullptr;
  MICA_CHECK(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode,
                                       &object, nullptr) == STATUS_ACCESS_DENIED);
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExEventObjectType, UserMode, &object,
                                         nullptr) == STATUS_SUCCESS);
  ObDereferenceObject(object);
  MICA_CHECK(ZwSetEvent(handle, nullptr) == STATUS_SUCCESS);  // the kernel does not
}

MICA_CASE("Ex: a referenced event outlives its handle, and is set and waited for") {
  EventHandle handle{SynchronizationEvent};
  EventReference const event{handle};
  handle.close();
  auto waiter = [&] { MICA_CHECK(wait(event) == STATUS_SUCCESS); };
  auto* const thread = start(waiter);
  until_waiting(thread);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(KeSetEvent(event, 0, FALSE) == 0);
  KeLowerIrql(old);
  join(thread);
  MICA_CHECK(KeReadStateEvent(event) == 0);
}

MICA_CASE("Ex: the services on events above PASSIVE_LEVEL are bugcheck A") {
  HANDLE handle = nullptr;
  MICA_CHECK(refused_above_passive([&] { create(&handle, nullptr); }));
  MICA_CHECK(refused_above_passive([&] { open(&handle, nullptr); }));
  EventHandle const event;
  MICA_CHECK(refused_above_passive([&] { ZwSetEvent(event, nullptr); }));
  MICA_CHECK(refused_above_passive([&] { ZwResetEvent(event, nullptr); }));
  MICA_CHECK(refused_above_passive([&] { ZwClearEvent(event); }));
  MICA_CHECK(refused_above_passive([&] { ZwPulseEvent(event, nullptr); }));
}
