// What is known of a device.       [MSDN IoGetDeviceProperty, IoOpenDeviceRegistryKey,
//                                   IoConnectInterruptEx]
#include "interrupt_support.hpp"
#include "pnp_support.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view whole =
    "device Plug\n"
    "description \"A device for cases\"\n"
    "manufacturer Mica\n"
    "friendly-name \"Plug of the case\"\n"
    "location \"Slot 3\"\n"
    "class Sample " MICA_CASE_CLASS
    "\n"
    "hardware ROOT\\PLUG2 ROOT\\PLUG\n"
    "compatible ROOT\\ANY\n"
    "driver Function\n"
    "interrupt 0x55 level shared\n"
    "address 7\n"
    "ui-number 12\n"
    "removable\n";

struct Property {
  NTSTATUS status;
  ULONG length = 0x7777'7777;
  alignas(8) unsigned char data[512];

  Property(PDEVICE_OBJECT device, DEVICE_REGISTRY_PROPERTY which, ULONG room = 512) noexcept {
    std::memset(data, 0xAA, sizeof data);
    status = IoGetDeviceProperty(device, which, room, data, &length);
  }
  // Terminated as a string is.
  template <std::size_t N>
  [[nodiscard]] bool is(WCHAR const (&text)[N]) const noexcept {
    return status == STATUS_SUCCESS && length == sizeof text &&
           std::memcmp(data, text, sizeof text) == 0 && data[length] == 0xAA;
  }
  [[nodiscard]] bool is_number(ULONG number) const noexcept {
    return status == STATUS_SUCCESS && length == sizeof number &&
           std::memcmp(data, &number, sizeof number) == 0;
  }
};

// A value of that key, which is closed.
void set_friendly_name(HANDLE parent_key, UNICODE_STRING* name, WCHAR const* text,
                       ULONG bytes) noexcept {
  MICA_CHECK(ZwSetValueKey(parent_key, name, 0, REG_SZ, const_cast<WCHAR*>(text), bytes) ==
             STATUS_SUCCESS);
}

}  // namespace

MICA_CASE("Io: IoGetDeviceProperty tells what a device is called and what it is") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = plug.driver.pdo;
  MICA_CHECK(Property(pdo, DevicePropertyDeviceDescription).is(u"A device for cases"));
  MICA_CHECK(Property(pdo, DevicePropertyManufacturer).is(u"Mica"));
  MICA_CHECK(Property(pdo, DevicePropertyFriendlyName).is(u"Plug of the case"));
  MICA_CHECK(Property(pdo, DevicePropertyLocationInformation).is(u"Slot 3"));
  MICA_CHECK(Property(pdo, DevicePropertyClassName).is(u"Sample"));
  MICA_CHECK(Property(pdo, DevicePropertyClassGuid).is(u"" MICA_CASE_CLASS));
  MICA_CHECK(Property(pdo, DevicePropertyDriverKeyName).is(u"" MICA_CASE_CLASS "\\0000"));
  MICA_CHECK(Property(pdo, DevicePropertyHardwareID).is(u"ROOT\\PLUG2\0ROOT\\PLUG\0"));
  MICA_CHECK(Property(pdo, DevicePropertyCompatibleIDs).is(u"ROOT\\ANY\0"));
  MICA_CHECK(Property(pdo, DevicePropertyEnumeratorName).is(u"ROOT"));
  MICA_CHECK(Property(pdo, DevicePropertyAddress).is_number(7));
  MICA_CHECK(Property(pdo, DevicePropertyUINumber).is_number(12));
  MICA_CHECK(Property(pdo, DevicePropertyInstallState).is_number(InstallStateInstalled));
  MICA_CHECK(
      Property(pdo, DevicePropertyRemovalPolicy).is_number(RemovalPolicyExpectSurpriseRemoval));
}

