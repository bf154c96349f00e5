// Waiting by handle.                          [MSDN ZwWaitForSingleObject, WaitForMultipleObjects]
#include "event_support.hpp"

#include <nt/io.h>
#include <nt/ps.h>

using namespace mica::test;

namespace {

NTSTATUS wait_multiple(WAIT_TYPE type, ULONG count, HANDLE* handles, LONGLONG duration_100ns,
                       BOOLEAN alertable = FALSE) noexcept {
  LARGE_INTEGER timeout = relative(duration_100ns);
  return ZwWaitForMultipleObjects(count, handles, type, alertable, &timeout);
}

// As many synchronization events as a wait may have, and a handle more.
struct ManyEvents {
  HANDLE handles[MAXIMUM_WAIT_OBJECTS + 1];

  ManyEvents() noexcept {
    for (HANDLE& handle : handles)
      MICA_REQUIRE(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, SynchronizationEvent, FALSE) ==
                   STATUS_SUCCESS);
  }
  ~ManyEvents() {
    for (HANDLE const handle : handles) MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  }
  ManyEvents(ManyEvents const&) = delete;
  ManyEvents& operator=(ManyEvents const&) = delete;
};

void NTAPI wait_for(PVOID event) {
  static_cast<void>(wait(event));
}

}  // namespace

MICA_CASE("Ob: a wait by handle takes what is signaled, or ends with its time") {
  EventHandle const event{SynchronizationEvent, TRUE};
  MICA_CHECK(poll_by_handle(event) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(event) == STATUS_TIMEOUT);
  MICA_CHECK(wait_by_handle(event, 2 * millisecond_100ns) == STATUS_TIMEOUT);
  auto waiter = [&] { MICA_CHECK(ZwWaitForSingleObject(event, FALSE, nullptr) == STATUS_SUCCESS); };
  auto* const thread = start(waiter);
  until_waiting(thread);
  MICA_CHECK(ZwSetEvent(event, nullptr) == STATUS_SUCCESS);
  join(thread);
  MICA_CHECK(state_of(event) == 0);
}

