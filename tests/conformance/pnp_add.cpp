// Devices that are plugged in: who is called, in which order, and what becomes of a failure.
//       [MSDN "Adding a PnP Device to a Running System", "Starting a Device", IRP_MN_START_DEVICE]
#include <nt/zw/drivers.h>

#include "pnp_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

// Three drivers above each other.
struct StackCase {
  Story story;
  CaseDevices devices;
  Text lower_name{u"\\Driver\\Lower"}, name{u"\\Driver\\Function"}, upper_name{u"\\Driver\\Upper"};
  Plugger lower{story, 'l', lower_name};
  Plugger driver{story, 'f', name};
  Plugger upper{story, 'u', upper_name};

  [[nodiscard]] NTSTATUS add() noexcept {
    return devices.add("device Plug\ndriver Function\nlower Lower\nupper Upper\n");
  }
};

bool exists(UNICODE_STRING* path) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                             nullptr);
  HANDLE key = nullptr;
  if (ZwOpenKey(&key, KEY_READ, &attributes) != STATUS_SUCCESS) return false;
  MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  return true;
}

}  // namespace

MICA_CASE(
    "Io: a device's drivers are called from below up, and its requests go from the top down") {
  StackCase stack;
  MICA_REQUIRE(stack.add() == STATUS_SUCCESS);
  MICA_CHECK(stack.story.is("lA fA uA uS fS lS uK fK lK uP fP lP uL fL lL"));
  PDEVICE_OBJECT const pdo = stack.lower.pdo;
  MICA_CHECK(stack.driver.pdo == pdo && stack.upper.pdo == pdo);
  MICA_CHECK(stack.lower.below == pdo && stack.driver.below == stack.lower.device);
  MICA_CHECK(stack.upper.below == stack.driver.device);
  MICA_CHECK((pdo->Flags & DO_BUS_ENUMERATED_DEVICE) != 0);
  MICA_CHECK((pdo->Flags & DO_DEVICE_HAS_NAME) != 0);
  MICA_CHECK(stack.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(stack.story.is("uQ fQ lQ uR fR lR"));
}

MICA_CASE("Io: plug and play requests begin as not supported") {
  PlugCase plug;
  plug.driver.first_status = STATUS_SUCCESS;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.driver.first_status == STATUS_NOT_SUPPORTED);
}

MICA_CASE("Io: a device starts also when its driver needs time for that") {
  PlugCase plug;
  plug.driver.start_pends = true;
  MICA_CHECK(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fA fS fK fP fL"));
}

MICA_CASE("Io: a device is told its resources as they are and as processors see them") {
  PlugCase plug;
  plug.driver.started = [](Plugger& driver) {
    MICA_REQUIRE(driver.raw != nullptr && driver.translated != nullptr);
    for (PCM_RESOURCE_LIST const list : {driver.raw, driver.translated}) {
      MICA_CHECK(list->Count == 1);
      CM_PARTIAL_RESOURCE_LIST const& partial = list->List[0].PartialResourceList;
      MICA_CHECK(partial.Version == 1 && partial.Revision == 1 && partial.Count == 4);
      CM_PARTIAL_RESOURCE_DESCRIPTOR const* const each = partial.PartialDescriptors;
      MICA_CHECK(each[0].Type == CmResourceTypePort && each[0].u.Port.Start.QuadPart == 0x300);
      MICA_CHECK(each[0].u.Port.Length == 8 && (each[0].Flags & CM_RESOURCE_PORT_IO) != 0);
      MICA_CHECK(each[1].Type == CmResourceTypeMemory &&
                 each[1].u.Memory.Start.QuadPart == 0xFEB0'0000 &&
                 each[1].u.Memory.Length == 4096 && each[1].Flags == CM_RESOURCE_MEMORY_READ_ONLY);
      MICA_CHECK(each[2].Type == CmResourceTypeInterrupt && each[2].u.Interrupt.Vector == 0x55 &&
                 each[2].Flags == CM_RESOURCE_INTERRUPT_LATCHED &&
                 each[2].ShareDisposition == CmResourceShareShared);
      MICA_CHECK(each[3].Type == CmResourceTypeDma && each[3].u.Dma.Channel == 3);
      MICA_CHECK(each[3].ShareDisposition == CmResourceShareDeviceExclusive);
    }
    auto const& line =
        driver.translated->List[0].PartialResourceList.PartialDescriptors[2].u.Interrupt;
    MICA_CHECK(line.Level == 5 && line.Affinity == KeQueryActiveProcessors());
  };
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nport 0x300 8\n"
                                "memory 0xFEB00000 4096 read-only\n"
                                "interrupt 0x55 latched shared\ndma 3\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.driver.raw != nullptr);
}

MICA_CASE("Io: a device without resources is told so") {
  PlugCase plug;
  CM_RESOURCE_LIST never;
  plug.driver.raw = plug.driver.translated = &never;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.driver.raw == nullptr && plug.driver.translated == nullptr);
}

