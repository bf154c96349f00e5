// M1: whichever of its allocations finds no memory, a request fails with a status that says so, and
// every block that it had is returned.
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/ps.h>
#include <nt/rtl.h>
#include <nt/zw.h>

#include "conformance/io_support.hpp"
#include "conformance/process_support.hpp"
#include "ke/process.hpp"
#include "shortage.hpp"

using namespace mica::explore;
using mica::test::Attributes;
using mica::test::OwnProcess;
using mica::test::Text;

namespace {

// The handle table has no free slot: the next handle needs memory.
class [[nodiscard]] FullTable {
 public:
  // Slots are given out in order, and those that were used before are in the first leaf.
  FullTable() noexcept {
    do
      MICA_CHECK(ObOpenObjectByPointer(PsInitialSystemProcess, 0, nullptr, 0, *PsProcessType,
                                       KernelMode, &handles_[count_++]) == STATUS_SUCCESS);
    while (slot_of(handles_[count_ - 1]) != 2 * slots_of_leaf - 1);
  }
  ~FullTable() {
    while (count_ > 0) ZwClose(handles_[--count_]);
  }
  FullTable(FullTable const&) = delete;
  FullTable& operator=(FullTable const&) = delete;

 private:
  static constexpr ULONG_PTR slots_of_leaf = 256;
  static ULONG_PTR slot_of(HANDLE handle) noexcept {
    return (reinterpret_cast<ULONG_PTR>(handle) >> 2) & 0xff'ffff;
  }

  HANDLE handles_[2 * slots_of_leaf];
  int count_ = 0;
};

}  // namespace

MICA_EXPLORE("M1-short-thread", "M1: a thread that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    HANDLE handle = nullptr;
    NTSTATUS const status = PsCreateSystemThread(
        &handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
        [](PVOID) NTAPI { PsTerminateSystemThread(STATUS_SUCCESS); }, nullptr);
    if (status != STATUS_SUCCESS) MICA_CHECK(handle == nullptr);
    return close(status, handle);
  });
}

MICA_EXPLORE("M1-short-handle", "M1: a thread that finds no room for its handle is in no process",
             .processors = 2, .bound = 1, .shortage = true) {
  OwnProcess process;
  process.with_handle([&](HANDLE owner) {
    HANDLE handle = nullptr;
    NTSTATUS status = STATUS_PENDING;
    auto make = [&] {
      status = PsCreateSystemThread(
          &handle, THREAD_ALL_ACCESS, nullptr, owner, nullptr, [](PVOID) NTAPI {}, nullptr);
    };
    auto walk = [&] { mica::ke::set_process_priority(process.kernel(), 9); };
    Team team{window};
    team.add(make, {.processor = 0});
    team.add(walk, {.processor = 1});
    FullTable const full;  // the team has its handles
    team.run();
    if (status == STATUS_SUCCESS) {
      MICA_CHECK(wait(process.get()) == STATUS_SUCCESS);
      MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
    } else {
      MICA_CHECK(status == STATUS_INSUFFICIENT_RESOURCES);
    }
    MICA_CHECK(mica::list_empty(process.kernel().threads));
  });
}

MICA_EXPLORE("M1-short-directory", "M1: a directory that cannot be made leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    Attributes attributes{u"\\Short"};
    HANDLE handle = nullptr;
    return close(ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, attributes), handle);
  });
}

MICA_EXPLORE("M1-short-link", "M1: a symbolic link that cannot be made leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    Attributes attributes{u"\\ShortLink"};
    Text target{u"\\Device\\Null"};
    HANDLE handle = nullptr;
    return close(ZwCreateSymbolicLinkObject(&handle, SYMBOLIC_LINK_ALL_ACCESS, attributes, target),
                 handle);
  });
}

MICA_EXPLORE("M1-short-event", "M1: an event that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    Attributes attributes{u"\\Short"};
    HANDLE handle = nullptr;
    return close(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, attributes, NotificationEvent, FALSE),
                 handle);
  });
}

MICA_EXPLORE("M1-short-shared-event", "M1: a shared event that cannot be made is none",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    Text name{u"\\Short"};
    HANDLE handle = nullptr;
    PKEVENT const event = IoCreateNotificationEvent(name, &handle);
    MICA_CHECK((event != nullptr) == (handle != nullptr));
    return close(event != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES, handle);
  });
}

MICA_EXPLORE("M1-short-wait", "M1: a wait for which there is no memory has no object left",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    HANDLE event = nullptr;
    NTSTATUS const made = ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, TRUE);
    if (made != STATUS_SUCCESS) return made;
    HANDLE handles[THREAD_WAIT_OBJECTS + 1];
    for (HANDLE& handle : handles) handle = event;
    NTSTATUS const waited =
        ZwWaitForMultipleObjects(THREAD_WAIT_OBJECTS + 1, handles, WaitAny, FALSE, nullptr);
    MICA_CHECK(ZwClose(event) == STATUS_SUCCESS);
    return waited;
  });
}

MICA_EXPLORE("M1-short-open", "M1: a device that cannot be opened is left as it was",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    Text path{u"\\Device\\Null"};
    PFILE_OBJECT file = nullptr;
    PDEVICE_OBJECT device = nullptr;
    NTSTATUS const status = IoGetDeviceObjectPointer(path, FILE_READ_DATA, &file, &device);
    if (status == STATUS_SUCCESS) ObDereferenceObject(file);
    return status;
  });
}

