#include "io/device.hpp"

#include "base/list.hpp"
#include "io/driver.hpp"
#include "io/file.hpp"
#include "io/stack.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

constexpr std::size_t alignment = 16;
constexpr std::size_t round_up(std::size_t bytes) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

// \Device\ and eight hexadecimal digits.
struct GeneratedName {
  WCHAR text[16];
  UNICODE_STRING string;

  explicit GeneratedName(ULONG number) noexcept
      : text{u'\\', u'D', u'e', u'v', u'i', u'c', u'e', u'\\'} {
    for (ULONG i = 0; i < 8; ++i)
      text[8 + i] = static_cast<WCHAR>(u"0123456789abcdef"[(number >> (28 - 4 * i)) & 15]);
    string = {sizeof text, sizeof text, text};
  }
};

USHORT sector_size(DEVICE_TYPE type) noexcept {
  switch (type) {
    case FILE_DEVICE_DISK:
    case FILE_DEVICE_VIRTUAL_DISK:
    case FILE_DEVICE_DISK_FILE_SYSTEM:
      return 512;
    case FILE_DEVICE_CD_ROM:
    case FILE_DEVICE_CD_ROM_FILE_SYSTEM:
      return 2048;
    default:
      return 0;
  }
}

struct Shape {
  ULONG extension_bytes;
  DEVICE_TYPE type;
  ULONG characteristics;
  bool exclusive;
  bool named;
};

void fill(DEVICE_OBJECT& device, DRIVER_OBJECT& driver, Shape const& shape) noexcept {
  auto* const after = reinterpret_cast<char*>(&device + 1);
  auto& extension = *reinterpret_cast<DeviceExtension*>(after + round_up(shape.extension_bytes));
  extension.common = {IO_TYPE_DEVICE_OBJECT_EXTENSION, sizeof(DEVOBJ_EXTENSION), &device};
  device.Type = IO_TYPE_DEVICE;
  device.Size = static_cast<USHORT>(sizeof(DEVICE_OBJECT) + shape.extension_bytes);
  device.DriverObject = &driver;
  device.Flags = DO_DEVICE_INITIALIZING;
  if (shape.exclusive) device.Flags |= DO_EXCLUSIVE;
  if (shape.named) device.Flags |= DO_DEVICE_HAS_NAME;
  device.Characteristics = shape.characteristics;
  device.DeviceExtension = shape.extension_bytes != 0 ? after : nullptr;
  device.DeviceType = shape.type;
  device.StackSize = 1;
  device.SectorSize = sector_size(shape.type);
  device.DeviceObjectExtension = &extension.common;
  KeInitializeDeviceQueue(&device.DeviceQueue);
  KeInitializeEvent(&device.DeviceLock, SynchronizationEvent, TRUE);
}

void link(DEVICE_OBJECT& device) noexcept {
  ke::SpinGuard guard{state().device_lock};
  device.NextDevice = device.DriverObject->DeviceObject;
  device.DriverObject->DeviceObject = &device;
}

void NTAPI remove_device(void* object) noexcept {
  auto* const device = static_cast<PDEVICE_OBJECT>(object);
  if (device->DriverObject != nullptr) ObfDereferenceObject(device->DriverObject);
  if (device->SecurityDescriptor != nullptr)
    ExFreePoolWithTag(device->SecurityDescriptor, ob::tag_security);
}

}  // namespace

ob::TypeOptions device_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Device";
  options.procedures.remove = [](void* object) NTAPI { remove_device(object); };
  options.procedures.parse = parse_device;
  options.procedures.descriptor = [](void* object) NTAPI -> PSECURITY_DESCRIPTOR* {
    return &static_cast<PDEVICE_OBJECT>(object)->SecurityDescriptor;
  };
  options.mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  options.valid_access = FILE_ALL_ACCESS;
  options.tag = ob::pool_tag("Devi");
  return options;
}

NTSTATUS NTAPI open_device(DEVICE_OBJECT& device) noexcept {
  ke::SpinGuard guard{state().device_lock};
  if (is_out_of_reach(device) || extension_of(lowest_of(device)).shut) return STATUS_NO_SUCH_DEVICE;
  if ((device.Flags & DO_EXCLUSIVE) != 0 && device.ReferenceCount != 0) return STATUS_ACCESS_DENIED;
  ++device.ReferenceCount;
  return STATUS_SUCCESS;
}

