// Local time is UTC less the bias in the shared page.
#include <mica/system.hpp>

#include <nt/ex.h>
#include <machine.hpp>

#include "catch.hpp"

namespace {

// Of a bias of so many 100 ns: noon in UTC as local time, and noon in local time as UTC.
struct Clocks {
  LONGLONG bias, local, system;
};

constexpr LONGLONG noon = 0x01D9'0000'FFFF'FFF0;

}  // namespace

TEST_CASE("ex: the bias is taken from UTC and given back to it") {
  mica::System system;
  LONGLONG const biases[] = {0, 36'000'000'000, -36'000'000'000, 0x1'0000'0010, 0x20};
  for (LONGLONG const bias : biases) {
    Clocks clocks{bias, 0, 0};
    system.run([&clocks] {
      auto& page = mica::Machine::shared_user_data()->TimeZoneBias;
      auto const high = static_cast<LONG>(clocks.bias >> 32);
      page.High2Time = high;
      page.LowPart = static_cast<ULONG>(clocks.bias);
      page.High1Time = high;
      LARGE_INTEGER time, result;
      time.QuadPart = noon;
      ExSystemTimeToLocalTime(&time, &result);
      clocks.local = result.QuadPart;
      ExLocalTimeToSystemTime(&time, &result);
      clocks.system = result.QuadPart;
    });
    CHECK(clocks.local == noon - bias);
    CHECK(clocks.system == noon + bias);
  }
}
