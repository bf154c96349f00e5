// The smallest failure: planted bugs whose smallest schedule is known.
#include "explore/minimise.hpp"

#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr std::uint64_t budget = 8000;

// Fails only when the first thread is preempted between its stores and the second between its
// loads: two preemptions, and no less.
void two_deep(Window& window) {
  std::atomic<int> stage{0};
  int before = 0, after = 0;
  auto first = [&] {
    stage = 1;
    stage = 2;
  };
  auto second = [&] {
    before = stage;
    after = stage;
  };
  Team team{window};
  meet(team, first, second);
  MICA_CHECK(before != 1 || after != 2);
}

// Fails in every execution.
void always(Window& window) {
  auto nothing = [] {};
  Team team{window};
  team.add(nothing, {.processor = 1});
  team.run();
  MICA_CHECK(window.processor() == nullptr);
}

void check_minimum(Scenario const& scenario, Schedule const& failed, unsigned deviations) {
  Minimum const minimum = minimise(scenario, failed, Verdict::assertion, budget);
  INFO(failed.text() << " became " << minimum.schedule.text() << " after " << minimum.executions);
  CHECK(minimum.schedule.kind == Schedule::Kind::steps);
  CHECK(minimum.deviations == deviations);
  CHECK(minimum.execution.verdict == Verdict::assertion);
  CHECK(minimum.executions <= budget);
  CHECK(execute(scenario, minimum.schedule).same_as(minimum.execution));
}

}  // namespace

TEST_CASE("Minimise: whatever schedule found it, the planted bug needs two deviations") {
  Scenario const scenario{.processors = 2, .body = two_deep};
  CHECK_FALSE(explore(scenario, *bounded(1, false), {}).failed.has_value());
  std::uint64_t seed = 0;
  for (unsigned found = 0; found < 3 && seed < 6000; ++seed) {
    Schedule const schedule = seed % 2 == 0 ? Schedule::random(seed) : Schedule::pct(seed, 4, 330);
    if (execute(scenario, schedule).verdict != Verdict::assertion) continue;
    ++found;
    check_minimum(scenario, schedule, 2);
  }
  CHECK(seed < 6000);
}

TEST_CASE("Minimise: what always fails needs no deviation, and that is proven") {
  Scenario const scenario{.processors = 2, .body = always};
  check_minimum(scenario, Schedule::random(2), 0);
  CHECK(minimise(scenario, Schedule::random(2), Verdict::assertion, budget).proven);
}
