// Two threads that take two locks in opposite orders, as a program outside explores them: without
// deadlock detection only a schedule on which they meet shows it, with it any schedule does.
#include <mica/explore.hpp>

#include <optional>

#include "catch.hpp"

namespace {

// How exploring with at most so many preemptions ended; nothing: all was well.
std::optional<mica::ExplorationFailed> crossing(bool detects, unsigned preemptions) {
  struct Mutexes {
    FAST_MUTEX first, second;
  };
  try {
    auto const result = mica::explore(
        {.name = "deadlock-crossing", .preemptions = preemptions}, [detects](auto& x) {
          if (detects) x.template make<mica::test::DeadlockDetection>();
          auto& mutexes = x.template make<Mutexes>();
          ExInitializeFastMutex(&mutexes.first);
          ExInitializeFastMutex(&mutexes.second);
          auto take = [](FAST_MUTEX& outer, FAST_MUTEX& inner) {
            ExAcquireFastMutex(&outer);
            ExAcquireFastMutex(&inner);
            ExReleaseFastMutex(&inner);
            ExReleaseFastMutex(&outer);
          };
          x.thread("forth", {.processor = 0}, [&, take] { take(mutexes.first, mutexes.second); });
          x.thread("back", {.processor = 1}, [&, take] { take(mutexes.second, mutexes.first); });
        });
    CHECK(result.exhausted);
    return std::nullopt;
  } catch (mica::ExplorationFailed const& failure) {
    return failure;
  }
}

}  // namespace

TEST_CASE("Deadlock detection: a circle is told on a schedule on which nothing hangs") {
  CHECK_FALSE(crossing(false, 0).has_value());
  auto const hangs = crossing(false, 1);
  REQUIRE(hangs.has_value());
  CHECK(hangs->verdict() == "deadlock");
  auto const told = crossing(true, 0);
  REQUIRE(told.has_value());
  std::string const text = told->what();
  INFO(text);
  CHECK(told->verdict() == "bugcheck");
  CHECK(text.find("bugcheck 0x000000C4 (0x1001, ") != text.npos);
  CHECK(text.find("mica: possible deadlock: locks are taken in a circle") != text.npos);
}
