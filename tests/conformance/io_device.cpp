// Drivers and devices: IoCreateDriver, IoCreateDevice, IoDeleteDevice and stacks of devices.
#include "io_support.hpp"

#include <nt/rtl/string.h>

using namespace mica::test;

namespace {

// What a handle to that object grants whose maker asked for GENERIC_WRITE.
ACCESS_MASK write_access_to(void* object) noexcept {
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, nullptr, GENERIC_WRITE, nullptr,
                                     KernelMode, &handle) == STATUS_SUCCESS);
  OBJECT_HANDLE_INFORMATION granted{};
  void* found = nullptr;
  MICA_CHECK(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &found, &granted) ==
             STATUS_SUCCESS);
  MICA_CHECK(found == object);
  ObDereferenceObject(found);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  return granted.GrantedAccess;
}

}  // namespace

MICA_CASE("Io: a driver that fails to start is not there") {
  Text name{u"\\Driver\\Failing"};
  MICA_CHECK(IoCreateDriver(name, [](PDRIVER_OBJECT, PUNICODE_STRING) NTAPI -> NTSTATUS {
               return STATUS_UNSUCCESSFUL;
             }) == STATUS_UNSUCCESSFUL);
  void* object = nullptr;
  MICA_CHECK(ObReferenceObjectByName(name, 0, nullptr, 0, nullptr, KernelMode, nullptr, &object) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: a driver's name is taken once, and may be left to the system") {
  Driver driver;
  auto const succeed = [](PDRIVER_OBJECT, PUNICODE_STRING)
                           NTAPI -> NTSTATUS { return STATUS_SUCCESS; };
  Text name{u"\\Driver\\MicaTest"};
  MICA_CHECK(IoCreateDriver(name, succeed) == STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(IoCreateDriver(nullptr, [](PDRIVER_OBJECT unnamed, PUNICODE_STRING) NTAPI -> NTSTATUS {
               UNICODE_STRING const& generated = unnamed->DriverName;
               Text folder{u"\\Driver\\"};
               bool digits = generated.Length == sizeof u"\\Driver\\00000000" - sizeof(WCHAR) &&
                             RtlPrefixUnicodeString(folder, &generated, FALSE) != FALSE;
               for (int i = 8; digits && i < 16; ++i)
                 digits = generated.Buffer[i] >= u'0' && generated.Buffer[i] <= u'9';
               return digits ? STATUS_CANCELLED : STATUS_UNSUCCESSFUL;
             }) == STATUS_CANCELLED);
}

MICA_CASE("Io: a driver object says what it is") {
  Driver driver;
  MICA_CHECK(write_access_to(driver.get()) == STANDARD_RIGHTS_WRITE);
  MICA_CHECK(driver->Type == IO_TYPE_DRIVER);
  MICA_CHECK(driver->Size == sizeof(DRIVER_OBJECT));
  MICA_CHECK(driver->Flags == DRVO_BUILTIN_DRIVER);
  MICA_CHECK(driver->DriverExtension->DriverObject == driver.get());
  MICA_CHECK(driver->DriverName.Length == sizeof u"\\Driver\\MicaTest" - sizeof(WCHAR));
  MICA_CHECK(driver->DeviceObject == nullptr);
}

MICA_CASE("Io: what a driver does not handle is STATUS_INVALID_DEVICE_REQUEST") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  for (int major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; ++major) {
    PIRP const irp = IoAllocateIrp(1, FALSE);
    MICA_REQUIRE(irp != nullptr);
    IoGetNextIrpStackLocation(irp)->MajorFunction = static_cast<UCHAR>(major);
    irp->IoStatus.Information = 77;
    MICA_CHECK(IoCallDriver(device, irp) == STATUS_INVALID_DEVICE_REQUEST);
    MICA_CHECK(irp->IoStatus.Status == STATUS_INVALID_DEVICE_REQUEST);
    MICA_CHECK(irp->IoStatus.Information == 0);
    IoFreeIrp(irp);
  }
}

MICA_CASE("Io: a new device is initializing, with a zeroed and aligned extension") {
  Driver driver;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), 40, nullptr, FILE_DEVICE_DISK, FILE_REMOVABLE_MEDIA,
                              FALSE, &device) == STATUS_SUCCESS);
  MICA_CHECK(device->Type == IO_TYPE_DEVICE);
  MICA_CHECK(device->Size == sizeof(DEVICE_OBJECT) + 40);
  MICA_CHECK(device->Flags == DO_DEVICE_INITIALIZING);
  MICA_CHECK(device->StackSize == 1);
  MICA_CHECK(device->DriverObject == driver.get());
  MICA_CHECK(driver->DeviceObject == device);
  MICA_CHECK(KeReadStateEvent(&device->DeviceLock) != 0);
  MICA_CHECK(device->DeviceType == FILE_DEVICE_DISK);
  MICA_CHECK(device->SectorSize == 512);
  MICA_CHECK(device->Characteristics == FILE_REMOVABLE_MEDIA);
  MICA_CHECK(device->DeviceObjectExtension->DeviceObject == device);
  MICA_CHECK(reinterpret_cast<ULONG_PTR>(device->DeviceExtension) % 16 == 0);
  auto const* const bytes = static_cast<unsigned char*>(device->DeviceExtension);
  bool zero = true;
  for (int i = 0; i < 40; ++i) zero = zero && bytes[i] == 0;
  MICA_CHECK(zero);
  PDEVICE_OBJECT second = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), 0, nullptr, FILE_DEVICE_CD_ROM, 0, TRUE, &second) ==
               STATUS_SUCCESS);
  MICA_CHECK(second->DeviceExtension == nullptr);
  MICA_CHECK(second->SectorSize == 2048);
  MICA_CHECK((second->Flags & DO_EXCLUSIVE) != 0);
  MICA_CHECK(driver->DeviceObject == second);
  MICA_CHECK(second->NextDevice == device);
}