MICA_CASE("Io: a device whose AddDevice fails is not started, and those below remove it") {
  StackCase stack;
  stack.driver.add_answer = STATUS_DEVICE_DOES_NOT_EXIST;
  for (int round = 0; round < 2; ++round) {
    MICA_CHECK(stack.add() == STATUS_DEVICE_DOES_NOT_EXIST);
    MICA_CHECK(stack.story.is("lA fA lR"));
    MICA_CHECK(stack.lower.object->DeviceObject == nullptr);
  }
  MICA_CHECK(stack.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
}

MICA_CASE("Io: a device that does not start is removed by all of its drivers") {
  StackCase stack;
  stack.driver.failing_minor = IRP_MN_START_DEVICE;
  stack.driver.failure = STATUS_DEVICE_DATA_ERROR;
  MICA_CHECK(stack.add() == STATUS_DEVICE_DATA_ERROR);
  MICA_CHECK(stack.story.is("lA fA uA uS fS uR fR lR"));
  MICA_CHECK(stack.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
  stack.driver.failing_minor = -1;
  MICA_CHECK(stack.add() == STATUS_SUCCESS);
  MICA_CHECK(stack.devices.remove("Plug") == STATUS_SUCCESS);
}

MICA_CASE("Io: a device that says it failed once it is started is gone") {
  for (PNP_DEVICE_STATE const state : {PNP_DEVICE_FAILED, PNP_DEVICE_REMOVED}) {
    PlugCase plug;
    plug.driver.state = state;
    MICA_CHECK(plug.devices.add("device Plug\ndriver Function\n") == STATUS_PLUGPLAY_NO_DEVICE);
    MICA_CHECK(plug.story.is("fA fS fK fP fX fR"));
    MICA_CHECK(plug.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
  }
}

MICA_CASE("Io: a device has its name alone, in any case of letters") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.devices.add("device PLUG\ndriver Function\n") == STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(plug.devices.remove("pLUG") == STATUS_SUCCESS);
}

MICA_CASE("Io: a driver that is not there, or has no AddDevice, gets no device") {
  PlugCase plug;
  MICA_CHECK(plug.devices.add("device Plug\ndriver nobody\n") == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(plug.devices.add("device Plug\ndriver Function\nupper nobody\n") ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(plug.story.is("fA fR"));
  MICA_CHECK(plug.devices.add("device Plug\ndriver Function\nlower Null\n") ==
             STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
  MICA_CHECK(plug.story.is(""));
}

MICA_CASE("Io: a device cannot be opened before it has started") {
  PlugCase plug;
  static NTSTATUS while_starting;
  while_starting = STATUS_SUCCESS;
  Text name{u"\\Device\\Plugged"};
  plug.driver.device_name = name;
  plug.driver.started = [](Plugger& driver) {
    PFILE_OBJECT file = nullptr;
    PDEVICE_OBJECT device = nullptr;
    while_starting = IoGetDeviceObjectPointer(driver.device_name, FILE_READ_DATA, &file, &device);
  };
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  MICA_CHECK(while_starting == STATUS_NO_SUCH_DEVICE);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  MICA_CHECK(device == plug.driver.device);
  ObDereferenceObject(file);
}

MICA_CASE("Io: the registry says what is plugged in, and keeps it") {
  PlugCase plug;
  Text key{u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\Plug\\0000"};
  Text driver_key{
      u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class"
      u"\\" MICA_CASE_CLASS u"\\0000"};
  MICA_CHECK(!exists(key));
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nclass Sample " MICA_CASE_CLASS
                                "\n") == STATUS_SUCCESS);
  MICA_CHECK(exists(key) && exists(driver_key));
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(exists(key) && exists(driver_key));
}

MICA_CASE("Io: two tell of devices at once, and each is served") {
  Story story;
  CaseDevices devices;
  Text first_name{u"\\Driver\\First"}, second_name{u"\\Driver\\Second"};
  Plugger first{story, '1', first_name}, second{story, '2', second_name};
  NTSTATUS statuses[2] = {STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL};
  auto add_first = [&] { statuses[0] = devices.add("device One\ndriver First\n"); };
  auto add_second = [&] { statuses[1] = devices.add("device Two\ndriver Second\n"); };
  Thread* const one = start(add_first);
  Thread* const two = start(add_second);
  join(one);
  join(two);
  MICA_CHECK(statuses[0] == STATUS_SUCCESS && statuses[1] == STATUS_SUCCESS);
  MICA_CHECK(first.device != nullptr && second.device != nullptr && first.pdo != second.pdo);
  MICA_CHECK(devices.remove("One") == STATUS_SUCCESS);
  MICA_CHECK(devices.remove("Two") == STATUS_SUCCESS);
}
