// A bus driver, as cases of plug and play need one: its one device is on the root, and what hangs
// from that a case says.
#pragma once

#include <utility>

#include "pnp_support.hpp"

namespace mica::test {

// A child of the bus. What a case says of it holds from the next time the bus is asked.
struct BusChild {
  char letter;  // of its requests, in the story
  WCHAR const* device_id;
  WCHAR const* instance = u"1";
  WCHAR const* hardware_ids = nullptr;  // with their terminating nulls, in so many bytes
  std::size_t hardware_bytes = 0;
  bool unique = true, raw = false, ejectable = false, named = true;
  bool present = false;
  bool leaves = true;                     // when it is ejected
  PDEVICE_OBJECT removed_with = nullptr;  // RemovalRelations
  PDEVICE_OBJECT ejected_with = nullptr;  // EjectionRelations
  PDEVICE_OBJECT pdo = nullptr;
};

// \Driver\Bus, for the length of a case; its device is Bus.
class Bus {
 public:
  CaseDevices& devices;
  Story& story;
  PDEVICE_OBJECT pdo = nullptr, device = nullptr, below = nullptr;
  bool says_nothing = false;  // IRP_MN_QUERY_DEVICE_RELATIONS fails
  bool deletes = false;       // what it reports
  bool reports_null = false;  // instead

  static constexpr std::size_t most = 4;
  struct Children {
    BusChild* each[most];
  };

  template <class... Child>
  Bus(CaseDevices& cases, Story& told, Child&... children) noexcept
      : Bus{cases, told, Children{{&children...}}} {}
  Bus(CaseDevices& cases, Story& told, Children children) noexcept
      : devices{cases}, story{told}, children_{children} {
    PDRIVER_INITIALIZE const enter = [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
      driver->DriverExtension->AddDevice = add_device;
      driver->MajorFunction[IRP_MJ_PNP] = plug_and_play;
      for (ULONG const major : {IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE})
        driver->MajorFunction[major] = succeed;
      return STATUS_SUCCESS;
    };
    Text name{u"\\Driver\\Bus"};
    MICA_REQUIRE(IoCreateDriver(name, enter) == STATUS_SUCCESS);
    void* found = nullptr;
    MICA_REQUIRE(ObReferenceObjectByName(name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr,
                                         KernelMode, nullptr, &found) == STATUS_SUCCESS);
    driver_ = static_cast<PDRIVER_OBJECT>(found);
    void* extension = nullptr;
    MICA_REQUIRE(IoAllocateDriverObjectExtension(driver_, &extension_name, sizeof(Bus*),
                                                 &extension) == STATUS_SUCCESS);
    *static_cast<Bus**>(extension) = this;
  }
  Bus(Bus const&) = delete;
  Bus& operator=(Bus const&) = delete;
  ~Bus() {
    static_cast<void>(devices.remove("Bus"));
    ObDereferenceObject(driver_);
    IoDeleteDriver(driver_);
    Text keys{u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\CASE"};
    delete_keys(nullptr, keys);
  }

  [[nodiscard]] NTSTATUS add() noexcept { return devices.add("device Bus\ndriver Bus\n"); }
  // What a bus driver does when it hears of a change; and waits for what comes of it.
  void change() noexcept {
    IoInvalidateDeviceRelations(pdo, BusRelations);
    devices.settle();
  }

 private:
  static inline char extension_name = 0;  // its address is

  // Of the bus's own device child is null.
  struct Extension {
    BusChild* child;
  };

  static Bus& of(DEVICE_OBJECT& device) noexcept {
    return **static_cast<Bus**>(IoGetDriverObjectExtension(device.DriverObject, &extension_name));
  }

  static NTSTATUS NTAPI succeed(PDEVICE_OBJECT, PIRP irp) { return complete(irp, STATUS_SUCCESS); }

  static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical) {
    PDEVICE_OBJECT made = nullptr;
    NTSTATUS const status = IoCreateDevice(driver, sizeof(Extension), nullptr,
                                           FILE_DEVICE_BUS_EXTENDER, 0, FALSE, &made);
    if (!NT_SUCCESS(status)) return status;
    Bus& self = of(*made);
    self.pdo = physical;
    self.device = made;
    self.below = IoAttachDeviceToDeviceStack(made, physical);
    made->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
    return STATUS_SUCCESS;
  }

