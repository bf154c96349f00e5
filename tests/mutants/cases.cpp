// Tries mutants with the conformance cases, and the unit tests that are compiled beside it.
//   mica_mutants_cases < NUMBERS     one line of output for each (trial.hpp)
#include <mica/system.hpp>
#include <mica/test.hpp>

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>
#include <vector>

#include "drivers/ram_disk.hpp"
#include "faults.hpp"
#include "trial.hpp"

namespace {

constexpr std::uint64_t step_limit = 1'000'000;
// Of the processor; a correct executive takes one.
constexpr unsigned longest_seconds = 6;

std::vector<mica::test::Case const*> cases() {
  return {__start_mica_cases, __stop_mica_cases};
}

void run_cases(unsigned processors, unsigned seed, mica::Verifier verifier) {
  for (mica::test::Case const* one : cases()) {
    mica::mutants::progress().at(one->name);
    mica::TakesFaults const takes_faults;
    mica::System system{{.processors = processors,
                         .seed = seed,
                         .step_limit = step_limit,
                         .ram_disk = mica::test::ram_disk(),
                         .verifier = verifier}};
    if (!system.try_run(one->body).completed()) mica::mutants::noticed("case");
  }
}

void run_all() {
  for (auto const& [processors, seed] : {std::pair{2u, 1u}, std::pair{4u, 2u}, std::pair{1u, 3u}})
    run_cases(processors, seed, mica::Verifier::off);
  run_cases(2, 4, mica::Verifier::standard);
  mica::mutants::progress().at("unit tests");
  char const* arguments[] = {"cases"};
  if (Catch::Session{}.run(1, arguments) != 0) mica::mutants::noticed("unit test");
}

}  // namespace

int main() {
  ::setenv("RC_PARAMS", "seed=1", 0);  // whoever a property notices, it notices in every run
  for (int number = 0; std::cin >> number;)
    mica::mutants::print(number, mica::mutants::tried(number, longest_seconds, run_all));
}