void NTAPI close_device(DEVICE_OBJECT& device) noexcept {
  DEVICE_OBJECT* told = nullptr;
  {
    ke::SpinGuard guard{state().device_lock};
    --device.ReferenceCount;
    DEVICE_OBJECT& lowest = lowest_of(device);
    if (extension_of(lowest).tells_closed && !is_stack_open(lowest)) {
      extension_of(lowest).tells_closed = false;
      ObfReferenceObject(told = &lowest);
    }
  }
  if (told != nullptr) {
    state().stack_closed(*told);
    ObfDereferenceObject(told);
  }
  end_if_unused(device);
}

namespace {

// Takes a deleted device that nothing holds any more out of its driver's list. False: it stays, or
// somebody else ends it.
bool unlink_if_unused(DEVICE_OBJECT& device) noexcept {
  ke::SpinGuard guard{state().device_lock};
  DeviceExtension const& extension = extension_of(device);
  if (!extension.delete_pending || device.ReferenceCount != 0 || device.AttachedDevice != nullptr)
    return false;
  PDEVICE_OBJECT* place = &device.DriverObject->DeviceObject;
  while (*place != nullptr && *place != &device) place = &(*place)->NextDevice;
  if (*place == nullptr) return false;
  *place = device.NextDevice;
  device.NextDevice = nullptr;
  return true;
}

}  // namespace

void NTAPI end_if_unused(DEVICE_OBJECT& device) noexcept {
  DRIVER_OBJECT& driver = *device.DriverObject;
  ObfReferenceObject(&driver);  // the device may be its last
  if (unlink_if_unused(device)) ObfDereferenceObject(&device);
  unload_if_unused(driver);
  ObfDereferenceObject(&driver);
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                              PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                              ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                              PDEVICE_OBJECT* DeviceObject) {
  *DeviceObject = nullptr;
  std::size_t const size =
      sizeof(DEVICE_OBJECT) + round_up(DeviceExtensionSize) + sizeof(DeviceExtension);
  if (DeviceExtensionSize > 0xFFFF - sizeof(DEVICE_OBJECT))
    return STATUS_INSUFFICIENT_RESOURCES;  // Size is 16 bits
  GeneratedName generated{state().next_device_name.fetch_add(1, std::memory_order_relaxed)};
  UNICODE_STRING* const name = (DeviceCharacteristics & FILE_AUTOGENERATED_DEVICE_NAME) != 0
                                   ? &generated.string
                                   : DeviceName;
  ULONG const attributes_bits =
      OBJ_KERNEL_HANDLE | (name != nullptr ? OBJ_PERMANENT | OBJ_CASE_INSENSITIVE : 0);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name, attributes_bits, nullptr, nullptr);
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().device_type, &attributes, KernelMode,
                                   nullptr, static_cast<ULONG>(size), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  auto& device = *static_cast<PDEVICE_OBJECT>(object);
  ObfReferenceObject(DriverObject);
  fill(device, *DriverObject,
       {DeviceExtensionSize, DeviceType, DeviceCharacteristics, Exclusive != FALSE,
        name != nullptr});
  status = ObInsertObject(&device, nullptr, 0, 0, nullptr, nullptr);
  if (!NT_SUCCESS(status)) return status;
  link(device);
  *DeviceObject = &device;
  return STATUS_SUCCESS;
}

VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject) {
  // Once it is to be deleted, whoever closes the last file ends it.
  ObfReferenceObject(DeviceObject);
  mica::ob::Reference const keep{DeviceObject};
  ObMakeTemporaryObject(DeviceObject);
  if (DeviceObject->Timer != nullptr) IoStopTimer(DeviceObject);
  if ((DeviceObject->Flags & DO_SHUTDOWN_REGISTERED) != 0)
    IoUnregisterShutdownNotification(DeviceObject);
  {
    mica::ke::SpinGuard guard{state().device_lock};
    extension_of(*DeviceObject).delete_pending = true;
  }
  end_if_unused(*DeviceObject);
}
