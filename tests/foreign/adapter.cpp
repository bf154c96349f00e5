// Every case of foreign.sys as a Catch2 test: each in a System of its own, which loads the driver.
#include <mica/driver.hpp>

#include <cstdio>
#include <cstdlib>

#include "catch.hpp"
#include "drivers/ram_disk.hpp"
#include "foreign_image.hpp"
#include "init/state.hpp"
#include "init/test_driver.hpp"

namespace {

using mica::init::DriverCase;
using mica::init::DriverCases;

// Null: the driver cannot be loaded, or has no cases.
DriverCases const* load_into(mica::System& system) {
  NTSTATUS offered = STATUS_UNSUCCESSFUL;
  system.run([&] { offered = mica::init::offer_test_services(); });
  if (!NT_SUCCESS(offered)) return nullptr;
  if (!NT_SUCCESS(system.load(foreign_image(), "foreign").entry_status())) return nullptr;
  DriverCases const* cases = nullptr;
  system.run([&] { cases = mica::init::state().tests.driver; });
  return cases;
}

struct Invoker final : mica::catch_shim::Invoker {
  explicit Invoker(std::size_t given) : index{given} {}
  void invoke() const override {
    mica::System system{{.processors = 4, .ram_disk = mica::test::ram_disk()}};
    DriverCases const* const cases = load_into(system);
    REQUIRE(cases != nullptr);
    mica::Outcome const outcome = system.try_run([&] { cases->begin[index]->body(); });
    INFO(outcome.report() << "\n" << system.log());
    REQUIRE(outcome.completed());
  }
  std::size_t index;
};

// The names are the driver's to tell.
[[maybe_unused]] bool const registered = [] {
  mica::System system;
  DriverCases const* const cases = load_into(system);
  if (cases == nullptr || cases->begin == cases->end) {
    std::fprintf(stderr, "foreign.sys has no cases\n%s", std::string{system.log()}.c_str());
    std::exit(EXIT_FAILURE);
  }
  system.run([&] {
    for (auto const* entry = cases->begin; entry != cases->end; ++entry) {
      DriverCase const& one = **entry;
      mica::catch_shim::add_test(one.name, "[foreign]", one.file, one.line,
                                 new Invoker{static_cast<std::size_t>(entry - cases->begin)});
    }
  });
  return true;
}();

}  // namespace
