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
    for (bool const pct : {false, true}) {
      auto const named = [&](std::uint64_t number) {
        return pct ? Schedule::pct(number, 3, 200) : Schedule::random(number);
      };
      Execution const first = execute(scenario, named(seed)),
                      again = execute(scenario, named(seed));
      CHECK(first.verdict == Verdict::passed);
      CHECK(first.same_as(again));
      CHECK(first.outcome.report() == again.outcome.report());
      differ += first.fingerprint != execute(scenario, named(seed + 100)).fingerprint;
    }
  }
  CHECK(differ >= 15);
}
