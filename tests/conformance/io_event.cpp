// Events that drivers share by name.
//                                    [MSDN IoCreateNotificationEvent, IoCreateSynchronizationEvent]
#include "event_support.hpp"

#include <nt/io.h>

using namespace mica::test;

namespace {

using Create = PKEVENT(NTAPI*)(PUNICODE_STRING, PHANDLE);

struct Kind {
  Create create;
  bool notifies;
};
constexpr Kind kinds[] = {{IoCreateNotificationEvent, true}, {IoCreateSynchronizationEvent, false}};

}  // namespace

MICA_CASE("Io: an event that drivers share is made signaled, with a kernel handle") {
  for (Kind const& kind : kinds) {
    Text name{u"\\MicaShared"};
    HANDLE handle = nullptr;
    PKEVENT const event = kind.create(name, &handle);
    MICA_REQUIRE(event != nullptr);
    MICA_CHECK(ObIsKernelHandle(handle));
    MICA_CHECK(event == PKEVENT{EventReference{handle}});
    MICA_CHECK(poll(event) == STATUS_SUCCESS);
    MICA_CHECK((KeReadStateEvent(event) != 0) == kind.notifies);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
    Attributes path{u"\\MicaShared"};
    MICA_CHECK(ZwOpenEvent(&handle, 0, path) == STATUS_OBJECT_NAME_NOT_FOUND);
  }
}

MICA_CASE("Io: an event that is there is opened, of whichever type and state it is") {
  for (Kind const& kind : kinds) {
    Attributes path{u"\\MicaShared"};
    EventHandle const made{kind.notifies ? SynchronizationEvent : NotificationEvent, FALSE, path};
    HANDLE handle = nullptr;
    PKEVENT const event = kind.create(path->ObjectName, &handle);
    MICA_REQUIRE(event == PKEVENT{EventReference{made}});
    MICA_CHECK(KeReadStateEvent(event) == 0);
    static_cast<void>(KeSetEvent(event, 0, FALSE));
    MICA_CHECK(poll(event) == STATUS_SUCCESS);
    MICA_CHECK((KeReadStateEvent(event) != 0) == !kind.notifies);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  }
}

MICA_CASE("Io: an event with a name that cannot be or is something else's is NULL") {
  for (Kind const& kind : kinds) {
    Text nowhere{u"\\BaseNamedObjects\\MicaShared"};  // not there before there is a Win32
    Text device{u"\\Device\\Null"};
    HANDLE handle = NtCurrentThread();
    MICA_CHECK(kind.create(nowhere, &handle) == nullptr && handle == nullptr);
    MICA_CHECK(kind.create(device, &handle) == nullptr && handle == nullptr);
  }
}

MICA_CASE("Io: making an event that drivers share above PASSIVE_LEVEL is bugcheck A") {
  for (Kind const& kind : kinds) {
    Text name{u"\\MicaShared"};
    UNICODE_STRING* const named = name;
    Bugcheck const end = bugcheck_of([&kind, named] {
      HANDLE handle = nullptr;
      KIRQL old;
      KeRaiseIrql(APC_LEVEL, &old);
      kind.create(named, &handle);
    });
    MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
    MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(named));
    MICA_CHECK(end.parameters[1] == APC_LEVEL);
  }
}
