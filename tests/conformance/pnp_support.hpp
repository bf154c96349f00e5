// What the cases of plug and play share: drivers that note what they are told, and devices of
// texts.
#pragma once

#include <nt/ps.h>
#include <nt/zw.h>

#include <cstring>
#include <string_view>

#include "init/test_inside.hpp"
#include "io_support.hpp"

namespace mica::test {

// What drivers were told, in order: the letter of a driver, then what it was: A AddDevice; of
// requests S start, Q query remove, R remove, C cancel remove, X surprise removal, K capabilities,
// P state, L what hangs from the device; o open, c cleanup, z close.
class Story {
 public:
  void note(char driver, char what) noexcept {
    if (length_ + 4 > sizeof text_) return;
    if (length_ != 0) text_[length_++] = ' ';
    text_[length_++] = driver;
    text_[length_++] = what;
  }
  // Since it was asked last.
  [[nodiscard]] bool is(std::string_view expected) noexcept {
    bool const same = std::string_view{text_, length_} == expected;
    length_ = 0;
    return same;
  }

 private:
  char text_[200];
  std::size_t length_ = 0;
};

inline NTSTATUS NTAPI wake(PDEVICE_OBJECT, PIRP, PVOID event) {
  KeSetEvent(static_cast<PKEVENT>(event), 0, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

// A driver \Driver\NAME with AddDevice, for the length of a case. Its one device passes on what it
// is told.
class Plugger {
 public:
  char letter;
  Story* story;  // null: nothing is noted, by whoever calls
  // What a case decides.
  NTSTATUS add_answer = STATUS_SUCCESS;
  int failing_minor = -1;  // of plug and play: not passed on
  NTSTATUS failure = STATUS_UNSUCCESSFUL;
  bool start_pends = false;
  bool start_fails = false;    // when all else is done
  bool keeps_device = false;   // does not detach when it is removed
  PNP_DEVICE_STATE state = 0;  // said of the device
  PUNICODE_STRING device_name = nullptr;
  void (*adding)(Plugger& driver) = nullptr;   // called by AddDevice
  void (*started)(Plugger& driver) = nullptr;  // called with the resources
  // What came of it.
  PDRIVER_OBJECT object = nullptr;
  PDEVICE_OBJECT pdo = nullptr, device = nullptr, below = nullptr;
  PCM_RESOURCE_LIST raw = nullptr, translated = nullptr;
  NTSTATUS first_status = STATUS_SUCCESS;  // of the last request, as it came

  Plugger(Story& told, char what, UNICODE_STRING* name) noexcept : letter{what}, story{&told} {
    PDRIVER_INITIALIZE const enter = [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
      driver->DriverExtension->AddDevice = add_device;
      driver->MajorFunction[IRP_MJ_PNP] = plug_and_play;
      for (ULONG const major : {IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE})
        driver->MajorFunction[major] = open_or_close;
      return STATUS_SUCCESS;
    };
    MICA_REQUIRE(IoCreateDriver(name, enter) == STATUS_SUCCESS);
    void* found = nullptr;
    MICA_REQUIRE(ObReferenceObjectByName(name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr,
                                         KernelMode, nullptr, &found) == STATUS_SUCCESS);
    object = static_cast<PDRIVER_OBJECT>(found);
    void* extension = nullptr;
    MICA_REQUIRE(IoAllocateDriverObjectExtension(object, &extension_name, sizeof(Plugger*),
                                                 &extension) == STATUS_SUCCESS);
    *static_cast<Plugger**>(extension) = this;
  }
  Plugger(Plugger const&) = delete;
  Plugger& operator=(Plugger const&) = delete;
  ~Plugger() {
    ObDereferenceObject(object);
    IoDeleteDriver(object);
  }

  // What a driver does when it is removed.
  void detach_and_delete() noexcept {
    IoDetachDevice(below);
    IoDeleteDevice(device);
    device = below = nullptr;
  }

 private:
  static inline char extension_name = 0;  // its address is

  static Plugger& of(PDRIVER_OBJECT driver) noexcept {
    return **static_cast<Plugger**>(IoGetDriverObjectExtension(driver, &extension_name));
  }

  void note(char what) noexcept {
    if (story != nullptr) story->note(letter, what);
  }

  static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical) {
    Plugger& self = of(driver);
    self.note('A');
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && IoIsSystemThread(PsGetCurrentThread()));
    self.pdo = physical;
    if (self.adding != nullptr) self.adding(self);
    if (!NT_SUCCESS(self.add_answer)) return self.add_answer;
    NTSTATUS const status =
        IoCreateDevice(driver, 0, self.device_name, FILE_DEVICE_UNKNOWN, 0, FALSE, &self.device);
    if (!NT_SUCCESS(status)) return status;
    self.below = IoAttachDeviceToDeviceStack(self.device, physical);
    MICA_CHECK(self.below != nullptr);
    self.device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
    return STATUS_SUCCESS;
  }

  static NTSTATUS NTAPI open_or_close(PDEVICE_OBJECT device, PIRP irp) {
    Plugger& self = of(device->DriverObject);
    UCHAR const major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    self.note(major == IRP_MJ_CREATE ? 'o' : major == IRP_MJ_CLEANUP ? 'c' : 'z');
    return complete(irp, STATUS_SUCCESS);
  }

  static char letter_of(UCHAR minor) noexcept {
    constexpr std::string_view letters = "SQRC...L.K..........P..X";
    return minor < letters.size() ? letters[minor] : '?';
  }

  // What goes with a device is asked for whenever it goes.
  static bool asks_for_others(IRP& irp) noexcept {
    PIO_STACK_LOCATION const at = IoGetCurrentIrpStackLocation(&irp);
    return at->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS &&
           at->Parameters.QueryDeviceRelations.Type != BusRelations;
  }

  static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT device, PIRP irp) {
    Plugger& self = of(device->DriverObject);
    UCHAR const minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    if (!asks_for_others(*irp)) self.note(letter_of(minor));
    self.first_status = irp->IoStatus.Status;
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && IoIsSystemThread(PsGetCurrentThread()));
    if (minor == self.failing_minor) return complete(irp, self.failure);
    if (minor == IRP_MN_START_DEVICE) return self.start(irp);
    if (minor == IRP_MN_REMOVE_DEVICE) return self.remove(irp);
    if (minor == IRP_MN_QUERY_PNP_DEVICE_STATE && self.state != 0) {
      irp->IoStatus.Information |= self.state;
      irp->IoStatus.Status = STATUS_SUCCESS;
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(self.below, irp);
  }