MICA_CASE("Io: a handle to a device object has the rights of files") {
  Driver driver;
  MICA_CHECK(write_access_to(driver.make()) == FILE_GENERIC_WRITE);
}

MICA_CASE("Io: a device's extension is as large as its size can say") {
  Driver driver;
  constexpr ULONG most = 0xFFFF - sizeof(DEVICE_OBJECT);
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), most, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE,
                              &device) == STATUS_SUCCESS);
  MICA_CHECK(device->Size == 0xFFFF);
  MICA_CHECK(IoCreateDevice(driver.get(), most + 1, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE,
                            &device) == STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(device == nullptr);
}

MICA_CASE("Io: devices made by the entry routine are ready when it returns") {
  Text name{u"\\Driver\\Entry"};
  static constexpr auto enter = [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
    PDEVICE_OBJECT device = nullptr;
    return IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  };
  MICA_REQUIRE(IoCreateDriver(name, enter) == STATUS_SUCCESS);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByName(name, 0, nullptr, 0, nullptr, KernelMode, nullptr,
                                       &object) == STATUS_SUCCESS);
  auto* const driver = static_cast<PDRIVER_OBJECT>(object);
  MICA_REQUIRE(driver->DeviceObject != nullptr);
  MICA_CHECK((driver->DeviceObject->Flags & DO_DEVICE_INITIALIZING) == 0);
  IoDeleteDevice(driver->DeviceObject);
  ObDereferenceObject(driver);
  IoDeleteDriver(driver);
}

MICA_CASE("Io: a device's name is its own until it is deleted") {
  Driver driver;
  Text name{u"\\Device\\MicaTest"};
  PDEVICE_OBJECT const device = driver.make(name);
  MICA_CHECK((device->Flags & DO_DEVICE_HAS_NAME) != 0);
  PDEVICE_OBJECT second = device;
  MICA_CHECK(IoCreateDevice(driver.get(), 0, name, FILE_DEVICE_UNKNOWN, 0, FALSE, &second) ==
             STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(second == nullptr);
  MICA_CHECK(driver->DeviceObject == device);
  IoDeleteDevice(device);
  MICA_CHECK(driver->DeviceObject == nullptr);
  MICA_CHECK(IoCreateDevice(driver.get(), 0, name, FILE_DEVICE_UNKNOWN, 0, FALSE, &second) ==
             STATUS_SUCCESS);
  Text nowhere{u"\\NoSuch\\MicaTest"};
  PDEVICE_OBJECT third = nullptr;
  MICA_CHECK(IoCreateDevice(driver.get(), 0, nowhere, FILE_DEVICE_UNKNOWN, 0, FALSE, &third) ==
             STATUS_OBJECT_PATH_NOT_FOUND);
  MICA_CHECK(IoCreateDevice(driver.get(), 0xFFFF, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &third) ==
             STATUS_INSUFFICIENT_RESOURCES);
}

MICA_CASE("Io: the system can name a device") {
  Driver driver;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), 0, nullptr, FILE_DEVICE_UNKNOWN,
                              FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &device) == STATUS_SUCCESS);
  union {
    OBJECT_NAME_INFORMATION name;
    unsigned char bytes[128];
  } buffer{};
  ULONG needed = 0;
  MICA_CHECK(ObQueryNameString(device, &buffer.name, sizeof buffer, &needed) == STATUS_SUCCESS);
  MICA_CHECK(buffer.name.Name.Length == sizeof u"\\Device\\00000000" - sizeof(WCHAR));
}

