// What drivers are told of plug and play.
//       [MSDN IoRegisterPlugPlayNotification, "Using PnP Notification", ...]
#define INITGUID
#include <nt/wdmguid.h>

#include <utility>

#include "pnp_interface_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view plug_text = "device Plug\ndriver Function\n";
constexpr GUID custom = {0xc0ffee02, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

bool is(GUID const& one, GUID const& other) noexcept {
  return std::memcmp(&one, &other, sizeof one) == 0;
}

// One who asked to be told, with a letter in the story: what happened is another letter: a an
// interface came, d it went, q query remove, k remove cancelled, g gone, u custom.
struct Watcher {
  char letter;
  Story& story;
  void* entry = nullptr;
  NTSTATUS answer = STATUS_SUCCESS;
  PFILE_OBJECT file = nullptr;  // the last one that came with a notification
  void (*told)(Watcher& self, char what) = nullptr;
  WCHAR name[80]{};

  NTSTATUS ask(IO_NOTIFICATION_EVENT_CATEGORY category, void const* data, PDRIVER_OBJECT driver,
               ULONG flags = 0) noexcept {
    return IoRegisterPlugPlayNotification(category, flags, const_cast<void*>(data), driver, call,
                                          this, &entry);
  }
  void stop() noexcept {
    MICA_CHECK(IoUnregisterPlugPlayNotificationEx(std::exchange(entry, nullptr)) == STATUS_SUCCESS);
  }

 private:
  static char letter_of(GUID const& event) noexcept {
    std::pair<GUID const*, char> const letters[] = {
        {&GUID_DEVICE_INTERFACE_ARRIVAL, 'a'},      {&GUID_DEVICE_INTERFACE_REMOVAL, 'd'},
        {&GUID_TARGET_DEVICE_QUERY_REMOVE, 'q'},    {&GUID_TARGET_DEVICE_REMOVE_CANCELLED, 'k'},
        {&GUID_TARGET_DEVICE_REMOVE_COMPLETE, 'g'}, {&custom, 'u'}};
    for (auto const& [guid, letter] : letters)
      if (is(*guid, event)) return letter;
    return '?';
  }

  static NTSTATUS NTAPI call(PVOID notification, PVOID context) {
    auto& self = *static_cast<Watcher*>(context);
    auto const& header = *static_cast<PLUGPLAY_NOTIFICATION_HEADER*>(notification);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && header.Version == 1);
    char const what = letter_of(header.Event);
    self.story.note(self.letter, what);
    if (what == 'a' || what == 'd') {
      auto const& change = *static_cast<DEVICE_INTERFACE_CHANGE_NOTIFICATION*>(notification);
      MICA_CHECK(header.Size == sizeof change && is(change.InterfaceClassGuid, first_use));
      std::memcpy(self.name, change.SymbolicLinkName->Buffer, change.SymbolicLinkName->Length);
    } else {
      self.file = static_cast<TARGET_DEVICE_REMOVAL_NOTIFICATION*>(notification)->FileObject;
    }
    if (self.told != nullptr) self.told(self, what);
    return self.answer;
  }
};

struct NotificationCase {
  PlugCase plug;
  Text plugged{u"\\Device\\Plugged"};

  NotificationCase() noexcept { plug.driver.device_name = plugged; }
  void add() noexcept {
    MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
    static_cast<void>(plug.story.is(""));
  }
  [[nodiscard]] PDRIVER_OBJECT driver() const noexcept { return plug.driver.object; }
  void set(InterfaceOf& of, bool enabled) noexcept {
    MICA_CHECK(IoSetDeviceInterfaceState(&of.name, enabled ? TRUE : FALSE) == STATUS_SUCCESS);
    plug.devices.settle();
  }
};

// A file on the device, which whoever is told closes.
struct Target {
  PFILE_OBJECT file = nullptr;
  explicit Target(UNICODE_STRING* name) noexcept {
    PDEVICE_OBJECT device = nullptr;
    MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  }
  Target(Target const&) = delete;
  Target& operator=(Target const&) = delete;
  ~Target() { close(); }
  void close() noexcept {
    if (file != nullptr) ObDereferenceObject(std::exchange(file, nullptr));
  }
};

}  // namespace

