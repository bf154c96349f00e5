#include "io/driver.hpp"

#include <cstring>
#include <string_view>

#include "base/list.hpp"
#include "io/device.hpp"
#include "io/driver_name.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

// What every slot of MajorFunction holds until the driver fills it.
NTSTATUS NTAPI invalid_request(PDEVICE_OBJECT, PIRP irp) {
  irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
  irp->IoStatus.Information = 0;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_INVALID_DEVICE_REQUEST;
}

// \Driver\ and eight decimal digits.
struct GeneratedName {
  WCHAR text[16];
  UNICODE_STRING string;

  explicit GeneratedName(ULONG number) noexcept {
    std::memcpy(text, driver_folder.data(), driver_folder.size() * sizeof(WCHAR));
    for (ULONG i = 16; i-- > driver_folder.size(); number /= 10)
      text[i] = static_cast<WCHAR>(u'0' + number % 10);
    string = {sizeof text, sizeof text, text};
  }
};

// The driver has done what it does before it goes.
void judge_unloaded(Driver const& driver) noexcept {
  if (driver.image.start != nullptr)
    state().unloaded(driver.image, driver.extension.ServiceKeyName.Buffer);
}

void end_unload(DRIVER_OBJECT& object) noexcept {
  trace::call(ke::listener(), trace::Callback::unload, object.DriverUnload, &object);
  judge_unloaded(whole(object));
  ObMakeTemporaryObject(&object);
  ObfDereferenceObject(&object);
}

void NTAPI unload_later(PVOID driver) {
  end_unload(static_cast<Driver*>(driver)->object);
}

NTSTATUS fill(Driver& driver, UNICODE_STRING const& name, PDRIVER_INITIALIZE entry) noexcept {
  DRIVER_OBJECT& object = driver.object;
  object.Type = IO_TYPE_DRIVER;
  object.Size = sizeof(DRIVER_OBJECT);
  object.Flags = DRVO_BUILTIN_DRIVER;
  object.DriverExtension = &driver.extension;
  driver.extension.DriverObject = &object;
  object.DriverInit = entry;
  for (auto& slot : object.MajorFunction) slot = invalid_request;
  ExInitializeWorkItem(&driver.unload, unload_later, &driver);
  list_initialize(driver.again);
  list_initialize(driver.boot_again);
  return join({}, name, object.DriverName) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// One that is in the namespace, and has not been entered.
NTSTATUS make(UNICODE_STRING& name, PDRIVER_INITIALIZE entry, Driver*& made) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, nullptr,
                             nullptr);
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().driver_type, &attributes, KernelMode,
                                   nullptr, sizeof(Driver), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  auto& driver = *static_cast<Driver*>(object);
  status = fill(driver, name, entry);
  if (!NT_SUCCESS(status)) {
    ObfDereferenceObject(object);
    return status;
  }
  status = ObInsertObject(object, nullptr, 0, 0, nullptr, nullptr);
  if (NT_SUCCESS(status)) made = &driver;
  return status;
}

// Devices made by the entry routine are ready when it returns. [MSDN IoCreateDevice]
void open_devices(DRIVER_OBJECT& driver) noexcept {
  ke::SpinGuard guard{state().device_lock};
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  }
}

NTSTATUS enter(Driver& driver, UNICODE_STRING* key) noexcept {
  NTSTATUS const status = trace::call(ke::listener(), trace::Callback::entry,
                                      driver.object.DriverInit, &driver.object, key);
  if (NT_SUCCESS(status)) {
    if (driver.image.start != nullptr) state().image_entered(driver.image);
    open_devices(driver.object);
    reinitialize(driver);
  } else {
    judge_unloaded(driver);
    IoDeleteDriver(&driver.object);
  }
  return status;
}

void end_image(DriverImage const& image) noexcept {
  if (image.start != nullptr) state().image_gone(image);
}

