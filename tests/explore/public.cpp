// mica::explore() as other programs use it. Not instrumented: the kernel's own points are enough.
#include <mica/explore.hpp>

#include <atomic>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

// A set of a synchronization event wakes one waiter; the DPC sets it `sets` times.
void one_set_wakes_one(mica::Exploration& x, int sets, int most) {
  auto& event = x.make<KEVENT>();
  auto& woken = x.make<std::atomic<int>>(0);
  x.setup([&] { KeInitializeEvent(&event, SynchronizationEvent, FALSE); });
  x.name(event, "event");
  for (int processor : {0, 1})
    x.thread("waiter", {.processor = processor},
             [&] { woken += mica::wait(event, 20ms) == STATUS_SUCCESS; });
  x.dpc("setter", {.processor = 1}, [&event, sets] {
    for (int i = 0; i < sets; ++i) KeSetEvent(&event, 0, FALSE);
  });
  x.finally([&, most] {
    x.state(static_cast<std::uint64_t>(woken.load()));
    MICA_CHECK(woken <= most);
  });
}

bool says(std::string const& text, std::string_view part) {
  return text.find(part) != text.npos;
}

struct Counted {
  static inline int living = 0;
  int number;
  explicit Counted(int given) : number{given} { ++living; }
  Counted(Counted const& other) = delete;
  ~Counted() { --living; }
};

}  // namespace

TEST_CASE("Public: one set wakes one waiter") {
  auto const result = mica::explore({.name = "public-one", .preemptions = 1},
                                    [](auto& x) { one_set_wakes_one(x, 1, 1); });
  CHECK(result.exhausted);
  CHECK(result.executions > 50);
  CHECK(result.distinct > 50);
  CHECK(result.final_states.value_or(0) >= 1);
}

TEST_CASE("Public: a failure is an exception with all that a person needs") {
  try {
    mica::explore({}, [](auto& x) { one_set_wakes_one(x, 2, 1); });
    FAIL("two sets woke one waiter at most");
  } catch (mica::ExplorationFailed const& failure) {
    std::string const text = failure.what();
    INFO(text);
    CHECK(failure.verdict() == "assertion");
    CHECK(failure.replay().starts_with("MICA_REPLAY=public-"));
    CHECK(says(text, "woken <= most"));
    CHECK(says(text, failure.replay()));
    CHECK(failure.report().empty());
  }
}

TEST_CASE("Public: what is made lives as long as its execution") {
  int bodies = 0, finals = 0;
  auto const result = mica::explore(
      {.name = "public-made", .strategy = mica::ExploreBy::random, .executions = 5}, [&](auto& x) {
        auto& made = x.template make<Counted>(7);
        ++bodies;
        x.thread("thread", {}, [&made] { MICA_CHECK(made.number == 7); });
        x.finally([&] { finals += Counted::living == 1; });
      });
  CHECK(result.executions == 5);
  CHECK(bodies == 5 + 3);  // the first, the second and the fourth are made once more
  CHECK(finals == bodies);
  CHECK(Counted::living == 0);
}

TEST_CASE("Public: a body that runs its threads itself may share its own variables") {
  auto const result =
      mica::explore({.name = "public-run", .strategy = mica::ExploreBy::pct, .executions = 20},
                    [](mica::Exploration& x) {
                      int sum = 0;
                      std::uint32_t drawn = 9;
                      x.thread("adder", {.processor = 1}, [&] {
                        ++sum;
                        drawn = x.random(3);
                      });
                      x.run();
                      MICA_CHECK(sum == 1 && drawn < 3);
                      x.finally([&] { ++sum; });
                      MICA_CHECK(sum == 2);
                    });
  CHECK(result.executions == 20);
}

TEST_CASE("Public: what cannot be described is said so") {
  auto const text_of = [](std::function<void(mica::Exploration&)> const& body) -> std::string {
    try {
      mica::explore({.name = "public-wrong", .executions = 1}, body);
    } catch (mica::ExplorationFailed const& failure) {
      return failure.what();
    }
    return {};
  };
  auto const many = text_of([](auto& x) {
    for (int i = 0; i < 9; ++i) x.dpc("dpc", {}, [] {});
  });
  CHECK(says(many, "an exploration has at most 8 DPCs"));
  auto const late = text_of([](auto& x) {
    x.thread("first", {}, [] {});
    x.run();
    x.thread("second", {}, [] {});
  });
  CHECK(says(late, "threads are added before it runs"));
}
