// KUSER_SHARED_DATA, which drivers on x64 read instead of calling.     [MSDN KUSER_SHARED_DATA]
#include <nt/zw.h>
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <machine.hpp>

#include "catch.hpp"

namespace {

std::uint64_t value(KSYSTEM_TIME const volatile& time) {
  return static_cast<std::uint64_t>(time.High1Time) << 32 | time.LowPart;
}

struct Clocks {
  std::uint64_t interrupt, system, ticks;
};

}  // namespace

TEST_CASE("ke: the shared page says what the routines say") {
  mica::System system{{.processors = 2}};
  system.run([] {
    mica::test::sleep(20 * mica::test::millisecond_100ns);
    KUSER_SHARED_DATA const volatile& page = *mica::Machine::shared_user_data();
    // A tick may pass between the page and the routine: then both are read again.
    Clocks routine{}, shared{};
    do {
      LARGE_INTEGER time;
      routine.interrupt = KeQueryInterruptTime();
      shared = {value(page.InterruptTime), value(page.SystemTime), value(page.TickCount)};
      KeQuerySystemTime(&time);
      routine.system = static_cast<std::uint64_t>(time.QuadPart);
      KeQueryTickCount(&time);
      routine.ticks = static_cast<std::uint64_t>(time.QuadPart);
    } while (routine.interrupt != KeQueryInterruptTime());
    MICA_CHECK(shared.interrupt == routine.interrupt);
    MICA_CHECK(shared.system == routine.system);
    MICA_CHECK(shared.ticks == routine.ticks);
    MICA_CHECK(shared.ticks >= 20);
    for (auto const* time : {&page.InterruptTime, &page.SystemTime, &page.TickCount})
      MICA_CHECK(time->High1Time == time->High2Time);
    MICA_CHECK(page.SystemTime.High1Time != 0);
    // Milliseconds, with 24 bits of fraction.
    MICA_CHECK((shared.ticks * page.TickCountMultiplier >> 24) ==
               shared.ticks * KeQueryTimeIncrement() / 10'000);
  });
}

TEST_CASE("ke: the shared page follows a clock that is set, between two ticks") {
  mica::System system;
  system.run([] {
    mica::test::sleep(3 * mica::test::millisecond_100ns);
    KUSER_SHARED_DATA const volatile& page = *mica::Machine::shared_user_data();
    LARGE_INTEGER wanted, now;
    wanted.QuadPart = 123'456'789'012'345;
    MICA_CHECK(ZwSetSystemTime(&wanted, nullptr) == STATUS_SUCCESS);
    std::uint64_t const interrupt = value(page.InterruptTime);
    std::uint64_t const shared = value(page.SystemTime);
    KeQuerySystemTime(&now);
    MICA_REQUIRE(interrupt == KeQueryInterruptTime());  // no tick between
    MICA_CHECK(shared == static_cast<std::uint64_t>(wanted.QuadPart));
    MICA_CHECK(now.QuadPart == wanted.QuadPart);
    mica::test::sleep(3 * mica::test::millisecond_100ns);
    MICA_CHECK(value(page.SystemTime) - shared == value(page.InterruptTime) - interrupt);
  });
}
