// Source-DPOR: reaches what plain depth-first search reaches, and makes no more executions than it
// must.
#include "explore/dpor.hpp"
#include "explore/stage.hpp"

#include <fmt/format.h>

#include "crew.hpp"
#include "programs.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

using Kind = Statement::Kind;

// What runs, and what it has come to: outlives a System that ends in its midst.
Program program;
State reached;
std::atomic<std::uint32_t> cells[Program::cells + 1];

std::uint32_t perform(Statement const& operation) noexcept {
  auto& cell = cells[operation.cell];
  std::uint32_t value = operation.expected;
  switch (operation.kind) {
    case Kind::load:
      return cell.load();
    case Kind::store:
      cell.store(operation.value);
      return 0;
    case Kind::exchange:
      return cell.exchange(operation.value);
    case Kind::add:
      return cell.fetch_add(operation.value);
    case Kind::compare_exchange:
      cell.compare_exchange_strong(value, operation.value);
      return value;
    case Kind::await:
      do mica::Machine::await(cell, operation.value);
      while ((value = cell.load()) == operation.value);
      return value;
    case Kind::lock:
      do mica::Machine::await(cell, 1u);
      while (cell.exchange(1) != 0);
      return 0;
    case Kind::unlock:
      cell.store(0);
      return 0;
  }
  return 0;
}

void scenario_body(Window& window) {
  auto run = [](unsigned number) {
    for (Statement const& operation : program.processors[number])
      reached.read[number].push_back(perform(operation));
  };
  auto const count = static_cast<unsigned>(program.processors.size());
  run_together(window, {.count = count, .level = HIGH_LEVEL}, run);
}

struct Reached {
  std::set<std::string> states;
  std::uint64_t executions = 0;
};

// Every state that the strategy reaches, and that each execution has a name.
Reached reach(Strategy& strategy) {
  Scenario const scenario{.processors = static_cast<unsigned>(program.processors.size()),
                          .races = false,
                          .body = scenario_body};
  auto const state = [] {
    for (unsigned i = 0; i < reached.cells.size(); ++i) reached.cells[i] = cells[i];
    return reached.text();
  };
  auto const clear = [] {
    for (auto& cell : cells) cell = 0;
    for (auto& values : reached.read) values.clear();  // where it is, so that they stay apart
  };
  for (auto& values : reached.read) values.reserve(8);
  Stage stage{scenario};
  Reached all;
  while (strategy.next_execution()) {
    clear();
    Execution const execution = stage.execute(strategy);
    std::string const text = state();
    all.states.insert(text);
    if (++all.executions % 16 != 1) continue;
    clear();
    Execution const again = execute(scenario, strategy.schedule());
    INFO(strategy.schedule().text());
    CHECK(again.same_as(execution));
    CHECK(state() == text);
  }
  return all;
}

Reached reach(Program const& wanted, DporFlaw flaw = DporFlaw::none) {
  program = wanted;
  return reach(*dpor(false, flaw));
}

constexpr std::uint64_t programs = 250;

// How many programs have final states that a broken DPOR does not reach.
unsigned missed(DporFlaw flaw) {
  unsigned count = 0;
  std::uint64_t executions = 0;
  for (std::uint64_t seed = 1; seed <= programs; ++seed) {
    Program const wanted = generate(seed);
    Reached const all = reach(wanted, flaw);
    executions += all.executions;
    count += all.states != final_states(wanted);
  }
  fmt::print("dpor     flaw {}               executions {:>6} misses states of {}\n",
             static_cast<int>(flaw), executions, count);
  return count;
}

constexpr Statement load(unsigned cell) noexcept {
  return {Kind::load, cell};
}
constexpr Statement store(unsigned cell, std::uint32_t value) noexcept {
  return {Kind::store, cell, value};
}

}  // namespace

TEST_CASE("Dpor: generated programs come to every final state, and to no other") {
  std::uint64_t executions = 0;
  for (std::uint64_t seed = 1; seed <= programs; ++seed) {
    INFO("seed " << seed);
    Program const wanted = generate(seed);
    Reached const all = reach(wanted);
    executions += all.executions;
    CHECK(all.states == final_states(wanted));
  }
  fmt::print("dpor     {} programs            executions {:>6}\n", programs, executions);
}

TEST_CASE("Dpor: depth-first search of the real operations agrees with it") {
  std::uint64_t executions = 0, reduced = 0, compared = 0;
  for (std::uint64_t seed = 1; compared < 100; ++seed) {
    INFO("seed " << seed);
    Program const wanted = generate(seed);
    std::size_t length = 0;
    for (auto const& operations : wanted.processors) length += operations.size();
    if (length > 6 || wanted.processors.size() > 2) continue;  // three have 100 000 orders and more
    ++compared;
    Reached const less = reach(wanted);
    Reached const all = reach(*depth_first(false));
    CHECK(less.states == all.states);
    CHECK(less.executions <= all.executions);
    executions += all.executions;
    reduced += less.executions;
  }
  fmt::print("dpor     {} programs            executions {:>6} depth first {:>6}\n", compared,
             reduced, executions);
}

TEST_CASE("Dpor: who is never woken, and who does not see reads, misses final states") {
  CHECK(missed(DporFlaw::deep_sleep) > 0);
  CHECK(missed(DporFlaw::blind_reads) > 0);
}

TEST_CASE("Dpor: three processors on a lock are six executions") {
  std::vector<Statement> const section{
      {Kind::lock, Program::lock}, {Kind::add, 0, 1}, {Kind::unlock, Program::lock}};
  Reached const all = reach({{section, section, section}});
  CHECK(all.executions == 6);
  CHECK(all.states.size() == 6);
}

TEST_CASE("Dpor: an update that is lost is found, and its name does it again") {
  Scenario const scenario{.processors = 2, .body = [](Window& window) {
                            std::atomic<int> count{0};
                            auto add = [&](unsigned) { count.store(count.load() + 1); };
                            run_together(window, {2}, add);
                            MICA_CHECK(count == 2);
                          }};
  Report const report = explore(scenario, *dpor(false), {});
  REQUIRE(report.failed.has_value());
  CHECK(report.executions <= 3);
  CHECK(report.execution.verdict == Verdict::assertion);
  auto const name = Schedule::parse(report.failed->text());
  REQUIRE(name.has_value());
  CHECK(execute(scenario, *name).same_as(report.execution));
}

TEST_CASE("Dpor: litmus tests show what sequential consistency allows and nothing else") {
  struct Litmus {
    char const* name;
    Program program;
    std::size_t outcomes;
  };
  unsigned const x = 0, y = 1;
  Litmus const litmus[] = {
      {"SB", {{{store(x, 1), load(y)}, {store(y, 1), load(x)}}}, 3},
      {"MP", {{{store(x, 1), store(y, 1)}, {load(y), load(x)}}}, 3},
      {"LB", {{{load(x), store(y, 1)}, {load(y), store(x, 1)}}}, 3},
      {"CoRR", {{{store(x, 1)}, {load(x), load(x)}}}, 3},
      {"2+2W", {{{store(x, 1), store(y, 2)}, {store(y, 1), store(x, 2)}}}, 3},
      {"IRIW", {{{store(x, 1)}, {store(y, 1)}, {load(x), load(y)}, {load(y), load(x)}}}, 15},
  };
  for (Litmus const& one : litmus) {
    INFO(one.name);
    Reached const all = reach(one.program);
    CHECK(all.states.size() == one.outcomes);
    CHECK(all.states == final_states(one.program));
    fmt::print("litmus   {:<20} executions {:>6} outcomes {:>2}\n", one.name, all.executions,
               all.states.size());
  }
}
