// Explorations in parts: shards add up to the whole, a checkpoint goes on where it was left.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "crew.hpp"
#include "explore/checkpoint.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

// Two processors that count, small enough for every schedule.
void small(Window& window) {
  static std::atomic<int> count;
  count = 0;
  auto add = [&](unsigned number) {
    for (int i = 0; i < 2; ++i) count.store(count.load() + 1);
    if (number == 0) window.state(static_cast<std::uint64_t>(count.load()));
  };
  run_together(window, {2}, add);
}

// One event, set and waited for on two processors.
void larger(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] { wait(&event); };
  auto setter = [&] { KeSetEvent(&event, 0, FALSE); };
  Team team{window};
  meet(team, waiter, setter);
}

using Make = std::function<std::unique_ptr<Strategy>(Shard const& shard)>;

void check_shards(Scenario const& scenario, Make const& make) {
  Report const whole = explore(scenario, *make({}), {});
  REQUIRE(whole.exhausted);
  for (std::uint64_t const count : {2, 3, 5}) {
    INFO(count << " shards");
    Tally sum;
    for (std::uint64_t number = 1; number <= count; ++number) {
      Report const part = explore(scenario, *make({number, count}), {});
      CHECK(part.exhausted);
      sum.executions += part.executions;
      sum.fingerprints.insert(part.fingerprints.begin(), part.fingerprints.end());
      sum.states.insert(part.states.begin(), part.states.end());
    }
    CHECK(sum.executions == whole.executions);
    CHECK(sum.fingerprints == whole.fingerprints);
    CHECK(sum.states == whole.states);
  }
}

// The executions' fingerprints and names, in order.
struct Course : Watcher {
  std::vector<std::string> names;
  void went(Tally const&, Strategy const& strategy) override {
    names.push_back(strategy.schedule().text());
  }
};

void check_resumption(Scenario const& scenario, Make const& make, std::uint64_t count) {
  Course whole;
  auto const strategy = make({});
  Report const report = explore(scenario, *strategy, {.executions = count}, &whole);
  for (std::uint64_t const stop : {std::uint64_t{1}, count / 3, count - 1}) {
    INFO("left after " << stop);
    Course parts;
    auto const first = make({});
    Report const begun = explore(scenario, *first, {.executions = stop}, &parts);
    std::istringstream saved{first->save()};
    auto const second = make({});
    REQUIRE(second->load(saved));
    Report const ended = explore(scenario, *second, {.executions = count}, &parts, begun);
    CHECK(parts.names == whole.names);
    CHECK(ended.fingerprints == report.fingerprints);
    CHECK(ended.executions == report.executions);
    CHECK(ended.points == report.points);
  }
}

Make const by_bound_1 = [](Shard const& shard) { return bounded(1, false, shard); };
Make const by_bound_2 = [](Shard const& shard) { return bounded(2, false, shard); };
Make const by_depth = [](Shard const& shard) { return depth_first(false, shard); };

}  // namespace

TEST_CASE("Search: shards are disjoint and add up to the whole") {
  check_shards({.processors = 2, .body = small}, by_depth);
  check_shards({.processors = 2, .body = small}, by_bound_2);
  check_shards({.processors = 2, .body = larger}, by_bound_1);
}

TEST_CASE("Search: shards of seeds are disjoint") {
  Course whole, parts;
  Scenario const scenario{.processors = 2, .body = small};
  Seeds seeds{.method = Method::random, .first = 7};
  static_cast<void>(explore(scenario, *seeded(false, seeds), {.executions = 12}, &whole));
  for (std::uint64_t number = 1; number <= 3; ++number) {
    seeds.shard = {number, 3};
    static_cast<void>(explore(scenario, *seeded(false, seeds), {.executions = 4}, &parts));
  }
  std::sort(whole.names.begin(), whole.names.end());
  std::sort(parts.names.begin(), parts.names.end());
  CHECK(whole.names == parts.names);
}

TEST_CASE("Search: what goes on from a checkpoint makes the executions that were left") {
  Scenario const scenario{.processors = 2, .body = small};
  check_resumption(scenario, by_depth, 60);
  check_resumption(scenario, by_bound_2, 40);
  check_resumption(
      scenario, [](Shard const&) { return seeded(false); }, 40);
  check_resumption(
      {.processors = 2, .body = larger}, [](Shard const&) { return portfolio({.bound = 1}); }, 200);
}

TEST_CASE("Search: a checkpoint is kept whole, and of another exploration it is refused") {
  std::string const path = "search-checkpoint";
  std::remove(path.c_str());
  Scenario const scenario{.processors = 2, .body = small};
  auto const strategy = by_depth({});
  Checkpoint const mine{path, "small depth-first"};
  CHECK_FALSE(mine.load(*strategy).has_value());
  Report const report = explore(scenario, *strategy, {.executions = 10});
  mine.save(report, *strategy);
  auto const again = by_depth({});
  auto const tally = mine.load(*again);
  REQUIRE(tally.has_value());
  CHECK(tally->executions == 10);
  CHECK(tally->fingerprints == report.fingerprints);
  CHECK(tally->states == report.states);
  CHECK(again->save() == strategy->save());
  CHECK_THROWS_WITH((Checkpoint{path, "small seeded"}.load(*again)),
                    Catch::Contains("is of another exploration"));
  std::ofstream{path, std::ios::app} << "more";
  CHECK(mine.load(*again).has_value());
  std::ofstream{path} << "mica-checkpoint 1\n";
  CHECK_THROWS(static_cast<void>(mine.load(*again)));
  std::remove(path.c_str());
}

TEST_CASE("Search: the estimate of what is left is none at the end") {
  auto const strategy = by_depth({});
  Report const report = explore({.processors = 2, .body = small}, *strategy, {});
  CHECK(report.exhausted);
  CHECK(report.final_states().value_or(0) > 1);
  CHECK(strategy->reach().left.value_or(-1) == 0);
  auto const begun = by_depth({});
  static_cast<void>(explore({.processors = 2, .body = small}, *begun, {.executions = 1}));
  CHECK(begun->reach().left.value_or(0) > 10);
}