MICA_CASE("Io: interfaces that come and go are told to who asked for their class") {
  NotificationCase test;
  test.add();
  Watcher one{'1', test.plug.story}, two{'2', test.plug.story}, other{'3', test.plug.story};
  MICA_REQUIRE(one.ask(EventCategoryDeviceInterfaceChange, &first_use, test.driver()) == 0);
  MICA_REQUIRE(other.ask(EventCategoryDeviceInterfaceChange, &second_use, test.driver()) == 0);
  MICA_REQUIRE(two.ask(EventCategoryDeviceInterfaceChange, &first_use, test.driver()) == 0);
  InterfaceOf device{test.plug.driver.pdo, first_use};
  test.set(device, true);
  MICA_CHECK(test.plug.story.is("1a 2a"));
  MICA_CHECK(std::memcmp(one.name, device.name.Buffer, device.name.Length) == 0);
  test.set(device, false);
  MICA_CHECK(test.plug.story.is("1d 2d"));
  one.stop();
  test.set(device, true);
  MICA_CHECK(test.plug.story.is("2a"));
  MICA_CHECK(IoUnregisterPlugPlayNotification(two.entry) == STATUS_SUCCESS);
  test.set(device, false);
  MICA_CHECK(test.plug.story.is(""));
  other.stop();
}

MICA_CASE("Io: who asks for it is told of interfaces that are there, once") {
  NotificationCase test;
  test.add();
  InterfaceOf device{test.plug.driver.pdo, first_use}, part{test.plug.driver.pdo, first_use, u"p"};
  InterfaceOf disabled{test.plug.driver.pdo, first_use, u"d"};
  test.set(device, true);
  test.set(part, true);
  Watcher late{'1', test.plug.story}, unaware{'2', test.plug.story};
  MICA_REQUIRE(late.ask(EventCategoryDeviceInterfaceChange, &first_use, test.driver(),
                        PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) == 0);
  MICA_CHECK(test.plug.story.is("1a 1a"));
  MICA_REQUIRE(unaware.ask(EventCategoryDeviceInterfaceChange, &first_use, test.driver()) == 0);
  MICA_CHECK(test.plug.story.is(""));
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_SUCCESS);
  test.plug.devices.settle();
  MICA_CHECK(test.plug.story.is("fQ fR 1d 2d 1d 2d"));
  late.stop();
  unaware.stop();
}

MICA_CASE("Io: an interface comes when its device has started, and not if it does not") {
  NotificationCase test;
  static UNICODE_STRING enabled;
  Watcher one{'1', test.plug.story};
  MICA_REQUIRE(one.ask(EventCategoryDeviceInterfaceChange, &first_use, test.driver()) == 0);
  test.plug.driver.started = [](Plugger& driver) {
    MICA_REQUIRE(IoRegisterDeviceInterface(driver.pdo, &first_use, nullptr, &enabled) ==
                 STATUS_SUCCESS);
    MICA_CHECK(IoSetDeviceInterfaceState(&enabled, TRUE) == STATUS_SUCCESS);
  };
  MICA_REQUIRE(test.plug.devices.add(plug_text) == STATUS_SUCCESS);
  test.plug.devices.settle();
  MICA_CHECK(test.plug.story.is("fA fS fK fP fL 1a"));
  RtlFreeUnicodeString(&enabled);
  MICA_CHECK(test.plug.devices.lose("Plug") == STATUS_SUCCESS);
  test.plug.devices.settle();
  MICA_CHECK(test.plug.story.is("fX fR 1d"));
  test.plug.driver.start_fails = true;
  MICA_CHECK(test.plug.devices.add(plug_text) == STATUS_UNSUCCESSFUL);
  test.plug.devices.settle();
  MICA_CHECK(test.plug.story.is("fA fS fR"));
  RtlFreeUnicodeString(&enabled);
  one.stop();
}

MICA_CASE("Io: who is told may stop that, and ask for more") {
  NotificationCase test;
  test.add();
  static Watcher* second;
  static PDRIVER_OBJECT driver;
  Watcher one{'1', test.plug.story}, two{'2', test.plug.story};
  second = &two;
  driver = test.driver();
  one.told = [](Watcher& self, char) {
    self.stop();
    MICA_CHECK(second->ask(EventCategoryDeviceInterfaceChange, &first_use, driver,
                           PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) == 0);
  };
  MICA_REQUIRE(one.ask(EventCategoryDeviceInterfaceChange, &first_use, driver) == 0);
  InterfaceOf device{test.plug.driver.pdo, first_use};
  test.set(device, true);
  MICA_CHECK(test.plug.story.is("1a 2a 2a"));
  test.set(device, false);
  MICA_CHECK(test.plug.story.is("2d"));
  two.stop();
}

MICA_CASE("Io: who has a device open is asked before it goes, closes it, and is told") {
  NotificationCase test;
  test.add();
  static Target* target;
  Target open{test.plugged};
  target = &open;
  Watcher one{'1', test.plug.story};
  MICA_REQUIRE(one.ask(EventCategoryTargetDeviceChange, open.file, test.driver()) == 0);
  PFILE_OBJECT const file = open.file;
  static_cast<void>(test.plug.story.is(""));
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_DEVICE_BUSY);
  MICA_CHECK(test.plug.story.is("1q fQ fC 1k") && one.file == file);
  one.told = [](Watcher&, char what) {
    if (what == 'q') target->close();
  };
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(test.plug.story.is("1q fz fQ fR 1g"));
  one.stop();
}

