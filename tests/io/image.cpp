// A driver's image is io's from when it was found: it goes with the driver, or at once if none was
// made of it.                                                                  [MSDN ZwLoadDriver]
#include <mica/system.hpp>

#include <nt/zw/drivers.h>

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "io/driver.hpp"
#include "io/driver_name.hpp"

using namespace mica;

namespace {

struct Seen {
  int entered, unloaded, gone, asked;
  void* last_gone;
};
Seen seen;  // a System at a time

char images[2];  // are no code: their addresses are their names

NTSTATUS NTAPI enter(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  ++seen.entered;
  driver->DriverUnload = [](PDRIVER_OBJECT) NTAPI { ++seen.unloaded; };
  return STATUS_SUCCESS;
}

void NTAPI note_gone(io::DriverImage const& image) {
  ++seen.gone;
  seen.last_gone = image.start;
}

void listen() {
  seen = {};
  io::State& state = io::state();
  state.image_entered = [](io::DriverImage const&) NTAPI {};
  state.unloaded = [](io::DriverImage const&, WCHAR const*) NTAPI {};
  state.image_gone = note_gone;
}

// Of so many letters.
struct Name {
  std::vector<WCHAR> letters;
  UNICODE_STRING string{};

  explicit Name(std::size_t count) : letters(count, u'a') {
    auto const bytes = static_cast<USHORT>(count * sizeof(WCHAR));
    string = {bytes, bytes, letters.data()};
  }
};

NTSTATUS load(UNICODE_STRING const& service, char& image, PDRIVER_OBJECT& driver) {
  return io::load_driver(service, {&image, sizeof image, enter}, driver);
}

}  // namespace

TEST_CASE("io: an image goes when its driver is unloaded", "[io]") {
  System system;
  system.run([] {
    listen();
    Name const service{4};
    PDRIVER_OBJECT driver = nullptr;
    REQUIRE(load(service.string, images[0], driver) == STATUS_SUCCESS);
    CHECK(driver->Flags == DRVO_LEGACY_DRIVER);
    CHECK(driver->DriverStart == &images[0]);
    CHECK(driver->DriverSize == sizeof images[0]);
    CHECK((seen.entered == 1 && seen.gone == 0));
    CHECK(io::unload_driver(*driver) == STATUS_SUCCESS);
    CHECK((seen.unloaded == 1 && seen.gone == 1 && seen.last_gone == &images[0]));
  });
}

TEST_CASE("io: the image of a driver that is there already goes at once", "[io]") {
  System system;
  system.run([] {
    listen();
    Name const service{4};
    PDRIVER_OBJECT driver = nullptr, second = nullptr;
    REQUIRE(load(service.string, images[0], driver) == STATUS_SUCCESS);
    CHECK(load(service.string, images[1], second) == STATUS_IMAGE_ALREADY_LOADED);
    CHECK(second == nullptr);
    CHECK((seen.entered == 1 && seen.gone == 1 && seen.last_gone == &images[1]));
    CHECK(io::unload_driver(*driver) == STATUS_SUCCESS);
    CHECK((seen.gone == 2 && seen.last_gone == &images[0]));
  });
}

TEST_CASE("io: a driver for which there can be no key is not entered", "[io]") {
  System system;
  system.run([] {
    listen();
    io::state().make_service_key = [](UNICODE_STRING const&)
                                       NTAPI -> NTSTATUS { return STATUS_ACCESS_DENIED; };
    Name const service{4};
    PDRIVER_OBJECT driver = nullptr;
    CHECK(load(service.string, images[0], driver) == STATUS_ACCESS_DENIED);
    CHECK(driver == nullptr);
    CHECK((seen.entered == 0 && seen.gone == 1 && seen.last_gone == &images[0]));
  });
}

TEST_CASE("io: a driver is not made if its names with a zero behind are no counted strings",
          "[io]") {
  constexpr std::size_t letters_most = UINT16_MAX / sizeof(WCHAR);
  System system;
  system.run([] {
    listen();
    io::state().make_service_key = [](UNICODE_STRING const&)
                                       NTAPI -> NTSTATUS { return STATUS_SUCCESS; };
    Name const service{letters_most - io::service_folder.size()};
    PDRIVER_OBJECT driver = nullptr;
    CHECK(load(service.string, images[0], driver) == STATUS_INSUFFICIENT_RESOURCES);
    Name name{letters_most};
    std::ranges::copy(io::driver_folder, name.letters.begin());
    CHECK(IoCreateDriver(&name.string, enter) == STATUS_INSUFFICIENT_RESOURCES);
    CHECK((seen.entered == 0 && seen.gone == 1));
  });
}

TEST_CASE("io: nobody is asked for the image of what is no service's key", "[io]") {
  System system;
  system.run([] {
    listen();
    io::state().find_image = [](UNICODE_STRING const&, io::DriverImage&) NTAPI -> NTSTATUS {
      ++seen.asked;
      return STATUS_DISK_CORRUPT_ERROR;
    };
    WCHAR deeper[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\one\\two";
    UNICODE_STRING path{sizeof deeper - sizeof(WCHAR), sizeof deeper, deeper};
    CHECK(ZwLoadDriver(&path) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(seen.asked == 0);
    path.Length -= sizeof u"\\two" - sizeof(WCHAR);
    CHECK(ZwLoadDriver(&path) == STATUS_DISK_CORRUPT_ERROR);
    CHECK(seen.asked == 1);
  });
}
