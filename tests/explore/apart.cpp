// The explored objects are explored: their atomic operations are points, and the plain code beside
// them is not.
#include "explore/points.hpp"
#include "rig.hpp"

using namespace mica::explore;

TEST_CASE("Explore: an NT routine of the explored objects takes points, the test's own code none") {
  std::uint64_t of_event = 0, of_test = 0;
  mica::System system{{.processors = 2}};
  system.run([&] {
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    std::uint64_t const before = points();
    KeSetEvent(&event, 0, FALSE);
    of_event = points() - before;
    std::atomic<int> own{0};
    ++own;
    of_test = points() - before - of_event;
  });
  CHECK(of_event >= 3);
  CHECK(of_test == 0);
}

TEST_CASE("Explore: the same schedule gives the same execution, another seed another") {
  Scenario const scenario{.processors = 2, .body = [](Window& window) {
                            KEVENT event;
                            KeInitializeEvent(&event, SynchronizationEvent, FALSE);
                            auto taker = [&] { wait(&event); };
                            auto setter = [&] { KeSetEvent(&event, 0, FALSE); };
                            Team team{window};
                            team.add(taker, {.processor = 0});
                            team.add(setter, {.processor = 1});
                            team.run();
                          }};
  int differ = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (Schedule const schedule : {Schedule{seed, 0, 0}, Schedule{seed, 3, 200}}) {
      Execution const first = execute(scenario, schedule), second = execute(scenario, schedule);
      CHECK(first.outcome.completed());
      CHECK(first.schedule == second.schedule);
      CHECK(first.decisions == second.decisions);
      CHECK(first.outcome.report() == second.outcome.report());
      differ += first.schedule !=
                execute(scenario, {seed + 100, schedule.depth, schedule.length}).schedule;
    }
  }
  CHECK(differ >= 15);
}
