// The clock of the devices' timers runs while one of them does.
#include <mica/system.hpp>

#include <nt/io.h>

#include "catch.hpp"
#include "conformance/io_support.hpp"
#include "io/state.hpp"

TEST_CASE("io: no clock runs for devices' timers when the last of them is stopped", "[io]") {
  mica::System system;
  system.run([] {
    mica::test::Driver driver;
    PDEVICE_OBJECT const first = driver.make(), second = driver.make();
    KTIMER& clock = mica::io::state().timers.clock;
    for (PDEVICE_OBJECT const device : {first, second}) {
      CHECK(IoInitializeTimer(
                device, [](PDEVICE_OBJECT, PVOID) NTAPI {}, nullptr) == STATUS_SUCCESS);
      IoStartTimer(device);
    }
    IoStopTimer(first);
    CHECK(clock.Header.Inserted);
    IoStopTimer(second);
    CHECK_FALSE(clock.Header.Inserted);
  });
}