MICA_CASE("Io: IoGetDeviceProperty tells the name by which the device object is found") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  Property const name{plug.driver.pdo, DevicePropertyPhysicalDeviceObjectName};
  MICA_REQUIRE(name.status == STATUS_SUCCESS && name.length > sizeof(WCHAR));
  auto const bytes = static_cast<USHORT>(name.length - sizeof(WCHAR));
  UNICODE_STRING path{bytes, bytes,
                      reinterpret_cast<WCHAR*>(const_cast<unsigned char*>(name.data))};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT top = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(&path, FILE_READ_DATA, &file, &top) == STATUS_SUCCESS);
  MICA_CHECK(file->DeviceObject == plug.driver.pdo && top == plug.driver.device);
  ObDereferenceObject(file);
}

MICA_CASE("Io: IoGetDeviceProperty tells the resources that a device is assigned") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  for (auto const which : {DevicePropertyBootConfiguration, DevicePropertyAllocatedResources,
                           DevicePropertyBootConfigurationTranslated}) {
    Property const list{plug.driver.pdo, which};
    MICA_REQUIRE(list.status == STATUS_SUCCESS && list.length == sizeof(CM_RESOURCE_LIST));
    auto const& one =
        reinterpret_cast<CM_RESOURCE_LIST const*>(list.data)->List[0].PartialResourceList;
    bool const translated = which == DevicePropertyBootConfigurationTranslated;
    MICA_CHECK(one.Count == 1 && one.PartialDescriptors[0].Type == CmResourceTypeInterrupt);
    MICA_CHECK(one.PartialDescriptors[0].u.Interrupt.Vector == 0x55);
    MICA_CHECK(one.PartialDescriptors[0].u.Interrupt.Level == (translated ? 5 : 0x55));
  }
}

MICA_CASE("Io: IoGetDeviceProperty writes nothing into a buffer that is too small, and says so") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  for (auto const which :
       {DevicePropertyClassName, DevicePropertyEnumeratorName, DevicePropertyRemovalPolicy,
        DevicePropertyAllocatedResources, DevicePropertyPhysicalDeviceObjectName}) {
    Property const fits{plug.driver.pdo, which};
    MICA_REQUIRE(fits.status == STATUS_SUCCESS);
    Property const tight{plug.driver.pdo, which, fits.length};
    MICA_CHECK(tight.status == STATUS_SUCCESS && tight.length == fits.length);
    Property const small{plug.driver.pdo, which, fits.length - 1};
    MICA_CHECK(small.status == STATUS_BUFFER_TOO_SMALL && small.length == fits.length);
    MICA_CHECK(small.data[0] == 0xAA && small.data[fits.length - 2] == 0xAA);
    ULONG length = 0;
    MICA_CHECK(IoGetDeviceProperty(plug.driver.pdo, which, 0, nullptr, &length) ==
               STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(length == fits.length);
  }
}

MICA_CASE("Io: IoGetDeviceProperty finds nothing that a device has not") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = plug.driver.pdo;
  for (auto const which :
       {DevicePropertyDeviceDescription, DevicePropertyHardwareID, DevicePropertyCompatibleIDs,
        DevicePropertyBootConfiguration, DevicePropertyBootConfigurationTranslated,
        DevicePropertyClassName, DevicePropertyClassGuid, DevicePropertyDriverKeyName,
        DevicePropertyManufacturer, DevicePropertyFriendlyName, DevicePropertyLocationInformation,
        DevicePropertyBusTypeGuid, DevicePropertyLegacyBusType, DevicePropertyBusNumber,
        DevicePropertyUINumber, DevicePropertyResourceRequirements,
        DevicePropertyAllocatedResources}) {
    Property const none{pdo, which};
    MICA_CHECK(none.status == STATUS_OBJECT_NAME_NOT_FOUND && none.length == 0);
  }
  MICA_CHECK(Property(pdo, DevicePropertyAddress).is_number(0xFFFF'FFFF));
  MICA_CHECK(Property(pdo, DevicePropertyRemovalPolicy).is_number(RemovalPolicyExpectNoRemoval));
  MICA_CHECK(
      Property(pdo, DevicePropertyContainerID).is(u"{00000000-0000-0000-FFFF-FFFFFFFFFFFF}"));
}

MICA_CASE("Io: IoGetDeviceProperty refuses what is no property, and what is no device of a bus") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  for (int const which : {0x17, 0x1000, -1}) {
    Property const none{plug.driver.pdo, static_cast<DEVICE_REGISTRY_PROPERTY>(which)};
    MICA_CHECK(none.status == STATUS_INVALID_PARAMETER_2);
  }
  Property const above{plug.driver.device, DevicePropertyClassName};
  MICA_CHECK(above.status == STATUS_INVALID_DEVICE_REQUEST);
}

