// A bus driver, its children's driver with a filter above it, and a driver that is told of them, as
// others write and compile them: on both machines, from the same RAM disk.
#include "../conformance/pnp_support.hpp"
#include "requests.hpp"

using namespace mica::test;

namespace {

#define TRAY u"\\??\\ROOT#Tray#0000#{6d1f7a10-52c4-4b0e-9a31-0c5e77204101}"
#define CARD(number) u"\\??\\TRAY#Card#" number u"#{6d1f7a11-52c4-4b0e-9a31-0c5e77204102}"

constexpr ULONG put_in = 0x2A2000, pull_out = 0x2A2004, eject = 0x2A2008;
struct CardData {
  ULONG written, filters;
};

// The drivers are loaded for the devices, and unloaded here.
struct TrayCase {
  CaseDevices devices;
  Service tray{u"tray"}, card{u"card"}, sieve{u"sieve"}, watch{u"watch"};

  TrayCase() noexcept {
    MICA_REQUIRE(devices.add("child TRAY\\Card\ndriver card\nupper sieve\n") == STATUS_SUCCESS);
    MICA_REQUIRE(devices.add("device Tray\ndriver tray\n") == STATUS_SUCCESS);
  }
  TrayCase(TrayCase const&) = delete;
  TrayCase& operator=(TrayCase const&) = delete;
  ~TrayCase() {
    MICA_CHECK(devices.remove("Tray") == STATUS_SUCCESS);
    MICA_CHECK(devices.forget("TRAY\\Card") == STATUS_SUCCESS);
    for (Service* const each : {&tray, &card, &sieve}) MICA_CHECK(each->unload() == STATUS_SUCCESS);
    Text keys{u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\TRAY"};
    delete_keys(nullptr, keys);
  }

  // Of the tray, by its interface; and what comes of it is done.
  NTSTATUS ask(ULONG code, ULONG number) noexcept {
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    {
      OpenedDevice device{TRAY};
      status = Request::control(device, code, &number, sizeof number, nullptr, 0).status();
    }
    settle();
    return status;
  }
  // A change has others as its consequence: what is told of it, and what is asked again.
  void settle() noexcept {
    for (int i = 0; i < 3; ++i) devices.settle();
  }
};

template <std::size_t N>
[[nodiscard]] bool is_there(WCHAR const (&name)[N]) noexcept {
  Text text{name};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status = IoGetDeviceObjectPointer(text, FILE_READ_DATA, &file, &device);
  if (NT_SUCCESS(status)) ObDereferenceObject(file);
  return NT_SUCCESS(status);
}

[[nodiscard]] CardData read(OpenedDevice& device) noexcept {
  CardData data{};
  MICA_CHECK(Request::read(device, &data, sizeof data).status() == STATUS_SUCCESS);
  return data;
}

}  // namespace

MICA_CASE("Io: cards that are put into a tray that others compiled work, until they are out") {
  TrayCase test;
  MICA_CHECK(is_there(CARD(u"1")) && !is_there(CARD(u"2")));
  MICA_CHECK(test.ask(put_in, 2) == STATUS_SUCCESS);
  MICA_CHECK(test.ask(put_in, 2) == STATUS_DEVICE_ALREADY_ATTACHED);
  MICA_CHECK(test.ask(put_in, 5) == STATUS_INVALID_PARAMETER);
  {
    OpenedDevice one{CARD(u"1")}, two{CARD(u"2")};
    ULONG value = 7;
    MICA_CHECK(Request::write(two, &value, sizeof value).status() == STATUS_SUCCESS);
    MICA_CHECK(read(one).written == 0 && read(two).written == 7 && read(two).filters == 1);
    MICA_CHECK(test.ask(pull_out, 2) == STATUS_SUCCESS);
    MICA_CHECK(!is_there(CARD(u"2")) && is_there(CARD(u"1")));
    CardData data{};
    MICA_CHECK(Request::read(two, &data, sizeof data).status() == STATUS_DEVICE_NOT_CONNECTED);
  }
  test.settle();
  MICA_CHECK(test.ask(put_in, 2) == STATUS_SUCCESS);
  OpenedDevice again{CARD(u"2")};
  MICA_CHECK(read(again).written == 0);
}

MICA_CASE("Io: a card is ejected if nobody has it open, and its tray says that it is out") {
  TrayCase test;
  {
    OpenedDevice one{CARD(u"1")};
    MICA_CHECK(test.ask(eject, 1) == STATUS_SUCCESS);
    MICA_CHECK(read(one).filters == 1 && is_there(CARD(u"1")));
  }
  MICA_CHECK(test.ask(eject, 1) == STATUS_SUCCESS);
  MICA_CHECK(!is_there(CARD(u"1")));
  MICA_CHECK(test.ask(eject, 1) == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(test.ask(put_in, 1) == STATUS_SUCCESS);
  MICA_CHECK(is_there(CARD(u"1")));
}

MICA_CASE("Io: a driver that others compiled opens cards that come, and lets go before they go") {
  TrayCase test;
  MICA_REQUIRE(test.watch.load() == STATUS_SUCCESS);
  MICA_CHECK(test.ask(put_in, 2) == STATUS_SUCCESS);
  MICA_CHECK(test.ask(eject, 1) == STATUS_SUCCESS);  // it was open
  MICA_CHECK(!is_there(CARD(u"1")));
  MICA_CHECK(test.ask(pull_out, 2) == STATUS_SUCCESS);
  MICA_CHECK(test.ask(put_in, 2) == STATUS_SUCCESS);  // nobody keeps the old one
  MICA_CHECK(test.ask(pull_out, 2) == STATUS_SUCCESS);
  MICA_CHECK(test.watch.unload() == STATUS_SUCCESS);
}