// A driver whose devices are plugged in is asked by its stack to remove them.
[[nodiscard]] bool is_used(DRIVER_OBJECT const& driver) noexcept {
  bool const plugs = driver.DriverExtension->AddDevice != nullptr;
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr; device = device->NextDevice)
    if (device->ReferenceCount != 0 || device->AttachedDevice != nullptr ||
        (plugs && extension_of(*device).attached_to != nullptr))
      return true;
  return false;
}

// A driver's image, and its names, before its entry routine is called.
NTSTATUS describe(Driver& driver, UNICODE_STRING const& service,
                  DriverImage const& image) noexcept {
  driver.object.Flags = DRVO_LEGACY_DRIVER;
  driver.object.DriverStart = image.start;
  driver.object.DriverSize = static_cast<ULONG>(image.bytes);
  driver.image = image;
  return join({}, service, driver.extension.ServiceKeyName) ? STATUS_SUCCESS
                                                            : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS load(UNICODE_STRING const& service, DriverImage const& image, Driver*& made) noexcept {
  Joined name{driver_folder, service};
  Joined key{service_folder, service};
  if (!name || !key) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS status = state().make_service_key(service);
  if (!NT_SUCCESS(status)) return status;
  Driver* driver = nullptr;
  status = make(name.get(), image.entry, driver);
  if (status == STATUS_OBJECT_NAME_COLLISION) return STATUS_IMAGE_ALREADY_LOADED;
  if (!NT_SUCCESS(status)) return status;
  made = driver;  // the image is its, whatever comes
  status = describe(*driver, service, image);
  if (NT_SUCCESS(status)) return enter(*driver, &key.get());
  IoDeleteDriver(&driver->object);
  return status;
}

}  // namespace

ob::TypeOptions driver_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Driver";
  options.procedures.remove = [](void* object) NTAPI {
    auto& driver = *static_cast<Driver*>(object);
    discard(driver.object.DriverName);
    discard(driver.extension.ServiceKeyName);
    forget_reinitialization(driver);
    free_client_extensions(driver);
    end_image(driver.image);
  };
  options.mapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                     STANDARD_RIGHTS_ALL};
  options.valid_access = STANDARD_RIGHTS_ALL;
  options.tag = ob::pool_tag("Driv");
  return options;
}

NTSTATUS NTAPI load_driver(UNICODE_STRING const& service, DriverImage const& image,
                           PDRIVER_OBJECT& driver) noexcept {
  Driver* made = nullptr;
  NTSTATUS const status = load(service, image, made);
  if (made == nullptr) end_image(image);
  driver = NT_SUCCESS(status) ? &made->object : nullptr;
  return status;
}

NTSTATUS NTAPI unload_driver(DRIVER_OBJECT& driver) noexcept {
  {
    ke::SpinGuard guard{state().device_lock};
    if (driver.DriverUnload == nullptr || (driver.Flags & DRVO_UNLOAD_INVOKED) != 0)
      return STATUS_INVALID_DEVICE_REQUEST;
    driver.Flags |= DRVO_UNLOAD_INVOKED;
    whole(driver).unload_pending = is_used(driver);
    if (whole(driver).unload_pending) return STATUS_SUCCESS;
  }
  end_unload(driver);
  return STATUS_SUCCESS;
}

void NTAPI unload_if_unused(DRIVER_OBJECT& driver) noexcept {
  {
    ke::SpinGuard guard{state().device_lock};
    if (!whole(driver).unload_pending || is_used(driver)) return;
    whole(driver).unload_pending = false;
  }
  ExQueueWorkItem(&whole(driver).unload, DelayedWorkQueue);
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName,
                              PDRIVER_INITIALIZE InitializationFunction) {
  GeneratedName generated{state().next_driver_name.fetch_add(1, std::memory_order_relaxed)};
  Driver* driver = nullptr;
  NTSTATUS const status =
      make(DriverName != nullptr ? *DriverName : generated.string, InitializationFunction, driver);
  return NT_SUCCESS(status) ? enter(*driver, nullptr) : status;
}

VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject) {
  ObMakeTemporaryObject(DriverObject);
  ObfDereferenceObject(DriverObject);
}
