// System::load: drivers that others compiled and linked.
#include <mica/driver.hpp>

#include <string>
#include <vector>

#include "beat.hpp"
#include "catch.hpp"
#include "drivers/image.hpp"
#include "mm/state.hpp"

using namespace mica;
using test::image_of;

namespace {

using Bytes = std::vector<std::byte>;

NTSTATUS status_of_beat(System& system) {
  NTSTATUS status = STATUS_SUCCESS;
  system.run([&] { status = test::Beat{}.status(); });
  return status;
}

std::size_t free_pages(System& system) {
  std::size_t pages = 0;
  system.run([&] { pages = mm::state().pages.free_pages(); });
  return pages;
}

}  // namespace

TEST_CASE("driver: a driver is loaded, serves, is unloaded, and may be loaded again", "[drivers]") {
  Bytes const image = image_of("beat");
  System system;
  std::size_t pages[3] = {};  // the pool keeps some of the first times
  for (std::size_t& left : pages) {
    Driver driver = system.load(image, "beat");
    REQUIRE(driver.entry_status() == STATUS_SUCCESS);
    CHECK((driver.object() != nullptr && driver.refusal().empty()));
    system.run([] {
      test::Beat const beat;
      MICA_REQUIRE(beat.status() == STATUS_SUCCESS);
      LONG const before = beat.count();
      test::sleep(3 * test::beat_period);
      MICA_CHECK(beat.count() == before + 3);
    });
    CHECK(driver.unload() == STATUS_SUCCESS);
    CHECK(driver.object() == nullptr);
    CHECK(driver.unload() == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(status_of_beat(system) == STATUS_OBJECT_NAME_NOT_FOUND);
    left = free_pages(system);
  }
  CHECK(pages[1] == pages[2]);
  CHECK(system.log() == "beat: started\nbeat: started\nbeat: started\n");
}

TEST_CASE("driver: each System has a driver of its own", "[drivers]") {
  Bytes const image = image_of("beat");
  System first, second;
  Driver one = first.load(image, "beat"), other = second.load(image, "beat");
  CHECK((one.entry_status() == STATUS_SUCCESS && other.entry_status() == STATUS_SUCCESS));
  first.run([] { test::sleep(5 * test::beat_period); });
  LONG counts[2] = {};
  first.run([&] { counts[0] = test::Beat{}.count(); });
  second.run([&] { counts[1] = test::Beat{}.count(); });
  CHECK(counts[0] >= counts[1] + 5);
}

TEST_CASE("driver: a driver is told its key and its names, and where it is", "[drivers]") {
  System system;
  Driver driver = system.load(image_of("told"), "Teller");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() ==
        "told: \\Registry\\Machine\\System\\CurrentControlSet\\Services\\Teller; "
        "\\Driver\\Teller; Teller\n");
  CHECK(driver.unload() == STATUS_INVALID_DEVICE_REQUEST);  // it has no such routine
  CHECK(driver.object() != nullptr);
}

TEST_CASE("driver: its key is there, with what an installation writes and what is there already",
          "[drivers]") {
  System system;
  system.run([] {
    WCHAR path[] = u"Lock\\Parameters";
    ULONG depth = 5;
    path[4] = 0;
    MICA_CHECK(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, path) == STATUS_SUCCESS);
    path[4] = u'\\';
    MICA_CHECK(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, path, u"Depth", REG_DWORD, &depth,
                                     sizeof depth) == STATUS_SUCCESS);
  });
  Driver const driver = system.load(image_of("keyed"), "Lock");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() ==
        "keyed: type 1, start 3, error control 1, \\SystemRoot\\System32\\drivers\\Lock.sys\n"
        "keyed: depth 5, width 80\n");
  CHECK(system.load(image_of("keyed"), "a\\b").entry_status() == STATUS_INVALID_PARAMETER);
}

TEST_CASE("driver: one that fails to start is not there, and its name is free", "[drivers]") {
  Bytes const image = image_of("told");
  System system;
  std::size_t pages[2] = {};
  for (std::size_t& left : pages) {
    Driver driver = system.load(image, "fails");
    CHECK(driver.entry_status() == STATUS_DEVICE_DOES_NOT_EXIST);
    CHECK((driver.object() == nullptr && driver.refusal().empty()));
    left = free_pages(system);
  }
  CHECK(pages[0] == pages[1]);
}

TEST_CASE("driver: a name is one driver's", "[drivers]") {
  Bytes const image = image_of("told");
  System system;
  CHECK(system.load(image, "same").entry_status() == STATUS_SUCCESS);
  std::size_t pages[2] = {};
  for (std::size_t& left : pages) {
    CHECK(system.load(image, "SAME").entry_status() == STATUS_IMAGE_ALREADY_LOADED);
    left = free_pages(system);
  }
  CHECK(pages[0] == pages[1]);
  CHECK(system.load(image, "other").entry_status() == STATUS_SUCCESS);
  CHECK(system.load(image, std::string(40'000, 'n')).entry_status() == STATUS_NAME_TOO_LONG);
}

TEST_CASE("driver: what is no driver is refused in words", "[drivers]") {
  System system;
  Driver const driver = system.load(Bytes(100));
  CHECK(driver.entry_status() == STATUS_INVALID_IMAGE_NOT_MZ);
  CHECK(driver.refusal() == "no DOS header is at its beginning, at 0x0 of the file");
  CHECK(driver.object() == nullptr);
}
