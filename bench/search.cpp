// How many executions each strategy makes of a small program: until there is no other, and until it
// finds the bug of one that has one. What is counted is the counter `executions` of a row
// exhaust/<program>/<strategy> or find/<program>/<strategy>; `more`: so many were not enough.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <string>

#include "explore/dpor.hpp"
#include "explore/explorer.hpp"
#include "explore_programs.hpp"

namespace mica::bench {
namespace {

using explore::Method;
using explore::Report;

constexpr std::uint64_t most_executions = 100'000;

struct Program {
  char const* name;
  void (*body)(explore::Window&);
  unsigned processors;
};
constexpr Program sound[] = {{"lock-three", lock_three, 3},
                             {"stack", stack, 2},
                             {"auto-reset", auto_reset, 2},
                             {"set-and-wait", set_and_wait, 2}};
constexpr Program broken[] = {{"count-unlocked", count_unlocked, 2},
                              {"stack-torn", stack_torn, 2},
                              {"locks-crossed", locks_crossed, 2}};

struct Search {
  char const* name;
  std::unique_ptr<explore::Strategy> (*begin)(std::uint64_t seed);
};
template <Method method>
std::unique_ptr<explore::Strategy> seeded(std::uint64_t seed) {
  return explore::seeded(false, {.method = method, .first = seed});
}
template <unsigned bound>
std::unique_ptr<explore::Strategy> bounded(std::uint64_t) {
  return explore::bounded(bound, false);
}
std::unique_ptr<explore::Strategy> dpor(std::uint64_t) {
  return explore::dpor(false);
}
constexpr Search with_an_end[] = {{"1 deviation", bounded<1>},
                                  {"2 deviations", bounded<2>},
                                  {"3 deviations", bounded<3>},
                                  {"DPOR", dpor}};
constexpr Search any[] = {{"random", seeded<Method::random>},
                          {"PCT", seeded<Method::pct>},
                          {"2 deviations", bounded<2>},
                          {"DPOR", dpor}};

Report searched(Program const& program, explore::Strategy& strategy) {
  return explore::explore({.processors = program.processors, .races = false, .body = program.body},
                          strategy, {.executions = most_executions});
}

void exhaust(benchmark::State& state, Program const& program, Search const& search) {
  for (auto _ : state) {
    Report const report = searched(program, *search.begin(1));
    if (report.failed) state.SkipWithError(report.execution.text().c_str());
    state.counters["executions"] = static_cast<double>(report.executions);
    state.counters["more"] = !report.exhausted;
  }
}

// Of seeds that are apart by more than is made of one the median counts.
void find(benchmark::State& state, Program const& program, Search const& search) {
  std::array<std::uint64_t, 21> executions{};
  for (auto _ : state) {
    bool found = true;
    for (std::uint64_t seed = 1; std::uint64_t & made : executions) {
      Report const report = searched(program, *search.begin(seed));
      made = report.executions;
      found = found && report.failed;
      seed += most_executions;
    }
    std::ranges::sort(executions);
    state.counters["executions"] = static_cast<double>(executions[executions.size() / 2]);
    state.counters["more"] = !found;
  }
}

template <class Measure>
void add(std::string const& name, Measure measure, Program const& program, Search const& search) {
  benchmark::RegisterBenchmark((name + "/" + program.name + "/" + search.name).c_str(),
                               [=](benchmark::State& state) { measure(state, program, search); })
      ->Iterations(1)
      ->Repetitions(1);
}

[[maybe_unused]] bool const registered = [] {
  for (Program const& program : sound)
    for (Search const& search : with_an_end) add("exhaust", exhaust, program, search);
  for (Program const& program : broken)
    for (Search const& search : any) add("find", find, program, search);
  return true;
}();

}  // namespace
}  // namespace mica::bench