MICA_CASE("Io: one who refuses keeps the device, and those who were asked are told") {
  NotificationCase test;
  test.add();
  Target open{test.plugged};
  Watcher one{'1', test.plug.story}, two{'2', test.plug.story}, three{'3', test.plug.story};
  for (Watcher* const each : {&one, &two, &three})
    MICA_REQUIRE(each->ask(EventCategoryTargetDeviceChange, open.file, test.driver()) == 0);
  open.close();
  two.answer = STATUS_ACCESS_DENIED;
  static_cast<void>(test.plug.story.is(""));
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_ACCESS_DENIED);
  MICA_CHECK(test.plug.story.is("1q 2q 1k 2k"));
  MICA_CHECK(test.plug.devices.lose("Plug") == STATUS_SUCCESS);
  MICA_CHECK(test.plug.story.is("fX 1g 2g 3g fR"));
  for (Watcher* const each : {&one, &two, &three}) each->stop();
}

MICA_CASE("Io: a driver's own event goes to those who registered for its device") {
  NotificationCase test;
  test.add();
  Target open{test.plugged};
  Watcher one{'1', test.plug.story}, two{'2', test.plug.story};
  MICA_REQUIRE(one.ask(EventCategoryTargetDeviceChange, open.file, test.driver()) == 0);
  MICA_REQUIRE(two.ask(EventCategoryDeviceInterfaceChange, &custom, test.driver()) == 0);
  static_cast<void>(test.plug.story.is(""));
  PDEVICE_OBJECT const pdo = test.plug.driver.pdo;
  TARGET_DEVICE_CUSTOM_NOTIFICATION event{1, sizeof event, custom, nullptr, -1, {0}};
  MICA_CHECK(IoReportTargetDeviceChange(pdo, &event) == STATUS_SUCCESS);
  MICA_CHECK(test.plug.story.is("1u") && one.file == open.file && event.FileObject == nullptr);
  static LONG calls;
  calls = 0;
  auto const count = [](PVOID context) NTAPI { ++*static_cast<LONG*>(context); };
  MICA_CHECK(IoReportTargetDeviceChangeAsynchronous(pdo, &event, count, &calls) == STATUS_SUCCESS);
  MICA_CHECK(IoReportTargetDeviceChangeAsynchronous(pdo, &event, nullptr, nullptr) ==
             STATUS_SUCCESS);
  test.plug.devices.settle();
  MICA_CHECK(test.plug.story.is("1u 1u") && calls == 1);
  one.stop();
  two.stop();
}

MICA_CASE("Io: events that a driver cannot report") {
  NotificationCase test;
  test.add();
  PDEVICE_OBJECT const pdo = test.plug.driver.pdo;
  TARGET_DEVICE_CUSTOM_NOTIFICATION event{1,       sizeof event, GUID_TARGET_DEVICE_QUERY_REMOVE,
                                          nullptr, -1,           {0}};
  auto both = [&]() noexcept {
    NTSTATUS const status = IoReportTargetDeviceChange(pdo, &event);
    MICA_CHECK(IoReportTargetDeviceChangeAsynchronous(pdo, &event, nullptr, nullptr) == status);
    return status;
  };
  MICA_CHECK(both() == STATUS_INVALID_DEVICE_REQUEST);
  event.Event = custom;
  event.Version = 2;
  MICA_CHECK(both() == STATUS_INVALID_PARAMETER);
  event.Version = 1;
  event.Size = 24;
  MICA_CHECK(both() == STATUS_INVALID_PARAMETER);
  event.Size = sizeof event;
  ObReferenceObject(pdo);
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(both() == STATUS_INVALID_DEVICE_REQUEST);
  ObDereferenceObject(pdo);
}

MICA_CASE("Io: what nobody can be told of") {
  NotificationCase test;
  test.add();
  Watcher one{'1', test.plug.story};
  MICA_CHECK(one.ask(EventCategoryReserved, &first_use, test.driver()) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(one.ask(EventCategoryKernelSoftRestart, nullptr, test.driver()) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(one.ask(EventCategoryDeviceInterfaceChange, nullptr, test.driver()) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(one.ask(EventCategoryTargetDeviceChange, nullptr, test.driver()) ==
             STATUS_INVALID_PARAMETER);
  {
    Text null{u"\\Device\\Null"};
    Target other{null};
    MICA_CHECK(one.ask(EventCategoryTargetDeviceChange, other.file, test.driver()) ==
               STATUS_INVALID_DEVICE_REQUEST);
  }
  MICA_CHECK(one.ask(EventCategoryHardwareProfileChange, nullptr, test.driver()) == STATUS_SUCCESS);
  one.stop();
}