MICA_CASE("Io: a device's resources are its drivers' from when they are to start it") {
  PlugCase plug;
  static NTSTATUS when_added, when_started, connected;
  when_added = when_started = connected = STATUS_UNSUCCESSFUL;
  plug.driver.adding = [](Plugger& driver) {
    when_added = Property(driver.pdo, DevicePropertyAllocatedResources).status;
    IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
    parameters.Version = CONNECT_LINE_BASED;
    parameters.LineBased.PhysicalDeviceObject = driver.pdo;
    connected = IoConnectInterruptEx(&parameters);
  };
  plug.driver.started = [](Plugger& driver) {
    when_started = Property(driver.pdo, DevicePropertyAllocatedResources).status;
  };
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  MICA_CHECK(when_added == STATUS_OBJECT_NAME_NOT_FOUND && connected == STATUS_NOT_FOUND);
  MICA_CHECK(when_started == STATUS_SUCCESS);
}

MICA_CASE("Io: a device that comes again is what its new text says, with the key it had") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nmanufacturer Other\n"
                                "class Sample " MICA_CASE_CLASS "\n") == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = plug.driver.pdo;
  MICA_CHECK(Property(pdo, DevicePropertyManufacturer).is(u"Other"));
  MICA_CHECK(Property(pdo, DevicePropertyFriendlyName).status == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(Property(pdo, DevicePropertyDriverKeyName).is(u"" MICA_CASE_CLASS "\\0000"));
}

MICA_CASE("Io: devices of one class have a driver's key each") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_REQUIRE(plug.devices.add("device Other\ndriver Function\nclass Sample " MICA_CASE_CLASS
                                "\n") == STATUS_SUCCESS);
  MICA_CHECK(
      Property(plug.driver.pdo, DevicePropertyDriverKeyName).is(u"" MICA_CASE_CLASS "\\0001"));
  MICA_CHECK(plug.devices.remove("Other") == STATUS_SUCCESS);
}

MICA_CASE("Io: IoOpenDeviceRegistryKey opens what is kept of a device and of its driver") {
  PlugCase plug;
  Text value{u"Kept"};
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  for (ULONG const kind : {PLUGPLAY_REGKEY_DEVICE, PLUGPLAY_REGKEY_DRIVER}) {
    for (int round = 0; round < 2; ++round) {
      HANDLE key = nullptr;
      MICA_REQUIRE(IoOpenDeviceRegistryKey(plug.driver.pdo, kind, KEY_ALL_ACCESS, &key) ==
                   STATUS_SUCCESS);
      struct {
        KEY_VALUE_PARTIAL_INFORMATION information;
        unsigned char rest[32];
      } found;
      ULONG length = 0;
      NTSTATUS const status =
          ZwQueryValueKey(key, value, KeyValuePartialInformation, &found, sizeof found, &length);
      MICA_CHECK(status == (round == 0 ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_SUCCESS));
      if (round != 0) {
        MICA_CHECK(found.information.DataLength == sizeof kind &&
                   std::memcmp(found.information.Data, &kind, sizeof kind) == 0);
      }
      MICA_CHECK(ZwSetValueKey(key, value, 0, REG_DWORD, const_cast<ULONG*>(&kind), sizeof kind) ==
                 STATUS_SUCCESS);
      MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
    }
  }
}