  NTSTATUS start(PIRP irp) noexcept {
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, wake, &done, TRUE, TRUE, TRUE);
    if (IoCallDriver(below, irp) == STATUS_PENDING)
      KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
    auto const& given = IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice;
    raw = given.AllocatedResources;
    translated = given.AllocatedResourcesTranslated;
    if (started != nullptr) started(*this);
    NTSTATUS const status = start_fails ? STATUS_UNSUCCESSFUL : irp->IoStatus.Status;
    if (!start_pends) return complete(irp, status);
    PIO_WORKITEM const item = IoAllocateWorkItem(device);
    MICA_REQUIRE(item != nullptr);
    device->CurrentIrp = irp;
    IoMarkIrpPending(irp);
    IoQueueWorkItem(item, end_start, DelayedWorkQueue, item);
    return STATUS_PENDING;
  }

  static void NTAPI end_start(PDEVICE_OBJECT device, PVOID item) {
    IoFreeWorkItem(static_cast<PIO_WORKITEM>(item));
    complete(device->CurrentIrp, STATUS_SUCCESS);
  }

  NTSTATUS remove(PIRP irp) noexcept {
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS const status = IoCallDriver(below, irp);
    if (!keeps_device) detach_and_delete();
    return status;
  }
};

// Deletes a key with all below it.
inline void delete_keys(HANDLE parent, UNICODE_STRING* name) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent,
                             nullptr);
  HANDLE key = nullptr;
  if (ZwOpenKey(&key, KEY_ALL_ACCESS, &attributes) != STATUS_SUCCESS) return;
  for (;;) {
    struct {
      KEY_BASIC_INFORMATION information;
      WCHAR rest[255];
    } found;
    ULONG length = 0;
    if (ZwEnumerateKey(key, 0, KeyBasicInformation, &found, sizeof found, &length) !=
        STATUS_SUCCESS)
      break;
    auto const bytes = static_cast<USHORT>(found.information.NameLength);
    UNICODE_STRING below{bytes, bytes, found.information.Name};
    delete_keys(key, &below);
  }
  MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
}

// The keys of a case's devices go with it. Their class has this GUID, if any.
#define MICA_CASE_CLASS "{01234567-89ab-cdef-0123-456789abcdef}"
class CaseDevices {
 public:
  CaseDevices() noexcept = default;
  CaseDevices(CaseDevices const&) = delete;
  CaseDevices& operator=(CaseDevices const&) = delete;
  ~CaseDevices() {
    Text devices{u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT"};
    delete_keys(nullptr, devices);
    Text of_class{
        u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\" MICA_CASE_CLASS};
    delete_keys(nullptr, of_class);
    Text of_interface{u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses"};
    delete_keys(nullptr, of_interface);
  }

  // The one device that the text describes.
  [[nodiscard]] NTSTATUS add(std::string_view text) noexcept { return add_device(text); }
  [[nodiscard]] NTSTATUS remove(std::string_view name) noexcept { return remove_device(name); }
  [[nodiscard]] NTSTATUS lose(std::string_view name) noexcept { return lose_device(name); }
  [[nodiscard]] NTSTATUS forget(std::string_view identifier) noexcept {
    return forget_children(identifier);
  }
  // Whatever was to be done to devices is done.
  void settle() noexcept { MICA_CHECK(lose("Nobody") == STATUS_NO_SUCH_DEVICE); }
};

// A function driver alone, and its device Plug, which is removed with it.
struct PlugCase {
  Story story;
  CaseDevices devices;
  Text name{u"\\Driver\\Function"};
  Plugger driver{story, 'f', name};

  PlugCase() noexcept = default;
  PlugCase(PlugCase const&) = delete;
  PlugCase& operator=(PlugCase const&) = delete;
  ~PlugCase() { static_cast<void>(devices.remove("Plug")); }
};

}  // namespace mica::test