MICA_CASE("Io: devices attach to the top of a stack and leave it") {
  Driver driver;
  PDEVICE_OBJECT const bottom = driver.make();
  PDEVICE_OBJECT const middle = driver.make();
  PDEVICE_OBJECT const top = driver.make();
  MICA_CHECK(IoAttachDeviceToDeviceStack(middle, bottom) == bottom);
  MICA_CHECK(IoAttachDeviceToDeviceStack(top, bottom) == middle);
  MICA_CHECK(bottom->StackSize == 1 && middle->StackSize == 2 && top->StackSize == 3);
  MICA_CHECK(bottom->AttachedDevice == middle && middle->AttachedDevice == top);
  MICA_CHECK(IoGetAttachedDevice(bottom) == top);
  PDEVICE_OBJECT const found = IoGetAttachedDeviceReference(bottom);
  MICA_CHECK(found == top);
  ObDereferenceObject(found);
  IoDetachDevice(middle);
  MICA_CHECK(IoGetAttachedDevice(bottom) == middle);
  IoDetachDevice(bottom);
  MICA_CHECK(IoGetAttachedDevice(bottom) == bottom);
}

MICA_CASE("Io: a device that is attached has the alignment and the sectors of the one below") {
  Driver driver;
  PDEVICE_OBJECT const above = driver.make();
  PDEVICE_OBJECT disk = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), 0, nullptr, FILE_DEVICE_DISK, 0, FALSE, &disk) ==
               STATUS_SUCCESS);
  disk->AlignmentRequirement = FILE_LONG_ALIGNMENT;
  disk->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(above, disk) == disk);
  MICA_CHECK(above->AlignmentRequirement == FILE_LONG_ALIGNMENT && above->SectorSize == 512);
  IoDetachDevice(disk);
}

MICA_CASE("Io: nothing attaches to a device that is being made or deleted") {
  Driver driver;
  PDEVICE_OBJECT const source = driver.make();
  PDEVICE_OBJECT target = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver.get(), 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &target) ==
               STATUS_SUCCESS);
  MICA_CHECK(IoAttachDeviceToDeviceStack(source, target) == nullptr);
  MICA_CHECK(target->AttachedDevice == nullptr);
  ObReferenceObject(target);
  IoDeleteDevice(target);
  target->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  MICA_CHECK(IoAttachDeviceToDeviceStack(source, target) == nullptr);
  ObDereferenceObject(target);
}

MICA_CASE("Io: a deleted device lasts until the one above it is detached") {
  Driver driver;
  PDEVICE_OBJECT const bottom = driver.make();
  PDEVICE_OBJECT const top = driver.make();
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(top, bottom) == bottom);
  IoDeleteDevice(bottom);
  MICA_CHECK(driver->DeviceObject == top && top->NextDevice == bottom);
  IoDetachDevice(bottom);
  MICA_CHECK(driver->DeviceObject == top && top->NextDevice == nullptr);
}

MICA_CASE("Io: a deleted device that is still referenced is in no list") {
  Driver driver;
  PDEVICE_OBJECT const first = driver.make();
  PDEVICE_OBJECT const second = driver.make();
  ObReferenceObject(second);
  IoDeleteDevice(second);
  MICA_CHECK(driver->DeviceObject == first && second->NextDevice == nullptr);
  ObDereferenceObject(second);
}
