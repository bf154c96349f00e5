// Drivers written after the public documentation, in the way of its samples: each is loaded, asked
// for what it is there for, and unloaded.
#include "requests.hpp"

#include <nt/ex/event.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "ioctl.h"
#include "notify.h"

using namespace mica::test;

namespace {

// An event that has a handle, as programs have them.
class EventHandle {
 public:
  EventHandle() noexcept {
    MICA_REQUIRE(ZwCreateEvent(&handle_, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE) ==
                 STATUS_SUCCESS);
  }
  EventHandle(EventHandle const&) = delete;
  EventHandle& operator=(EventHandle const&) = delete;
  ~EventHandle() { ZwClose(handle_); }

  [[nodiscard]] HANDLE get() const noexcept { return handle_; }
  [[nodiscard]] NTSTATUS wait(LONGLONG time) const noexcept {
    LARGE_INTEGER timeout;
    timeout.QuadPart = -time;
    return ZwWaitForSingleObject(handle_, FALSE, &timeout);
  }

 private:
  HANDLE handle_ = nullptr;
};

[[nodiscard]] NTSTATUS register_event(OpenedDevice& device, HANDLE event, LONGLONG after) noexcept {
  REGISTER_EVENT what{};
  what.Event = event;
  what.DueTime.QuadPart = -after;
  return Request::control(device, IOCTL_REGISTER_EVENT, &what, sizeof what, nullptr, 0).status();
}

}  // namespace

MICA_CASE("Ke: what drivers have inline of the processor and of shared data is there") {
  Loaded const driver{u"processor"};  // which says what is not
}

MICA_CASE("Rtl: the C runtime that ntoskrnl exports is as documented") {
  Loaded const driver{u"runtime"};  // which says what is not
}

MICA_CASE("Io: what the headers do inline is as documented, in a driver") {
  Loaded const driver{u"inline"};
}

MICA_CASE("Ldr: a driver's cookie is seeded before its entry routine") {
  Loaded const driver{u"guarded"};  // which looks at it
}

MICA_CASE("Ldr: what a driver imports when it calls it is there without its help") {
  Loaded const driver{u"later"};  // which has a helper that does nothing
}

MICA_CASE("Ldr: what only a driver's entry routine needs is gone behind it") {
  Loaded const driver{u"init"};
  OpenedDevice device{u"\\Device\\Init"};
  PDRIVER_OBJECT const object = device.get()->DriverObject;
  auto* const entry = reinterpret_cast<UCHAR volatile*>(object->DriverInit);
  MICA_CHECK(MmIsAddressValid(const_cast<UCHAR*>(entry)) == FALSE);
  MICA_CHECK(MmIsAddressValid(reinterpret_cast<PVOID>(object->MajorFunction[IRP_MJ_CREATE])));
  Bugcheck const read = bugcheck_of([=] { static_cast<void>(*entry); });
  MICA_CHECK(read.code == PAGE_FAULT_IN_NONPAGED_AREA);
  MICA_CHECK(read.parameters[0] == reinterpret_cast<ULONG_PTR>(entry));
  Bugcheck const called = bugcheck_of([=] { object->DriverInit(object, nullptr); });
  MICA_CHECK(called.code == PAGE_FAULT_IN_NONPAGED_AREA);
}

MICA_CASE("Io: a driver's reads wait for writes, in their order") {
  Loaded const driver{u"cancel"};
  OpenedDevice device{u"\\Device\\Cancel"};
  char first[8] = {}, second[2] = {}, text[] = {'a', 'b', 'c', 'd'};
  MICA_CHECK(Request::write(device, text, 4).status() == STATUS_DEVICE_NOT_READY);
  Request one = Request::read(device, first, sizeof first);
  Request other = Request::read(device, second, sizeof second);
  MICA_CHECK((one.sent() == STATUS_PENDING && one.pending() && other.pending()));
  MICA_CHECK(Request::write(device, text, 4).information() == 4);
  MICA_CHECK((one.status() == STATUS_SUCCESS && one.information() == 4 && other.pending()));
  MICA_CHECK(std::string_view(first, 5) == std::string_view("abcd", 5));
  MICA_CHECK(Request::write(device, text, 4).information() == 2);
  MICA_CHECK((other.status() == STATUS_SUCCESS && other.information() == 2 && second[1] == 'b'));
}

