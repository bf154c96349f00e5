// I4: of an open and a removal of its device one comes first, and the other is told; a device that
// is gone is removed once, when nobody has it open any more; who asks for a property gets it whole.
//   On three processors: the worker that does it is a third.
#include "conformance/pnp_support.hpp"
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