MICA_EXPLORE("M1-short-device", "M1: a device that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  mica::test::Driver driver;
  ask(window, [&] {
    Text name{u"\\Device\\Short"};
    PDEVICE_OBJECT device = nullptr;
    NTSTATUS const status =
        IoCreateDevice(driver.get(), 16, name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (status == STATUS_SUCCESS) IoDeleteDevice(device);
    MICA_CHECK(driver->DeviceObject == nullptr);
    return status;
  });
}

MICA_EXPLORE("M1-short-irp", "M1: an IRP that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  mica::test::Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = [](PDEVICE_OBJECT, PIRP irp) NTAPI {
    return mica::test::complete(irp, STATUS_SUCCESS, irp->IoStatus.Information);
  };
  ask(window, [&] {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IO_STATUS_BLOCK result{};
    char input[8] = {}, output[8] = {};
    PIRP const irp = IoBuildDeviceIoControlRequest(
        CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS), device, input,
        sizeof input, output, sizeof output, FALSE, &event, &result);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS const status = IoCallDriver(device, irp);
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    return status;
  });
}

namespace {

// A string that a conversion allocates; of one that failed nothing is seen.
template <class Source, class Result>
NTSTATUS convert(NTSTATUS(NTAPI* conversion)(Result*, Source const*, BOOLEAN),
                 void(NTAPI* release)(Result*), Source const& from) noexcept {
  Result to{};
  NTSTATUS const status = conversion(&to, &from, TRUE);
  MICA_CHECK((to.Buffer != nullptr) == (status == STATUS_SUCCESS));
  if (status == STATUS_SUCCESS) {
    MICA_CHECK(to.Buffer[0] == 'A');
    release(&to);
  }
  return status;
}

}  // namespace

MICA_EXPLORE("M1-short-string", "M1: a string that cannot be converted leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    ANSI_STRING narrow;
    RtlInitAnsiString(&narrow, "A string");
    UNICODE_STRING wide;
    RtlInitUnicodeString(&wide, u"A string");
    NTSTATUS const results[] = {convert(RtlAnsiStringToUnicodeString, RtlFreeUnicodeString, narrow),
                                convert(RtlUnicodeStringToAnsiString, RtlFreeAnsiString, wide),
                                convert(RtlUpcaseUnicodeString, RtlFreeUnicodeString, wide)};
    for (NTSTATUS const result : results)
      if (result != STATUS_SUCCESS) return result;
    return STATUS_SUCCESS;
  });
}

MICA_EXPLORE("M1-short-callback", "M1: a callback that cannot be made or registered leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    Attributes attributes{u"\\Callback\\Short"};
    auto* object = reinterpret_cast<PCALLBACK_OBJECT>(&attributes);
    NTSTATUS const status = ExCreateCallback(&object, attributes, TRUE, FALSE);
    MICA_CHECK((object != nullptr) == (status == STATUS_SUCCESS));
    if (status != STATUS_SUCCESS) return status;
    int heard = 0;
    auto const hear = [](PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<int*>(context); };
    PVOID const registration = ExRegisterCallback(object, hear, &heard);
    // It is for one: with the first the second is refused.
    if (registration != nullptr) MICA_CHECK(ExRegisterCallback(object, hear, &heard) == nullptr);
    ExNotifyCallback(object, nullptr, nullptr);
    MICA_CHECK(heard == (registration != nullptr ? 1 : 0));
    if (registration != nullptr) ExUnregisterCallback(registration);
    ObDereferenceObject(object);
    return registration != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
  });
}

MICA_EXPLORE("M1-short-timer", "M1: a timer that cannot be allocated leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    PEX_TIMER const timer = ExAllocateTimer(nullptr, nullptr, EX_TIMER_NOTIFICATION);
    if (timer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    ExDeleteTimer(timer, TRUE, TRUE, nullptr);
    return STATUS_SUCCESS;
  });
}

MICA_EXPLORE("M1-short-extended", "M1: extended registers that cannot be saved leave nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    XSTATE_SAVE save;
    NTSTATUS const status = KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save);
    if (NT_SUCCESS(status)) KeRestoreExtendedProcessorState(&save);
    return status;
  });
}

MICA_EXPLORE("M1-short-change", "M1: who cannot register for processors leaves nothing",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    static constexpr auto accept = [](PVOID, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, PNTSTATUS)
                                       NTAPI {};
    static constexpr auto refuse = [](PVOID, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, PNTSTATUS status)
                                       NTAPI { *status = STATUS_UNSUCCESSFUL; };
    MICA_CHECK(KeRegisterProcessorChangeCallback(refuse, nullptr,
                                                 KE_PROCESSOR_CHANGE_ADD_EXISTING) == nullptr);
    PVOID const handle = KeRegisterProcessorChangeCallback(accept, nullptr, 0);
    if (handle == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    KeDeregisterProcessorChangeCallback(handle);
    return STATUS_SUCCESS;
  });
}

MICA_EXPLORE("M1-short-stack", "M1: a stack that cannot be expanded is as it was", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    static constexpr auto nothing = [](PVOID) NTAPI {};
    return KeExpandKernelStackAndCallout(nothing, nullptr, MAXIMUM_EXPANSION_SIZE);
  });
}

MICA_EXPLORE("M1-short-stack-wait", "M1: who waits for a stack gets it when there is memory",
             .processors = 1, .bound = 2, .shortage = true) {
  ask(window, [] {
    static constexpr auto nothing = [](PVOID) NTAPI {};
    NTSTATUS const status =
        KeExpandKernelStackAndCalloutEx(nothing, nullptr, MAXIMUM_EXPANSION_SIZE, TRUE, nullptr);
    MICA_CHECK(status == STATUS_SUCCESS);
    return status;
  });
}