MICA_CASE("Io: a driver's waiting reads are cancelled, one by one or with their file") {
  Loaded const driver{u"cancel"};
  OpenedDevice device{u"\\Device\\Cancel"};
  OpenedDevice elsewhere{u"\\Device\\Cancel"};
  char buffer[4] = {}, text[] = {'x'};
  Request first = Request::read(device, buffer, 1);
  Request cancelled = Request::read(device, buffer + 1, 1);
  Request last = Request::read(device, buffer + 2, 1);
  Request stays = Request::read(elsewhere, buffer + 3, 1);
  MICA_CHECK(cancelled.cancel());
  MICA_CHECK((cancelled.status() == STATUS_CANCELLED && cancelled.information() == 0));
  MICA_CHECK((first.pending() && last.pending()));
  MICA_CHECK(Request::plain(device, IRP_MJ_CLEANUP).status() == STATUS_SUCCESS);
  MICA_CHECK((first.status() == STATUS_CANCELLED && last.status() == STATUS_CANCELLED));
  MICA_CHECK(stays.pending());
  MICA_CHECK(Request::write(device, text, 1).status() == STATUS_SUCCESS);
  MICA_CHECK((stays.status() == STATUS_SUCCESS && buffer[3] == 'x' && buffer[0] == 0));
}

MICA_CASE("Io: a driver transforms text by the methods that hand over buffers") {
  Loaded const driver{u"ioctl"};
  OpenedDevice device{u"\\DosDevices\\Ioctl"};
  for (ULONG const code : {IOCTL_TRANSFORM_METHOD_BUFFERED, IOCTL_TRANSFORM_METHOD_NEITHER}) {
    char input[] = {'m', 'i', 'c', 'a'}, output[6] = {1, 1, 1, 1, 1, 1};
    auto ask = [&](ULONG input_length, ULONG output_length) {
      return Request::control(device, code, input, input_length, output, output_length).status();
    };
    MICA_CHECK(ask(4, 3) == STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(ask(0, 6) == STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(std::count(std::begin(output), std::end(output), 1) == 6);
    MICA_CHECK(ask(4, 6) == STATUS_SUCCESS);
    MICA_CHECK(std::string_view(output, 4) == "MICA");
    MICA_CHECK((output[4] == 1 && output[5] == 1 && input[0] == 'm'));
  }
  ULONG const unknown = CTL_CODE(40000, 0x999, METHOD_BUFFERED, FILE_ANY_ACCESS);
  MICA_CHECK(Request::control(device, unknown, nullptr, 0, nullptr, 0).status() ==
             STATUS_INVALID_DEVICE_REQUEST);
}

MICA_CASE("Io: a driver notifies by the events that it is given, when their time comes") {
  EventHandle soon, late;
  Loaded const driver{u"notify"};
  OpenedDevice device{u"\\Device\\Notify"};
  MICA_CHECK(register_event(device, late.get(), 1'000'000 * millisecond_100ns) == STATUS_SUCCESS);
  ULONGLONG const before = KeQueryInterruptTime();
  MICA_CHECK(register_event(device, soon.get(), 20 * millisecond_100ns) == STATUS_SUCCESS);
  MICA_CHECK(soon.wait(10'000 * millisecond_100ns) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() - before >= 20 * millisecond_100ns);
  MICA_CHECK(late.wait(0) == STATUS_TIMEOUT);
  MICA_CHECK(register_event(device, nullptr, 1) == STATUS_INVALID_HANDLE);
  MICA_CHECK(register_event(device, ZwCurrentThread(), 1) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(Request::control(device, IOCTL_REGISTER_EVENT, nullptr, 0, nullptr, 0).status() ==
             STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: a driver in C++ adds up what is written, in a thread of its own") {
  Loaded const driver{u"adder"};
  OpenedDevice device{u"\\Device\\Adder"};
  LONG numbers[] = {40, -7, 9};
  for (LONG& number : numbers) {
    Request write = Request::write(device, &number, sizeof number);
    MICA_CHECK(write.sent() == STATUS_PENDING);
    MICA_CHECK((write.status() == STATUS_SUCCESS && write.information() == sizeof number));
  }
  MICA_CHECK(Request::write(device, numbers, 3).status() == STATUS_INVALID_PARAMETER);
  LONGLONG sum = 0;
  MICA_CHECK(Request::read(device, &sum, 4).status() == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK((Request::read(device, &sum, sizeof sum).status() == STATUS_SUCCESS && sum == 42));
}
