// Strategies: what they try, in which order, and that a name makes the same execution again.
#include <set>

#include "rig.hpp"

using namespace mica::explore;

namespace {

// A machine of a few questions, answered by a strategy: the trace is what it was told.
std::string trace_of(Strategy& strategy) {
  std::string trace;
  auto const ask = [&](mica::Choice kind, mica::Candidates const& candidates) {
    std::uint32_t const chosen = strategy.choose(kind, candidates);
    trace += static_cast<char>('0' + chosen);
    return chosen;
  };
  ask(mica::Choice::processor, {2, 0b11, 0});
  ask(mica::Choice::interrupt, {2, 0, 0});
  if (ask(mica::Choice::processor, {2, 0b110, 0}) == 1) ask(mica::Choice::processor, {3, 0b111, 1});
  trace += static_cast<char>('0' + strategy.random(2));
  return trace;
}

std::set<std::string> all(unsigned bound) {
  std::set<std::string> traces;
  auto const strategy = bounded(bound, false);
  while (strategy->next_execution()) {
    std::string const trace = trace_of(*strategy);
    traces.insert(trace);
    auto const again = replay(strategy->schedule(), false);
    REQUIRE(again->next_execution());
    CHECK(trace_of(*again) == trace);
    CHECK_FALSE(again->next_execution());
  }
  return traces;
}

}  // namespace

TEST_CASE("Strategy: a bound leaves what costs no more, and tries all of it") {
  // Plain: processor 0 goes on, the interrupt lands, processor 1 is the first that can, goes on.
  CHECK(all(0) == std::set<std::string>{"0100", "0101", "01110", "01111"});
  auto const one = all(1);
  for (char const* trace : {"1100", "0000", "01100", "01120", "11110", "00111"})
    CHECK(one.count(trace) == 1);
  CHECK(one.count("1000") == 0);
  CHECK(one.count("11120") == 0);
  CHECK(one.size() == 4 + 2 * 4 + 4);
  CHECK(all(3).size() == 2 * 2 * (1 + 3) * 2);
  CHECK(all(9) == all(3));
}

namespace {

// Each looks for the other after it was there itself. Both see the other only when one is
// interrupted between the two.
void store_buffer(Window& window) {
  std::atomic<int> x{0}, y{0};
  int seen_x = 0, seen_y = 0;
  auto first = [&] {
    x = 1;
    seen_y = y;
  };
  auto second = [&] {
    y = 1;
    seen_x = x;
  };
  Team team{window};
  meet(team, first, second);
  MICA_CHECK(seen_x != 1 || seen_y != 1);
}

// Two locks, taken in two orders.
void crossed(Window& window) {
  KMUTEX a, b;
  KeInitializeMutex(&a, 0);
  KeInitializeMutex(&b, 0);
  window.name(&a, "a");
  window.name(&b, "b");
  auto first = [&] {
    wait(&a);
    wait(&b);
    KeReleaseMutex(&b, FALSE);
    KeReleaseMutex(&a, FALSE);
  };
  auto second = [&] {
    wait(&b);
    wait(&a);
    KeReleaseMutex(&a, FALSE);
    KeReleaseMutex(&b, FALSE);
  };
  Team team{window};
  meet(team, first, second);
}

int runs;

}  // namespace

TEST_CASE("Strategy: one preemption finds what needs one, and exhausts what is left") {
  Scenario const scenario{.processors = 2, .body = store_buffer};
  CHECK_FALSE(explore(scenario, *bounded(0, false), {}).failed.has_value());
  Report const report = explore(scenario, *bounded(1, false), {});
  REQUIRE(report.failed.has_value());
  CHECK(report.execution.verdict == Verdict::assertion);
  CHECK(report.failed->deviations.size() <= 2);
  CHECK(execute(scenario, *report.failed).same_as(report.execution));
}

TEST_CASE("Strategy: a scenario's own numbers are all tried, with no deviation") {
  static std::set<std::uint32_t> drawn;
  drawn.clear();
  Scenario const scenario{.processors = 1, .body = [](Window& window) {
                            std::uint32_t number = 0;
                            auto drawer = [&] {
                              number = 10 * window.random(3) + window.random(2);
                            };
                            Team team{window};
                            team.add(drawer);
                            team.run();
                            drawn.insert(number);
                          }};
  Report const report = explore(scenario, *bounded(0, false), {.executions = 100});
  CHECK_FALSE(report.failed.has_value());
  CHECK(report.exhausted);
  CHECK(drawn == std::set<std::uint32_t>{0, 1, 10, 11, 20, 21});
  CHECK(report.distinct == drawn.size());
}

TEST_CASE("Explore: a deadlock says who waits for what, by name") {
  Report const report = explore({.processors = 2, .body = crossed}, 500);
  REQUIRE(report.failed.has_value());
  CHECK(report.execution.verdict == Verdict::deadlock);
  std::string const text = report.execution.text();
  INFO(text);
  CHECK(text.find("for the mutant 'a' at") != text.npos);
  CHECK(text.find("for the mutant 'b' at") != text.npos);
  CHECK(text.find(", which thread") != text.npos);
}

TEST_CASE("Explore: a test that is another one each time is found out") {
  runs = 0;
  Report const report = explore({.processors = 2,
                                 .body =
                                     [](Window& window) {
                                       KEVENT event;
                                       KeInitializeEvent(&event, NotificationEvent, FALSE);
                                       auto setter = [&] {
                                         for (int i = 0; i < runs; ++i)
                                           KeSetEvent(&event, 0, FALSE);
                                       };
                                       ++runs;
                                       Team team{window};
                                       team.add(setter, {.processor = 1});
                                       team.run();
                                     }},
                                10);
  REQUIRE(report.failed.has_value());
  CHECK(report.execution.verdict == Verdict::nondeterminism);
  CHECK(report.executions == 1);
}
