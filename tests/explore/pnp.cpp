// I4: of an open and a removal of its device one comes first, and the other is told; a device that
// is gone is removed once, when nobody has it open any more; who asks for a property gets it whole;
// an interface that is disabled opens nothing; who does not want to be told any more is not.
//   On three processors: the worker that does it is a third.
#include "conformance/pnp_bus_driver.hpp"
#include "conformance/pnp_interface_support.hpp"
#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::PlugCase;
using mica::test::Text;

namespace {

// A device with a name, and a file on it.
struct Opening {
  PlugCase plug;
  Text name{u"\\Device\\Plugged"};
  PFILE_OBJECT file = nullptr;

  Opening() noexcept {
    plug.driver.story = nullptr;
    plug.driver.device_name = name;
    MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nclass Sample\n") ==
                 STATUS_SUCCESS);
  }
  [[nodiscard]] NTSTATUS open() noexcept {
    PDEVICE_OBJECT device = nullptr;
    return IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device);
  }
  void close() noexcept {
    if (file != nullptr) ObDereferenceObject(file);
    file = nullptr;
  }
  // Whatever was to be done is done.
  void settle() noexcept { MICA_CHECK(plug.devices.lose("Nobody") == STATUS_NO_SUCH_DEVICE); }
  [[nodiscard]] bool is_there() const noexcept { return plug.driver.device != nullptr; }
};

}  // namespace

MICA_EXPLORE("I4-open-remove", "I4: a device is not removed while somebody has it open",
             .processors = 3, .bound = 1) {
  Opening opening;
  NTSTATUS opened = STATUS_UNSUCCESSFUL, removed = STATUS_UNSUCCESSFUL;
  {
    Team team{window};
    auto opener = [&] { opened = opening.open(); };
    auto remover = [&] { removed = opening.plug.devices.remove("Plug"); };
    meet(team, opener, remover);
  }
  MICA_CHECK(opened == STATUS_SUCCESS ? removed == STATUS_DEVICE_BUSY : removed == STATUS_SUCCESS);
  MICA_CHECK(opening.is_there() == (opened == STATUS_SUCCESS));
  opening.close();
}

MICA_EXPLORE("I4-open-lose",
             "I4: who opens a device that goes is refused, or it waits for the close",
             .processors = 3, .bound = 1) {
  Opening opening;
  NTSTATUS opened = STATUS_UNSUCCESSFUL;
  {
    Team team{window};
    auto opener = [&] { opened = opening.open(); };
    auto loser = [&] { MICA_CHECK(opening.plug.devices.lose("Plug") == STATUS_SUCCESS); };
    meet(team, opener, loser);
  }
  opening.settle();
  MICA_CHECK(opening.is_there() == (opened == STATUS_SUCCESS));
  opening.close();
  opening.settle();
  MICA_CHECK(!opening.is_there());
}

