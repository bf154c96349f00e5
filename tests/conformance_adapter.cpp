// Every conformance case as a Catch2 test: on 1, 2 and 4 processors, under several schedules, each
// twice at different places in memory. The second run must be the same as the first to the last
// event. Once more with the verifier, which must find nothing but what a case is
// about.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include "catch.hpp"
#include "drivers/ram_disk.hpp"
#include "faults.hpp"

// A binary without cases has neither symbol.
extern "C" {
[[gnu::weak]] extern mica::test::Case const* const __start_mica_cases[];
[[gnu::weak]] extern mica::test::Case const* const __stop_mica_cases[];
}

namespace {

constexpr unsigned seeds = 3;

void run_twice(mica::test::Case const& one, mica::Config const& config) {
  mica::System first{config}, second{config};
  mica::Outcome const outcome = first.try_run(one.body);
  INFO(outcome.report() << "\n" << first.log());
  REQUIRE(outcome.completed());
  REQUIRE(second.try_run(one.body).completed());
  REQUIRE(first.trace_hash() == second.trace_hash());
  REQUIRE(first.steps() == second.steps());
}

struct ParallelInvoker final : mica::catch_shim::Invoker {
  explicit ParallelInvoker(mica::test::Case const& given) : one{given} {}
  void invoke() const override {
    mica::TakesFaults const takes_faults;
    mica::System system{
        {.processors = 4, .mode = mica::Mode::parallel, .ram_disk = mica::test::ram_disk()}};
    mica::Outcome const outcome = system.try_run(one.body);
    INFO(outcome.report() << "\n" << system.log());
    REQUIRE(outcome.completed());
  }
  mica::test::Case const& one;
};

struct CaseInvoker final : mica::catch_shim::Invoker {
  explicit CaseInvoker(mica::test::Case const& given) : one{given} {}
  void invoke() const override {
    mica::TakesFaults const takes_faults;
    for (unsigned const processors : {1u, 2u, 4u})
      for (unsigned seed = 1; seed <= seeds; ++seed)
        run_twice(one,
                  {.processors = processors, .seed = seed, .ram_disk = mica::test::ram_disk()});
    run_twice(one, {.processors = 4,
                    .ram_disk = mica::test::ram_disk(),
                    .verifier = mica::Verifier::standard});
  }
  mica::test::Case const& one;
};

[[maybe_unused]] bool const registered = [] {
  for (auto const* entry = __start_mica_cases; entry != __stop_mica_cases; ++entry) {
    mica::test::Case const& one = **entry;
    mica::catch_shim::add_test(one.name, "[conformance]", one.file, one.line, new CaseInvoker{one});
    std::string const parallel = std::string{one.name} + " (parallel)";
    mica::catch_shim::add_test(parallel.c_str(), "[parallel]", one.file, one.line,
                               new ParallelInvoker{one});
  }
  return true;
}();

}  // namespace
