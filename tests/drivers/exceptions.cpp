// Exceptions of drivers that others compiled: handled by themselves, by each other, or by nobody.
#include <mica/driver.hpp>
#include <mica/system.hpp>

#include <nt/bugcodes.h>
#include <nt/ntstatus.h>

#include "drivers/image.hpp"
#include "ldr/import_stub.hpp"
#include "ldr/loaded_image.hpp"

using namespace mica;

namespace {

char const* const tried =
    "tries: read: c0000005 0 (0, 10) here\n"
    "tries: write: c0000005 0 (1, 18) here\n"
    "tries: user: c0000005 0 (0, 7ffe12345678) here\n"
    "tries: no address: c0000005 0 (0, ffffffffffffffff) here\n"
    "tries: call: c0000005 0 (8, 0)\n"
    "tries: divide: c0000094 0 here\n"
    "tries: undefined: c000001d 0 here\n"
    "tries: break: 80000003 0 here\n"
    "tries: raise: 80000011 1 here\n"
    "tries: probe read: c0000005 1 here\n"
    "tries: probe aligned: 80000002 1 here\n"
    "tries: probe write: c0000005 0 (0, 7ffe12345678)\n"
    "tries: compare: c0000005 0 (0, 30)\n"
    "tries: allocate: c000009a 1 here\n"
    "tries:   inner, abnormal 1\n"
    "tries:   outer, abnormal 1\n"
    "tries: unwound: c0000005 0 (1, 40) here\n"
    "tries:   out of thirty\n"
    "tries: deep: c0000005 0 (1, 20) here\n"
    "tries:   leaving, abnormal 1\n"
    "tries: leave 11\n"
    "tries:   leaving, abnormal 0\n"
    "tries: stay 102\n"
    "tries: passed on: c0000005 0 (1, 50) here\n"
    "tries: continued 42\n"
    "tries:   nested 10\n"
    "tries: nested: c0000005 0 (1, 70) here\n"
    "tries: noncontinuable: c0000025 1 here\n"
    "tries: soft 2\n"
    "tries:   first\n"
    "tries:   second\n"
    "tries: collided: c000000d 1 here\n"
    "tries: finally 111\n"
    "tries:   inner, abnormal 1\n"
    "tries:   outer, abnormal 1\n"
    "tries: registers 1963108\n"
    "tries: often 1000\n";

// What the System wrote until it fell says more than how it fell.
Driver loaded(System& system, char const* driver) {
  try {
    return system.load(test::image_of(driver), driver);
  } catch (Failure const& failure) {
    FAIL(failure.outcome().report() << "\n" << system.log());
    throw;
  }
}

Outcome fall(System& system, char const* how) {
  auto const image = test::image_of("falls");
  try {
    static_cast<void>(system.load(image, how));
  } catch (Failure const& failure) {
    return failure.outcome();
  }
  FAIL("it did not fall");
  __builtin_unreachable();
}

struct Fall {
  char const* how;
  std::uint32_t code;
  std::uint64_t first;
};

}  // namespace

TEST_CASE("driver: exceptions of a driver are handled where it says", "[drivers]") {
  System system;
  Driver driver = loaded(system, "tries");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() == std::string{tried});
  CHECK(driver.unload() == STATUS_SUCCESS);
}

TEST_CASE("driver: an exception goes from one driver through the executive into another",
          "[drivers]") {
  Mode const mode = GENERATE(Mode::deterministic, Mode::parallel);
  System system{{.processors = 3, .mode = mode}};
  Driver inner = loaded(system, "inner");
  REQUIRE(inner.entry_status() == STATUS_SUCCESS);
  Driver outer = loaded(system, "outer");
  CHECK(outer.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() == "outer: handled 200, cleaned 200 and 200, wrong 0\n");
}

TEST_CASE("driver: an exception that nobody handles is NT's bugcheck", "[drivers]") {
  Fall const fall_of = GENERATE(
      Fall{"fault", SYSTEM_THREAD_EXCEPTION_NOT_HANDLED,
           static_cast<ULONG>(STATUS_ACCESS_VIOLATION)},
      Fall{"raise", SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_DEVICE_BUSY)},
      Fall{"dpc", KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_DEVICE_BUSY)},
      Fall{"dispatch", DRIVER_IRQL_NOT_LESS_OR_EQUAL, 0x10},
      Fall{"kernel", PAGE_FAULT_IN_NONPAGED_AREA, 0xFFFF900000000000},
      Fall{"callout", KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_ACCESS_VIOLATION)},
      Fall{"stack", UNEXPECTED_KERNEL_MODE_TRAP, 8},
      Fall{"filters", UNEXPECTED_KERNEL_MODE_TRAP, 8});
  INFO(fall_of.how);
  System system;
  Outcome const outcome = fall(system, fall_of.how);
  INFO(outcome.report() << system.log());
  CHECK(outcome.is_bugcheck(fall_of.code, fall_of.first));
}

TEST_CASE("driver: a bugcheck names the driver, and who called", "[drivers]") {
  System system;
  static_cast<void>(fall(system, "raise"));
  std::string const log{system.log()};
  INFO(log);
  CHECK(log.find("mica: nobody handles exception 0x80000011 of raise+") != std::string::npos);
  CHECK(log.find("  raise+") != std::string::npos);
}

namespace {

// What a watch was told. Only one System watches.
struct Told {
  unsigned entered, left, unwound;
  ULONG64 raised;  // the argument of ExRaiseStatus, the last time
} told;

ldr::ImportWatch const watch{[](ldr::ImportCall& call) NTAPI {
                               ++told.entered;
                               if (call.stub->name == "ExRaiseStatus")
                                 told.raised = call.arguments[0];
                             },
                             [](ldr::ImportCall&) NTAPI { ++told.left; },
                             [](ldr::ImportCall&) NTAPI { ++told.unwound; },
                             [](std::string_view) NTAPI -> void const* { return &told; }};

}  // namespace

TEST_CASE("driver: who watches imports is told of every call and how it ended", "[drivers]") {
  told = {};
  System system;
  system.run([] { ldr::state().watch = &watch; });
  Driver const driver = loaded(system, "tries");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  CHECK(system.log() == std::string{tried});
  CHECK(told.entered == told.left + told.unwound);
  CHECK((told.left > 100 && told.unwound > 1000));
  CHECK(static_cast<NTSTATUS>(told.raised) == STATUS_INVALID_PARAMETER);
}