  static NTSTATUS NTAPI plug_and_play(PDEVICE_OBJECT device, PIRP irp) {
    BusChild* const child = static_cast<Extension*>(device->DeviceExtension)->child;
    Bus& self = of(*device);
    return child == nullptr ? self.serve_bus(irp) : self.serve(*child, irp);
  }

  void note(char letter, UCHAR minor) noexcept {
    constexpr std::string_view letters = "SQRC..........";
    if (minor < 4) story.note(letter, letters[minor]);
    if (minor == IRP_MN_SURPRISE_REMOVAL) story.note(letter, 'X');
    if (minor == IRP_MN_EJECT) story.note(letter, 'J');
  }

  NTSTATUS serve_bus(PIRP irp) noexcept {
    PIO_STACK_LOCATION const at = IoGetCurrentIrpStackLocation(irp);
    note('b', at->MinorFunction);
    if (at->MinorFunction == IRP_MN_REMOVE_DEVICE) return remove_bus(irp);
    bool const asked = at->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS &&
                       at->Parameters.QueryDeviceRelations.Type == BusRelations;
    if (asked && says_nothing) return complete(irp, STATUS_INSUFFICIENT_RESOURCES);
    if (asked) report(*irp);
    if (at->MinorFunction == IRP_MN_START_DEVICE || at->MinorFunction == IRP_MN_SURPRISE_REMOVAL)
      irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(below, irp);
  }

  NTSTATUS remove_bus(PIRP irp) noexcept {
    for (BusChild* const each : children_.each)
      if (each != nullptr && each->pdo != nullptr)
        IoDeleteDevice(std::exchange(each->pdo, nullptr));
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS const status = IoCallDriver(below, irp);
    IoDetachDevice(below);
    IoDeleteDevice(std::exchange(device, nullptr));
    return status;
  }

  void make(BusChild& child) noexcept {
    ULONG const named = child.named ? FILE_AUTOGENERATED_DEVICE_NAME : 0;
    MICA_REQUIRE(IoCreateDevice(driver_, sizeof(Extension), nullptr, FILE_DEVICE_UNKNOWN, named,
                                FALSE, &child.pdo) == STATUS_SUCCESS);
    static_cast<Extension*>(child.pdo->DeviceExtension)->child = &child;
    child.pdo->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  }

  void report(IRP& irp) noexcept {
    auto* const relations = static_cast<PDEVICE_RELATIONS>(ExAllocatePool2(
        POOL_FLAG_PAGED, sizeof(DEVICE_RELATIONS) + most * sizeof(PDEVICE_OBJECT), 'dlhC'));
    MICA_REQUIRE(relations != nullptr);
    for (BusChild* const each : children_.each) {
      if (each == nullptr || !each->present) continue;
      if (each->pdo == nullptr) make(*each);
      ObReferenceObject(each->pdo);
      if (deletes) IoDeleteDevice(each->pdo);
      relations->Objects[relations->Count++] = reports_null ? nullptr : each->pdo;
    }
    irp.IoStatus.Information = reinterpret_cast<ULONG_PTR>(relations);
    irp.IoStatus.Status = STATUS_SUCCESS;
  }

  // With what it has been given.
  static NTSTATUS answer(PIRP irp, NTSTATUS status) noexcept {
    return complete(irp, status, irp->IoStatus.Information);
  }

  static NTSTATUS give(IRP& irp, void const* data, std::size_t bytes) noexcept {
    void* const block = ExAllocatePool2(POOL_FLAG_PAGED, bytes, 'dlhC');
    MICA_REQUIRE(block != nullptr);
    std::memcpy(block, data, bytes);
    irp.IoStatus.Information = reinterpret_cast<ULONG_PTR>(block);
    return STATUS_SUCCESS;
  }

