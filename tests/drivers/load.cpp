// Drivers that others compiled and linked, loaded into Systems.
#include <mica/driver.hpp>
#include <mica/test.hpp>

#include <nt/ntifs.h>

#include "images.hpp"
#include "io/driver.hpp"
#include "mm/state.hpp"

using namespace mica;

namespace {

using Bytes = std::vector<std::byte>;
using test::image_of;

constexpr LONGLONG period = 10 * test::millisecond_100ns;

// The beat driver's device, opened.
class Beat {
 public:
  Beat() {
    WCHAR text[] = u"\\Device\\Beat";
    UNICODE_STRING name{sizeof text - sizeof(WCHAR), sizeof text, text};
    status_ = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file_, &device_);
  }
  Beat(Beat const&) = delete;
  Beat& operator=(Beat const&) = delete;
  ~Beat() {
    if (file_ != nullptr) ObDereferenceObject(file_);
  }

  [[nodiscard]] NTSTATUS status() const noexcept { return status_; }
  [[nodiscard]] LONG count() const {
    LONG count = -1;
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IO_STATUS_BLOCK status{};
    LARGE_INTEGER offset{};
    PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device_, &count, sizeof count,
                                                  &offset, &done, &status);
    MICA_CHECK(IoCallDriver(device_, irp) == STATUS_SUCCESS);
    MICA_CHECK(status.Information == sizeof count);
    return count;
  }

 private:
  PFILE_OBJECT file_ = nullptr;
  PDEVICE_OBJECT device_ = nullptr;
  NTSTATUS status_;
};

NTSTATUS status_of_beat(System& system) {
  NTSTATUS status = STATUS_SUCCESS;
  system.run([&] { status = Beat{}.status(); });
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
      Beat const beat;
      MICA_REQUIRE(beat.status() == STATUS_SUCCESS);
      LONG const before = beat.count();
      test::sleep(3 * period);
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
  first.run([] { test::sleep(5 * period); });
  LONG counts[2] = {};
  first.run([&] { counts[0] = Beat{}.count(); });
  second.run([&] { counts[1] = Beat{}.count(); });
  CHECK(counts[0] >= counts[1] + 5);
}

TEST_CASE("driver: unloading waits until no file is open on its devices", "[drivers]") {
  System system;
  Driver driver = system.load(image_of("beat"), "beat");
  system.run([&] {
    auto* const object = static_cast<PDRIVER_OBJECT>(driver.object());
    ObReferenceObject(object);
    {
      Beat const beat;
      MICA_REQUIRE(beat.status() == STATUS_SUCCESS);
      MICA_CHECK(io::unload_driver(*object) == STATUS_SUCCESS);
      MICA_CHECK((object->Flags & DRVO_UNLOAD_INVOKED) != 0 && object->DeviceObject != nullptr);
      MICA_CHECK(beat.count() >= 0);
      MICA_CHECK(io::unload_driver(*object) == STATUS_INVALID_DEVICE_REQUEST);
    }
    test::sleep(test::millisecond_100ns);  // a worker calls it
    MICA_CHECK(object->DeviceObject == nullptr);
    ObDereferenceObject(object);
  });
  CHECK(status_of_beat(system) == STATUS_OBJECT_NAME_NOT_FOUND);
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
  std::size_t const pages = free_pages(system);
  CHECK(system.load(image, "SAME").entry_status() == STATUS_IMAGE_ALREADY_LOADED);
  CHECK(free_pages(system) == pages);
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
