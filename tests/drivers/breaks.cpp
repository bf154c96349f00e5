// Drivers that break rules, one for each family: each is stopped by the bugcheck of the rule, which
// names the driver.                      [MSDN Bug Check 0xC4, and those of the codes below]
#include "requests.hpp"

#include "../conformance/io_support.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "breaks.h"
#include "leaky.h"

using namespace mica::test;

namespace {

struct Rule {
  std::u16string_view driver;
  ULONG number;  // in its table
  ULONG code;
  ULONG_PTR first;  // parameter; 0: it is an address
};

constexpr Rule rules[] = {
    {u"bad_level", 0, 0xC4, 0x3B},   {u"bad_level", 1, 0xC4, 0x30},  {u"bad_level", 2, 0xC4, 0x80},
    {u"bad_level", 3, 0xC2, 0x08},   {u"bad_pool", 0, 0xC2, 0x07},   {u"bad_pool", 1, 0xC2, 0x0A},
    {u"bad_pool", 2, 0xC2, 0x46},    {u"bad_pool", 3, 0xC4, 0x15},   {u"bad_pool", 4, 0xC2, 0x9B},
    {u"bad_lock", 0, 0xC4, 0x1000},  {u"bad_lock", 1, 0xC4, 0x1007}, {u"bad_lock", 2, 0xC4, 0x32},
    {u"bad_lock", 3, 0xC4, 0x37},    {u"bad_lock", 4, 0xC4, 0x1001}, {u"bad_request", 0, 0x44, 0},
    {u"bad_request", 1, 0xC9, 6},    {u"bad_request", 2, 0xC9, 7},   {u"bad_request", 3, 0x35, 0},
    {u"bad_request", 4, 0xC4, 0xD5}, {u"bad_object", 0, 0x93, 0},    {u"bad_object", 1, 0xC4, 0x7C},
    {u"bad_object", 2, 0xC4, 0xB8},
};

// A request that its driver never comes back from.
class Lost {
 public:
  Lost(OpenedDevice& device, ULONG code) noexcept
      : irp_{IoAllocateIrp(device.get()->StackSize, FALSE)} {
    MICA_REQUIRE(irp_ != nullptr);
    PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp_);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->FileObject = device.file();
    next->Parameters.DeviceIoControl.IoControlCode = code;
    end_ = bugcheck_of([irp = irp_, &device] { IoCallDriver(device.get(), irp); });
  }
  Lost(Lost const&) = delete;
  Lost& operator=(Lost const&) = delete;
  ~Lost() { IoFreeIrp(irp_); }

  [[nodiscard]] Bugcheck const& end() const noexcept { return end_; }

 private:
  PIRP irp_;
  Bugcheck end_{};
};

[[nodiscard]] bool names(Bugcheck const& end, DRIVER_OBJECT const& driver) noexcept {
  auto const start = reinterpret_cast<ULONG_PTR>(driver.DriverStart);
  return std::any_of(std::begin(end.backtrace), std::end(end.backtrace),
                     [&](ULONG_PTR place) { return place - start < driver.DriverSize; });
}

void check(Rule const& rule) noexcept {
  Loaded const driver{rule.driver};
  WCHAR text[40] = u"\\Device\\";
  std::copy(rule.driver.begin(), rule.driver.end(), text + std::u16string_view{text}.size());
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, text);
  OpenedDevice device{name};
  {
    Lost const request{device, IOCTL_BREAK(rule.number)};
    Bugcheck const& end = request.end();
    MICA_CHECK(end.happened && end.code == rule.code);
    MICA_CHECK(rule.first == 0 || end.parameters[0] == rule.first);
    MICA_CHECK(names(end, *device.get()->DriverObject));
  }
  MICA_CHECK(Request::control(device, IOCTL_MEND(rule.number), nullptr, 0, nullptr, 0).status() ==
             STATUS_SUCCESS);
}

void check_all(std::u16string_view driver) noexcept {
  for (Rule const& rule : rules)
    if (rule.driver == driver) check(rule);
}

}  // namespace

MICA_CASE("Ke: a driver that breaks rules of levels is stopped and named") {
  SpecialPool const none{0};
  check_all(u"bad_level");
}