  static NTSTATUS give(IRP& irp, WCHAR const* text) noexcept {
    return give(irp, text, (std::u16string_view{text}.size() + 1) * sizeof(WCHAR));
  }

  static NTSTATUS identify(BusChild const& child, IRP& irp) noexcept {
    switch (IoGetCurrentIrpStackLocation(&irp)->Parameters.QueryId.IdType) {
      case BusQueryDeviceID:
        return child.device_id == nullptr ? irp.IoStatus.Status : give(irp, child.device_id);
      case BusQueryInstanceID:
        return give(irp, child.instance);
      case BusQueryHardwareIDs:
        if (child.hardware_ids == nullptr) break;
        return give(irp, child.hardware_ids, child.hardware_bytes);
      default:
        break;
    }
    return irp.IoStatus.Status;
  }

  static NTSTATUS relate(BusChild const& child, IRP& irp) noexcept {
    auto const type = IoGetCurrentIrpStackLocation(&irp)->Parameters.QueryDeviceRelations.Type;
    PDEVICE_OBJECT const other = type == RemovalRelations    ? child.removed_with
                                 : type == EjectionRelations ? child.ejected_with
                                                             : nullptr;
    if (other == nullptr) return irp.IoStatus.Status;
    ObReferenceObject(other);
    DEVICE_RELATIONS const relations{1, {other}};
    return give(irp, &relations, sizeof relations);
  }

  static NTSTATUS fill(BusChild const& child, IRP& irp) noexcept {
    DEVICE_CAPABILITIES& asked =
        *IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceCapabilities.Capabilities;
    asked.UniqueID = child.unique ? 1 : 0;
    asked.RawDeviceOK = child.raw ? 1 : 0;
    asked.EjectSupported = child.ejectable ? 1 : 0;
    return STATUS_SUCCESS;
  }

  NTSTATUS serve(BusChild& child, PIRP irp) noexcept {
    UCHAR const minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    note(child.letter, minor);
    switch (minor) {
      case IRP_MN_START_DEVICE:
      case IRP_MN_QUERY_REMOVE_DEVICE:
      case IRP_MN_CANCEL_REMOVE_DEVICE:
      case IRP_MN_SURPRISE_REMOVAL:
        return complete(irp, STATUS_SUCCESS);
      case IRP_MN_EJECT:
        child.present = !child.leaves;
        return complete(irp, STATUS_SUCCESS);
      case IRP_MN_REMOVE_DEVICE:
        if (!child.present) IoDeleteDevice(std::exchange(child.pdo, nullptr));
        return complete(irp, STATUS_SUCCESS);
      case IRP_MN_QUERY_ID:
        return answer(irp, identify(child, *irp));
      case IRP_MN_QUERY_DEVICE_RELATIONS:
        return answer(irp, relate(child, *irp));
      case IRP_MN_QUERY_CAPABILITIES:
        return complete(irp, fill(child, *irp));
      default:
        return answer(irp, irp->IoStatus.Status);
    }
  }

  PDRIVER_OBJECT driver_ = nullptr;
  Children children_;
};

// What drivers children get, for the length of a case.
class ChildDrivers {
 public:
  ChildDrivers(CaseDevices& devices, std::string_view identifier, std::string_view text) noexcept
      : devices_{devices}, identifier_{identifier} {
    MICA_REQUIRE(devices_.add(text) == STATUS_SUCCESS);
  }
  ChildDrivers(ChildDrivers const&) = delete;
  ChildDrivers& operator=(ChildDrivers const&) = delete;
  ~ChildDrivers() { MICA_CHECK(devices_.forget(identifier_) == STATUS_SUCCESS); }

 private:
  CaseDevices& devices_;
  std::string_view identifier_;
};

}  // namespace mica::test