MICA_CASE("Io: IoOpenDeviceRegistryKey grants what was asked for, and refuses what is no key") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  auto open = [&](PDEVICE_OBJECT device, ULONG kind) {
    HANDLE key = nullptr;
    NTSTATUS const status = IoOpenDeviceRegistryKey(device, kind, KEY_READ, &key);
    MICA_CHECK((key != nullptr) == (status == STATUS_SUCCESS));
    if (key != nullptr) {
      void* object = nullptr;
      OBJECT_HANDLE_INFORMATION granted{};
      MICA_REQUIRE(ObReferenceObjectByHandle(key, 0, nullptr, KernelMode, &object, &granted) ==
                   STATUS_SUCCESS);
      MICA_CHECK(granted.GrantedAccess == KEY_READ);
      ObDereferenceObject(object);
      MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
    }
    return status;
  };
  MICA_CHECK(open(plug.driver.pdo, PLUGPLAY_REGKEY_DEVICE) == STATUS_SUCCESS);
  MICA_CHECK(open(plug.driver.pdo, PLUGPLAY_REGKEY_DRIVER) == STATUS_OBJECT_NAME_NOT_FOUND);
  for (ULONG const kind : {0, 3, 4, 7, 8, 9})
    MICA_CHECK(open(plug.driver.pdo, kind) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(open(plug.driver.pdo, PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_CURRENT_HWPROFILE) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(open(plug.driver.device, PLUGPLAY_REGKEY_DEVICE) == STATUS_INVALID_DEVICE_REQUEST);
}

MICA_CASE("Io: IoGetDeviceProperty says what was written to the registry since") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  Attributes path{u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\Plug\\0000"};
  Text name{u"FriendlyName"};
  HANDLE key = nullptr;
  MICA_REQUIRE(ZwOpenKey(&key, KEY_ALL_ACCESS, path) == STATUS_SUCCESS);
  set_friendly_name(key, name, u"New", sizeof u"New");
  MICA_CHECK(Property(plug.driver.pdo, DevicePropertyFriendlyName).is(u"New"));
  ULONG number = 1;
  MICA_CHECK(ZwSetValueKey(key, name, 0, REG_DWORD, &number, sizeof number) == STATUS_SUCCESS);
  MICA_CHECK(Property(plug.driver.pdo, DevicePropertyFriendlyName).status ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
}

MICA_CASE("Io: a device's interrupt is connected by its line") {
  PlugCase plug;
  Device device;
  MICA_REQUIRE(plug.devices.add(whole) == STATUS_SUCCESS);
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = device.parameters(plug.driver.pdo);
  PKSERVICE_ROUTINE const routine = parameters.FullySpecified.ServiceRoutine;
  parameters = {};
  parameters.Version = CONNECT_LINE_BASED;
  parameters.LineBased = {.PhysicalDeviceObject = plug.driver.pdo,
                          .InterruptObject = &device.object,
                          .ServiceRoutine = routine,
                          .ServiceContext = &device,
                          .SpinLock = nullptr,
                          .SynchronizeIrql = 0,
                          .FloatingSave = FALSE};
  MICA_REQUIRE(IoConnectInterruptEx(&parameters) == STATUS_SUCCESS);
  device.ask();
  while (!device.quiet()) sleep(millisecond_100ns);
  MICA_CHECK(device.served == 1);
  Device second;  // by its number: the line is shared
  MICA_CHECK(second.connect(TRUE) == STATUS_SUCCESS);
  parameters.LineBased.PhysicalDeviceObject = plug.driver.device;
  MICA_CHECK(IoConnectInterruptEx(&parameters) == STATUS_NOT_FOUND);
}

MICA_CASE("Io: a device without an interrupt has none to connect") {
  PlugCase plug;
  Device device;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nport 0x60 1\n") == STATUS_SUCCESS);
  IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
  parameters.Version = CONNECT_LINE_BASED;
  parameters.LineBased.PhysicalDeviceObject = plug.driver.pdo;
  MICA_CHECK(IoConnectInterruptEx(&parameters) == STATUS_NOT_FOUND);
}
