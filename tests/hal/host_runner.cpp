// The seam's suite on the host: processors × seeds × policies, each deterministic run twice at
// different places in memory, and parallel mode.
#include "catch.hpp"
#include "hal_host/simulation.hpp"
#include "suite.hpp"

using namespace mica;
using namespace mica::hal_host;

namespace {

struct Result {
  Ending ending;
  std::string log;
  std::uint64_t hash;
};

void NTAPI enter_suite(void*) {
  hal_suite::start();
}

Result run_suite(unsigned processors, Policy* policy) {
  Region* const region = Region::acquire(16 << 20);
  REQUIRE(region);
  Setup setup;
  setup.handlers = &hal_suite::handlers();
  setup.processors = processors;
  setup.parallel = policy == nullptr;
  setup.policy = policy;
  setup.region = region;
  setup.shared_data =
      static_cast<KUSER_SHARED_DATA*>(region->take_storage(sizeof(KUSER_SHARED_DATA)));
  hal_suite::prepare(processors);
  Result result;
  {
    Simulation simulation{setup};
    simulation.boot(hal_suite::processor_block(0), region->boot_stack(), enter_suite, nullptr);
    result = {simulation.run(), simulation.log(), simulation.trace_hash()};
  }
  Region::release(region);
  return result;
}

void require_passed(Result const& result) {
  INFO(result.ending.reason << "\n" << result.log);
  REQUIRE(result.ending.end == End::stopped);
  REQUIRE(result.ending.verdict == hal::Verdict::passed);
  REQUIRE(result.log.find("ALL CHECKS OF THE SEAM PASSED") != std::string::npos);
}

}  // namespace

TEST_CASE("the seam's contract, deterministic", "[hal]") {
  for (unsigned const processors : {1u, 2u, 4u, 16u}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      INFO("processors " << processors << " seed " << seed);
      RandomPolicy first{seed}, second{seed};
      Result const one = run_suite(processors, &first);
      require_passed(one);
      Region* const in_the_way = Region::acquire(16 << 20);
      Result const two = run_suite(processors, &second);
      Region::release(in_the_way);
      REQUIRE(one.hash == two.hash);
      REQUIRE(one.log == two.log);
    }
    PctPolicy pct{processors, 3, 2000};
    require_passed(run_suite(processors, &pct));
  }
}

TEST_CASE("the seam's contract, parallel", "[hal]") {
  for (unsigned const processors : {1u, 2u, 4u}) {
    INFO("processors " << processors);
    require_passed(run_suite(processors, nullptr));
  }
}