MICA_CASE("Ob: the handle of a thread is waited for until the thread has ended") {
  OwnEvent end;
  HANDLE handle = nullptr;
  MICA_REQUIRE(PsCreateSystemThread(&handle, SYNCHRONIZE, nullptr, nullptr, nullptr, wait_for,
                                    &end.event) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(handle) == STATUS_TIMEOUT);
  static_cast<void>(KeSetEvent(&end.event, 0, FALSE));
  MICA_CHECK(ZwWaitForSingleObject(handle, FALSE, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(handle) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

MICA_CASE("Ob: the current process and thread are waited for, and go on") {
  MICA_CHECK(poll_by_handle(NtCurrentProcess()) == STATUS_TIMEOUT);
  MICA_CHECK(poll_by_handle(NtCurrentThread()) == STATUS_TIMEOUT);
}

MICA_CASE("Ob: the handle of a file is waited for by its event") {
  Text path{u"\\Device\\Null"};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(path, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(file, OBJ_KERNEL_HANDLE, nullptr, SYNCHRONIZE,
                                     *IoFileObjectType, KernelMode, &handle) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(handle) == STATUS_TIMEOUT);
  static_cast<void>(KeSetEvent(&file->Event, 0, FALSE));
  MICA_CHECK(poll_by_handle(handle) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  ObDereferenceObject(file);
}

MICA_CASE(
    "Ob: what nobody waits for is STATUS_OBJECT_TYPE_MISMATCH, what is no handle is invalid") {
  Attributes path{u"\\Device"};
  HANDLE directory = nullptr;
  MICA_REQUIRE(ZwOpenDirectoryObject(&directory, DIRECTORY_QUERY, path) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(directory) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwClose(directory) == STATUS_SUCCESS);
  MICA_CHECK(poll_by_handle(directory) == STATUS_INVALID_HANDLE);
  MICA_CHECK(poll_by_handle(nullptr) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Ob: an alert ends a wait by handle that is alertable") {
  EventHandle const event;
  std::atomic<NTSTATUS> single{STATUS_PENDING}, multiple{STATUS_PENDING};
  auto waiter = [&] {
    single = ZwWaitForSingleObject(event, TRUE, nullptr);
    HANDLE handle = event;
    multiple = ZwWaitForMultipleObjects(1, &handle, WaitAny, TRUE, nullptr);
  };
  auto* const thread = start(waiter);
  until_waiting(thread);
  MICA_CHECK(single == STATUS_PENDING);
  KeAlertThread(object_of(thread), KernelMode);
  until([&] { return single != STATUS_PENDING; });
  until_waiting(thread);
  MICA_CHECK(multiple == STATUS_PENDING);
  KeAlertThread(object_of(thread), KernelMode);
  join(thread);
  MICA_CHECK(single == STATUS_ALERTED && multiple == STATUS_ALERTED);
  auto deaf = [&] { single = wait_by_handle(event, 5 * millisecond_100ns, FALSE); };
  auto* const other = start(deaf);
  until_waiting(other);
  KeAlertThread(object_of(other), KernelMode);
  join(other);
  MICA_CHECK(single == STATUS_TIMEOUT);
}

MICA_CASE("Ob: who waits by handle keeps the object when the handle is closed") {
  for (bool const multiple : {false, true}) {
    EventHandle event{SynchronizationEvent};
    HANDLE handle = event;
    auto waiter = [&, multiple] {
      NTSTATUS const status = multiple
                                  ? ZwWaitForMultipleObjects(1, &handle, WaitAll, FALSE, nullptr)
                                  : ZwWaitForSingleObject(handle, FALSE, nullptr);
      MICA_CHECK(status == STATUS_SUCCESS);
    };
    auto* const thread = start(waiter);
    until_waiting(thread);
    {
      EventReference const reference{event};
      event.close();
      MICA_CHECK(KeSetEvent(reference, 0, FALSE) == 0);
    }
    join(thread);
  }
}

MICA_CASE("Ob: an object whose last handle is closed is there until the wait for it is over") {
  std::uint64_t const before = live_events();
  for (bool const multiple : {false, true}) {
    EventHandle event;
    HANDLE handle = event;
    auto waiter = [&, multiple] {
      NTSTATUS const status = multiple
                                  ? ZwWaitForMultipleObjects(1, &handle, WaitAny, TRUE, nullptr)
                                  : ZwWaitForSingleObject(handle, TRUE, nullptr);
      MICA_CHECK(status == STATUS_ALERTED);
    };
    auto* const thread = start(waiter);
    until_waiting(thread);
    event.close();
    MICA_CHECK(live_events() == before + 1);
    KeAlertThread(object_of(thread), KernelMode);
    join(thread);
    MICA_CHECK(live_events() == before);
  }
}

MICA_CASE("Ob: a wait for any of several handles tells which one was taken") {
  ManyEvents many;
  for (ULONG const count : {ULONG{1}, ULONG{THREAD_WAIT_OBJECTS}, ULONG{THREAD_WAIT_OBJECTS + 1},
                            ULONG{MAXIMUM_WAIT_OBJECTS}}) {
    MICA_CHECK(wait_multiple(WaitAny, count, many.handles, 0) == STATUS_TIMEOUT);
    ULONG const last = count - 1;
    MICA_CHECK(ZwSetEvent(many.handles[last], nullptr) == STATUS_SUCCESS);
    MICA_CHECK(wait_multiple(WaitAny, count, many.handles, 0) ==
               STATUS_WAIT_0 + static_cast<NTSTATUS>(last));
    MICA_CHECK(state_of(many.handles[last]) == 0);
  }
}

MICA_CASE("Ob: a wait for all of several handles takes them together") {
  ManyEvents many;
  for (ULONG const count : {ULONG{2}, ULONG{THREAD_WAIT_OBJECTS}, ULONG{THREAD_WAIT_OBJECTS + 1},
                            ULONG{MAXIMUM_WAIT_OBJECTS}}) {
    std::atomic<NTSTATUS> status{STATUS_PENDING};
    auto waiter = [&] {
      status = ZwWaitForMultipleObjects(count, many.handles, WaitAll, FALSE, nullptr);
    };
    auto* const thread = start(waiter);
    until_waiting(thread);
    for (ULONG i = 0; i < count; ++i) {
      MICA_CHECK(status == STATUS_PENDING);
      MICA_CHECK(ZwSetEvent(many.handles[i], nullptr) == STATUS_SUCCESS);
    }
    join(thread);
    MICA_CHECK(status == STATUS_SUCCESS);
    for (ULONG i = 0; i < count; ++i) MICA_CHECK(state_of(many.handles[i]) == 0);
  }
}

MICA_CASE("Ob: a wait for no handle, too many, or of another type is an invalid parameter") {
  ManyEvents many;
  MICA_CHECK(wait_multiple(WaitAny, 0, many.handles, 0) == STATUS_INVALID_PARAMETER_1);
  MICA_CHECK(wait_multiple(WaitAny, MAXIMUM_WAIT_OBJECTS + 1, many.handles, 0) ==
             STATUS_INVALID_PARAMETER_1);
  MICA_CHECK(wait_multiple(WaitNotification, 1, many.handles, 0) == STATUS_INVALID_PARAMETER_3);
}

MICA_CASE("Ob: a wait for all that has an object twice is STATUS_INVALID_PARAMETER_MIX") {
  EventHandle const event{NotificationEvent, TRUE};
  EventHandle const other{NotificationEvent, TRUE};
  HANDLE again = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(EventReference{event}, OBJ_KERNEL_HANDLE, nullptr, SYNCHRONIZE,
                                     *ExEventObjectType, KernelMode, &again) == STATUS_SUCCESS);
  HANDLE handles[] = {other, event, again};
  MICA_CHECK(wait_multiple(WaitAll, 3, handles, 0) == STATUS_INVALID_PARAMETER_MIX);
  MICA_CHECK(wait_multiple(WaitAny, 3, handles, 0) == STATUS_WAIT_0);
  MICA_CHECK(wait_multiple(WaitAll, 2, handles, 0) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(again) == STATUS_SUCCESS);
}

MICA_CASE("Ob: a wait with a handle that is invalid or not to wait for takes nothing") {
  EventHandle const event{SynchronizationEvent, TRUE};
  EventHandle closed;
  HANDLE handles[] = {event, closed, event};
  closed.close();
  MICA_CHECK(wait_multiple(WaitAny, 3, handles, 0) == STATUS_INVALID_HANDLE);
  Attributes path{u"\\Device"};
  MICA_REQUIRE(ZwOpenDirectoryObject(&handles[1], DIRECTORY_QUERY, path) == STATUS_SUCCESS);
  MICA_CHECK(wait_multiple(WaitAny, 3, handles, 0) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwClose(handles[1]) == STATUS_SUCCESS);
  MICA_CHECK(state_of(event) != 0);
}

MICA_CASE("Ob: a wait by handle above PASSIVE_LEVEL is bugcheck A") {
  EventHandle const event{NotificationEvent, TRUE};
  for (bool const multiple : {false, true}) {
    Bugcheck const end = bugcheck_of([&, multiple] {
      HANDLE handle = event;
      KIRQL old;
      KeRaiseIrql(APC_LEVEL, &old);
      if (multiple)
        ZwWaitForMultipleObjects(1, &handle, WaitAny, FALSE, nullptr);
      else
        ZwWaitForSingleObject(handle, FALSE, nullptr);
    });
    MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
    MICA_CHECK(end.parameters[1] == APC_LEVEL);
  }
}