MICA_CASE("Ex: a driver that breaks rules of the pool is stopped and named") {
  SpecialPool const none{0};
  check_all(u"bad_pool");
}

MICA_CASE("Ex: a driver that breaks rules of locks is stopped and named") {
  DeadlockDetection const on;
  check_all(u"bad_lock");
}

MICA_CASE("Io: a driver that breaks rules of requests is stopped and named") {
  check_all(u"bad_request");
}

MICA_CASE("Ob: a driver that breaks rules of handles and memory lists is stopped and named") {
  check_all(u"bad_object");
}

namespace {

// leaky.sys, in a System that is verified.
class Leaky {
 public:
  Leaky() noexcept { MICA_REQUIRE(load() == STATUS_SUCCESS); }
  [[nodiscard]] NTSTATUS load() noexcept { return service_.load(); }

  // What the driver keeps of it.
  [[nodiscard]] void* leak() noexcept {
    OpenedDevice device{u"\\Device\\Leaky"};
    driver_ = device.get()->DriverObject;
    char bytes[24] = {};
    void* kept = nullptr;
    MICA_CHECK(Request::write(device, bytes, sizeof bytes).status() == STATUS_SUCCESS);
    MICA_CHECK(Request::read(device, &kept, sizeof kept).status() == STATUS_SUCCESS);
    return kept;
  }
  [[nodiscard]] NTSTATUS unload() noexcept { return service_.unload(); }
  [[nodiscard]] PDRIVER_OBJECT driver() const noexcept { return driver_; }

 private:
  Service service_{u"leaky"};
  PDRIVER_OBJECT driver_ = nullptr;
};

}  // namespace

MICA_CASE(
    "Ex: a driver that is unloaded and leaves pool is violation 62 if the System is verified") {
  Verified const verified{true};
  Leaky leaky;
  std::array const left{leaky.leak(), leaky.leak(), leaky.leak()};
  ExFreePool(left[1]);  // no matter who does it
  Bugcheck const end = bugcheck_of([&] { static_cast<void>(leaky.unload()); });
  MICA_REQUIRE(end.happened);
  MICA_CHECK((end.code == 0xC4 && end.parameters[0] == 0x62));
  MICA_CHECK(std::u16string_view{reinterpret_cast<char16_t const*>(end.parameters[1])} == u"leaky");
  MICA_CHECK((end.parameters[2] == 0 && end.parameters[3] == 2));
  // It is over with the driver all the same, and the next one has left nothing.
  IoDeleteDriver(leaky.driver());
  MICA_REQUIRE(leaky.load() == STATUS_SUCCESS);
  MICA_CHECK(leaky.unload() == STATUS_SUCCESS);
  ExFreePool(left[0]);
  ExFreePool(left[2]);
}

MICA_CASE("Ex: a driver that fails to start and leaves pool is violation 62 too") {
  Verified const verified{true};
  Service service{u"leaky"};
  {
    mica::test::Driver other;
    Text device{u"\\Device\\Leaky"};
    static_cast<void>(other.make(device));  // so it gets none
    Bugcheck const end = bugcheck_of([&] { static_cast<void>(service.load()); });
    MICA_REQUIRE(end.happened);
    MICA_CHECK((end.code == 0xC4 && end.parameters[0] == 0x62 && end.parameters[3] == 1));
  }
  Text name{u"\\Driver\\leaky"};
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByName(name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr, KernelMode,
                                       nullptr, &object) == STATUS_SUCCESS);
  auto* const driver = static_cast<PDRIVER_OBJECT>(object);
  ExFreePool(*static_cast<void**>(IoGetDriverObjectExtension(driver, LEAKY_SETTINGS)));
  ObDereferenceObject(driver);
  IoDeleteDriver(driver);
}

MICA_CASE("Ex: a driver that leaves pool is unloaded if the System is not verified") {
  Verified const verified{false};
  Leaky leaky;
  void* const left = leaky.leak();
  MICA_CHECK(leaky.unload() == STATUS_SUCCESS);
  ExFreePool(left);
}

MICA_CASE("Ex: a driver whose pool somebody else has freed leaves none") {
  Verified const verified{true};
  Leaky leaky;
  ExFreePool(leaky.leak());
  MICA_CHECK(leaky.unload() == STATUS_SUCCESS);
}
