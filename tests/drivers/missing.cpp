// A driver that imports what is not there, loaded all the same.
#include <nt/ntifs.h>
#include <mica/driver.hpp>

#include <algorithm>
#include <cstring>

#include "catch.hpp"
#include "drivers/image.hpp"

using namespace mica;

namespace {

// The beat driver, which imports something else instead.
std::vector<std::byte> without(std::string_view routine, std::string_view instead) {
  std::vector<std::byte> image = test::image_of("beat");
  std::string_view const text{reinterpret_cast<char const*>(image.data()), image.size()};
  std::size_t const at = text.find(routine);
  REQUIRE((at != text.npos && routine.size() == instead.size()));
  std::memcpy(&image[at], instead.data(), instead.size());
  return image;
}

Config traps() {
  return {.options = "trap-missing-imports"};
}

}  // namespace

TEST_CASE("driver: a missing import that nobody calls is no harm, if one likes", "[drivers]") {
  System system{traps()};
  Driver driver = system.load(without("KeCancelTimer", "KeCancelTimeX"), "beat");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() ==
        "mica: beat imports KeCancelTimeX of ntoskrnl.exe, which is not there\nbeat: started\n");
}

TEST_CASE("driver: a missing import that is called is reported with its arguments", "[drivers]") {
  System system{traps()};
  Driver driver = system.load(without("KeCancelTimer", "KeCancelTimeX"), "beat");
  Outcome outcome;
  try {
    static_cast<void>(driver.unload());
  } catch (Failure const& failure) {
    outcome = failure.outcome();
  }
  CHECK(outcome.is_bugcheck(KMODE_EXCEPTION_NOT_HANDLED,
                            static_cast<ULONG_PTR>(STATUS_DRIVER_ENTRYPOINT_NOT_FOUND)));
  std::string_view const log = system.log();
  std::size_t const at = log.find("mica: beat+0x");
  REQUIRE(at != log.npos);
  std::string_view const line = log.substr(at, log.find('\n', at) - at);
  CHECK(line.find(" called KeCancelTimeX(0x") != line.npos);
  CHECK(line.ends_with(", ...), which is not there"));
}

TEST_CASE("driver: a missing import is refused where nobody asks for more", "[drivers]") {
  System system;
  Driver const driver = system.load(without("KeCancelTimer", "KeCancelTimeX"), "beat");
  CHECK(driver.entry_status() == STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
  CHECK(driver.refusal().starts_with("it imports what is not there"));
}
