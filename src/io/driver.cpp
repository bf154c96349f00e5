// Driver objects.
#include <cstring>

#include "io/device.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

// The extension follows its driver object; the service key name is empty.
struct Driver {
  DRIVER_OBJECT object;
  DRIVER_EXTENSION extension;
};

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

  explicit GeneratedName(ULONG number) noexcept
      : text{u'\\', u'D', u'r', u'i', u'v', u'e', u'r', u'\\'} {
    for (ULONG i = 16; i-- > 8; number /= 10) text[i] = static_cast<WCHAR>(u'0' + number % 10);
    string = {sizeof text, sizeof text, text};
  }
};

NTSTATUS fill(Driver& driver, UNICODE_STRING const& name, PDRIVER_INITIALIZE entry) noexcept {
  DRIVER_OBJECT& object = driver.object;
  object.Type = IO_TYPE_DRIVER;
  object.Size = sizeof(DRIVER_OBJECT);
  object.Flags = DRVO_BUILTIN_DRIVER;
  object.DriverExtension = &driver.extension;
  driver.extension.DriverObject = &object;
  object.DriverInit = entry;
  for (auto& slot : object.MajorFunction) slot = invalid_request;
  auto* const text =
      static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, name.Length, tag_name));
  if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memcpy(text, name.Buffer, name.Length);
  object.DriverName = {name.Length, name.Length, text};
  return STATUS_SUCCESS;
}

// Devices made by the entry routine are ready when it returns. [MSDN IoCreateDevice]
void open_devices(DRIVER_OBJECT& driver) noexcept {
  ke::SpinGuard guard{state().device_lock};
  for (PDEVICE_OBJECT device = driver.DeviceObject; device != nullptr;
       device = device->NextDevice) {
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  }
}

}  // namespace

ob::TypeOptions driver_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Driver";
  options.procedures.remove = [](void* object) NTAPI {
    DRIVER_OBJECT const& driver = static_cast<Driver*>(object)->object;
    if (driver.DriverName.Buffer != nullptr) ExFreePoolWithTag(driver.DriverName.Buffer, tag_name);
  };
  options.mapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE, STANDARD_RIGHTS_EXECUTE,
                     STANDARD_RIGHTS_ALL};
  options.valid_access = STANDARD_RIGHTS_ALL;
  options.tag = ob::pool_tag("Driv");
  return options;
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName,
                              PDRIVER_INITIALIZE InitializationFunction) {
  GeneratedName generated{state().next_driver_name.fetch_add(1, std::memory_order_relaxed)};
  UNICODE_STRING* const name = DriverName != nullptr ? DriverName : &generated.string;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, nullptr,
                             nullptr);
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().driver_type, &attributes, KernelMode,
                                   nullptr, sizeof(Driver), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  auto& driver = *static_cast<Driver*>(object);
  status = fill(driver, *name, InitializationFunction);
  if (!NT_SUCCESS(status)) {
    ObfDereferenceObject(object);
    return status;
  }
  status = ObInsertObject(object, nullptr, 0, 0, nullptr, nullptr);
  if (!NT_SUCCESS(status)) return status;
  status = InitializationFunction(&driver.object, nullptr);
  if (NT_SUCCESS(status)) {
    open_devices(driver.object);
  } else {
    IoDeleteDriver(&driver.object);
  }
  return status;
}

VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject) {
  ObMakeTemporaryObject(DriverObject);
  ObfDereferenceObject(DriverObject);
}