MICA_EXPLORE("I4-close-lose", "I4: a device that goes while it is closed is removed, once",
             .processors = 3, .bound = 1) {
  Opening opening;
  MICA_REQUIRE(opening.open() == STATUS_SUCCESS);
  {
    Team team{window};
    auto closer = [&] { opening.close(); };
    auto loser = [&] { MICA_CHECK(opening.plug.devices.lose("Plug") == STATUS_SUCCESS); };
    meet(team, closer, loser);
  }
  opening.settle();
  MICA_CHECK(!opening.is_there());
  MICA_CHECK(opening.plug.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
}

MICA_EXPLORE("I4-property", "I4: a property of a device that goes is there whole, or not at all",
             .processors = 3, .bound = 1) {
  Opening opening;
  // It is a device object still, for who refers to it.
  PDEVICE_OBJECT const pdo = opening.plug.driver.pdo;
  ObReferenceObject(pdo);
  WCHAR name[16]{};
  ULONG length = 0;
  NTSTATUS asked = STATUS_UNSUCCESSFUL;
  {
    Team team{window};
    auto asker = [&] {
      asked = IoGetDeviceProperty(pdo, DevicePropertyClassName, sizeof name, name, &length);
    };
    auto remover = [&] { MICA_CHECK(opening.plug.devices.remove("Plug") == STATUS_SUCCESS); };
    meet(team, asker, remover);
  }
  bool const whole = length == sizeof u"Sample" && std::memcmp(name, u"Sample", length) == 0;
  MICA_CHECK(asked == STATUS_SUCCESS ? whole : asked == STATUS_INVALID_DEVICE_REQUEST);
  ObDereferenceObject(pdo);
}

MICA_EXPLORE("I4-child-open",
             "I4: a child that its bus loses while it is opened is removed when it is closed",
             .processors = 3, .bound = 1) {
  mica::test::Story story;
  mica::test::CaseDevices devices;
  mica::test::BusChild child{'1', u"CASE\\Thing"};
  child.present = child.raw = true;
  mica::test::Bus bus{devices, story, child};
  MICA_REQUIRE(bus.add() == STATUS_SUCCESS);
  mica::test::InterfaceOf use{child.pdo, mica::test::first_use};
  MICA_REQUIRE(IoSetDeviceInterfaceState(&use.name, TRUE) == STATUS_SUCCESS);
  PFILE_OBJECT file = nullptr;
  NTSTATUS opened = STATUS_UNSUCCESSFUL;
  {
    Team team{window};
    auto opener = [&] {
      PDEVICE_OBJECT device = nullptr;
      opened = IoGetDeviceObjectPointer(&use.name, FILE_READ_DATA, &file, &device);
    };
    auto puller = [&] {
      child.present = false;
      IoInvalidateDeviceRelations(bus.pdo, BusRelations);
    };
    meet(team, opener, puller);
  }
  devices.settle();
  MICA_CHECK((child.pdo != nullptr) == (opened == STATUS_SUCCESS));
  if (file != nullptr) ObDereferenceObject(file);
  devices.settle();
  MICA_CHECK(child.pdo == nullptr);
}

MICA_EXPLORE("I4-disable-open", "I4: nobody opens a device by an interface once it is disabled",
             .processors = 2, .bound = 1) {
  Opening opening;
  mica::test::InterfaceOf use{opening.plug.driver.pdo, mica::test::first_use};
  MICA_REQUIRE(IoSetDeviceInterfaceState(&use.name, TRUE) == STATUS_SUCCESS);
  NTSTATUS opened = STATUS_UNSUCCESSFUL;
  std::atomic<bool> disabled = false;
  bool was_disabled = false;
  {
    Team team{window};
    auto opener = [&] {
      was_disabled = disabled.load();
      opened = mica::test::open_by(use.name);
    };
    auto disabler = [&] {
      MICA_CHECK(IoSetDeviceInterfaceState(&use.name, FALSE) == STATUS_SUCCESS);
      disabled = true;
    };
    meet(team, opener, disabler);
  }
  MICA_CHECK(opened == STATUS_SUCCESS || opened == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(!was_disabled || opened == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_EXPLORE("I4-unregister", "I4: nobody is told any more who waited for that to end",
             .processors = 3, .bound = 1) {
  Opening opening;
  mica::test::InterfaceOf use{opening.plug.driver.pdo, mica::test::first_use};
  std::atomic<bool> wanted = true;
  std::atomic<int> running = 0;
  struct Seen {
    std::atomic<bool>& wanted;
    std::atomic<int>& running;
  } seen{wanted, running};
  auto const told = [](PVOID, PVOID context) NTAPI -> NTSTATUS {
    auto& seen = *static_cast<Seen*>(context);
    ++seen.running;
    MICA_CHECK(seen.wanted.load());
    --seen.running;
    return STATUS_SUCCESS;
  };
  GUID use_guid = mica::test::first_use;
  void* entry = nullptr;
  MICA_REQUIRE(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, &use_guid,
                                              opening.plug.driver.object, told, &seen,
                                              &entry) == STATUS_SUCCESS);
  {
    Team team{window};
    auto canceller = [&] {
      MICA_CHECK(IoUnregisterPlugPlayNotificationEx(entry) == STATUS_SUCCESS);
      MICA_CHECK(running.load() == 0);
      wanted = false;
    };
    auto teller = [&] { MICA_CHECK(IoSetDeviceInterfaceState(&use.name, TRUE) == STATUS_SUCCESS); };
    meet(team, canceller, teller);
  }
  opening.settle();
}
