#include "init/self_test.hpp"

#include <nt/ke.h>

#include "init/drivers.hpp"
#include "init/monitor.hpp"
#include "init/options.hpp"
#include "init/state.hpp"
#include "init/test_driver.hpp"
#include "io/shutdown.hpp"
#include "rtl/line.hpp"

// An image without cases has neither symbol; then there is nothing to run.
extern "C" {
[[gnu::weak]] extern mica::test::Case const* const __start_mica_cases[];
[[gnu::weak]] extern mica::test::Case const* const __stop_mica_cases[];
}

namespace mica::init {
namespace {

using rtl::Line;

// Each case has a thread of its own, which a requirement that fails ends.
template <class Case>
void run(Case const& one) noexcept {
  TestState& tests = state().tests;
  ULONG const before = tests.failures.load();
  auto body = [&one] { one.body(); };
  test::join(test::start(body));
  bool const passed = tests.failures.load() == before;
  Line{} << (passed ? "[ OK ] " : "[FAIL] ") << one.name;
}

void fail_on_purpose() noexcept {
  MICA_CHECK(!"the option fail-check was given");
}

// What the DPC watchdog is there for: a DPC routine that never ends, a thread that never lowers its
// level.
void NTAPI hang(PKDPC, PVOID, PVOID, PVOID) {
  for (;;) Machine::stall(100);
}

void hang_on_purpose(std::string_view options) noexcept {
  if (has_option(options, "hang-dpc")) {
    KDPC dpc;
    KeInitializeDpc(&dpc, hang, nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  }
  if (has_option(options, "hang-dispatch")) {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    hang(nullptr, nullptr, nullptr, nullptr);
  }
}

// The outcome in the words scripts look for.
[[nodiscard]] bool report(ULONG cases) noexcept {
  TestState& tests = state().tests;
  ULONG const checks = tests.checks.load();
  ULONG const failures = tests.failures.load();
  if (cases == 0)
    Line{} << "SELF TESTS FAILED: no case matches";
  else if (failures != 0)
    Line{} << "SELF TESTS FAILED (" << failures << " of " << checks << " checks)";
  else
    Line{} << "ALL SELF TESTS PASSED (" << checks << " checks)";
  return cases != 0 && failures == 0;
}

// How many cases there are.
template <class Case>
[[nodiscard]] ULONG run_each(Case const* const* begin, Case const* const* end,
                             std::string_view options) noexcept {
  std::string_view const given = option(options, "test");
  std::string_view const pattern = given.empty() ? std::string_view{"*"} : given;
  bool const list = has_option(options, "list");
  ULONG cases = 0;
  for (auto const* entry = begin; entry != end; ++entry) {
    if (!matches(pattern, (*entry)->name)) continue;
    ++cases;
    if (list)
      Line{} << (*entry)->name;
    else
      run(**entry);
  }
  if (list) Machine::stop(hal::Verdict::passed);
  return cases;
}

// Those of a driver of the RAM disk, if it can be loaded and has some.
[[nodiscard]] ULONG run_each_of(std::string_view driver, std::string_view options) noexcept {
  NTSTATUS status = offer_test_services();
  if (NT_SUCCESS(status)) status = load_service(driver);
  DriverCases const* const cases = state().tests.driver;
  if (NT_SUCCESS(status) && cases != nullptr) return run_each(cases->begin, cases->end, options);
  Line{} << "driver " << driver << ": it has no cases, and its DriverEntry's status is "
         << rtl::Hex{static_cast<ULONG>(status), 8};
  return 0;
}

[[nodiscard]] bool run_cases(std::string_view options) noexcept {
  std::string_view const driver = option(options, "test-driver");
  ULONG const cases = driver.empty() ? run_each(__start_mica_cases, __stop_mica_cases, options)
                                     : run_each_of(driver, options);
  if (has_option(options, "fail-check")) fail_on_purpose();
  return report(cases);
}

}  // namespace

void print_failure(char const* expression, char const* file, int line) noexcept {
  Line{} << "       " << file << ":" << static_cast<std::uint64_t>(line) << ": " << expression;
}

void NTAPI self_test_main(void*) noexcept {
  std::string_view const options{Machine::command_line()};
  if (has_option(options, "bugcheck")) ke::bugcheck(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
  hang_on_purpose(options);
  bool const passed = has_option(options, "drivers") ? run_drivers() : run_cases(options);
  if (has_option(options, "stay")) monitor();
  static_cast<void>(io::shut_down());
  Machine::stop(passed ? hal::Verdict::passed : hal::Verdict::failed);
}

}  // namespace mica::init
