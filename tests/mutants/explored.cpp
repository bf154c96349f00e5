// Tries mutants with the scenarios of tests/explore. Stands in for rig.cpp there: no failure is
// made smaller, nothing is printed but the verdict.
//   mica_mutants_explored STAGE... < NUMBERS       one line of output for each (trial.hpp)
//   mica_mutants_explored --measure EXECUTIONS < LINES     NUMBER TEST: by each strategy, until it
//   fails
// A stage is SEARCH[@MEMORY]:EXECUTIONS[:TESTS], executions of each scenario; SEARCH is seeded,
// random, pct, bounded1, bounded2 or dpor, MEMORY a model, TESTS a Catch2 selection. TESTS that are
// "met" are those in which a stage before came to the place of the mutant.
#define CATCH_CONFIG_RUNNER
#include "explore/dpor.hpp"
#include "explore/explorer.hpp"
#include "explore/rig.hpp"
#include "trial.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <sstream>
#include <vector>

// Whether the place of the mutant was come to (mutated.hpp.in).
extern "C" int mica_mutant_met;

namespace mica::explore {
namespace {

using mutants::progress;

constexpr unsigned longest_seconds = 120;
constexpr unsigned measured_seconds = 20;

struct Stage {
  std::string search;
  MemoryModel memory = MemoryModel::sequential;
  std::uint64_t executions;
  std::string tests;
  std::string only;  // one scenario; empty: all
  bool met = false;  // of them, those that met the mutant
};
Stage stage;

// Whether a scenario met the mutant, shared with the children. Two may share a place: then one is
// tried in vain.
class Meetings {
 public:
  [[nodiscard]] bool& operator[](std::string_view id) noexcept {
    return page_[std::hash<std::string_view>{}(id) % places];
  }
  void clear() noexcept { std::fill_n(page_, places, false); }

 private:
  static constexpr std::size_t places = 65536;
  bool* page_ = static_cast<bool*>(
      ::mmap(nullptr, places, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
};
Meetings meetings;

// For what crashes.
struct Counter final : Watcher {
  void went(Tally const& tally, Strategy const&) override {
    progress().executions = tally.executions + 1;
  }
};

std::unique_ptr<Strategy> strategy_of(std::string const& search, bool time_jumps) {
  if (search == "bounded1") return bounded(1, time_jumps);
  if (search == "bounded2") return bounded(2, time_jumps);
  if (search == "dpor") return dpor(time_jumps);
  return seeded(time_jumps, {.method = method_of(search).value_or(Method::seeded)});
}

Stage parsed(std::string const& text) {
  std::istringstream in{text};
  Stage result;
  std::string executions;
  std::getline(in, result.search, ':');
  if (auto const at = result.search.find('@'); at != std::string::npos) {
    result.memory = memory_model_of(result.search.substr(at + 1)).value();
    result.search.resize(at);
  }
  std::getline(in, executions, ':');
  std::getline(in, result.tests);
  result.executions = std::stoull(executions);
  result.met = result.tests == "met";
  if (result.tests.empty() || result.met) result.tests = "[explore]~[matrix]";
  return result;
}

void run(Stage const& given) {
  stage = given;
  std::snprintf(progress().strategy, sizeof progress().strategy, "%s", given.search.c_str());
  char const* arguments[] = {"explored", given.tests.c_str(), "--abort"};
  if (Catch::Session{}.run(3, arguments) != 0) mutants::noticed("test");
}

// Each strategy's executions to the first failure of one scenario, 0: it did not fail.
void measure(int number, std::string const& test, std::uint64_t executions) {
  std::string line = std::to_string(number) + "\tmeasured";
  for (char const* search : {"random", "pct", "bounded2", "dpor"}) {
    bool const killed = mutants::tried(number, measured_seconds, [&] {
      run({.search = search, .executions = executions, .tests = "[explore]", .only = test});
    });
    line += std::string{"\t"} + search + "=" + std::to_string(killed ? progress().executions : 0);
  }
  std::puts(line.c_str());  // at once: a child would print what is left in the buffer, too
  std::fflush(stdout);
}

}  // namespace

void try_case(Case const& what, void (*body)(Window& window)) {
  SUCCEED();
  if (!stage.only.empty() && stage.only != what.id) return;
  if (stage.search == "dpor" && !what.loop_free) return;
  if (stage.met && mica_mutant != 0 && !meetings[what.id]) return;
  mica_mutant_met = 0;
  progress().at(what.id);
  progress().executions = 1;
  Scenario const scenario{
      .processors = what.processors,
      .time_jumps = what.time_jumps,
      .leaks = what.leaks,
      .shortage = what.shortage,
      .body = body,
      .memory = stage.memory == MemoryModel::sequential ? what.memory : stage.memory};
  Counter counter;
  Report const report = explore(scenario, *strategy_of(stage.search, what.time_jumps),
                                {.executions = stage.executions}, &counter);
  if (mica_mutant_met != 0) meetings[what.id] = true;
  if (!report.failed) return;
  progress().executions = report.executions;
  mutants::noticed(std::string{name_of(report.execution.verdict)}.c_str());
}

}  // namespace mica::explore

int main(int count, char** arguments) {
  using namespace mica::explore;
  if (count == 3 && std::string_view{arguments[1]} == "--measure") {
    std::string test;
    std::uint64_t const executions = std::stoull(arguments[2]);
    for (int number = 0; std::cin >> number >> test;) measure(number, test, executions);
    return 0;
  }
  std::vector<Stage> stages;
  for (int i = 1; i < count; ++i) stages.push_back(parsed(arguments[i]));
  for (int number = 0; std::cin >> number;) {
    meetings.clear();
    mica::mutants::print(number, std::any_of(stages.begin(), stages.end(), [&](Stage const& one) {
                           return mica::mutants::tried(number, longest_seconds, [&] { run(one); });
                         }));
  }
}
