// Verdicts: what waits for ever is said to, with who waits for what.
#include <nt/ex.h>

#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

void check_deadlock(Report const& report, std::initializer_list<char const*> parts) {
  std::string const text = report.execution.text();
  INFO(text);
  REQUIRE(report.failed.has_value());
  CHECK(report.execution.verdict == Verdict::deadlock);
  for (char const* const part : parts) CHECK(text.find(part) != text.npos);
}

// Each takes a lock and wants the other's.
void embrace(Window& window) {
  KSPIN_LOCK locks[2];
  for (KSPIN_LOCK& lock : locks) KeInitializeSpinLock(&lock);
  window.name(&locks[0], "first lock");
  window.name(&locks[1], "second lock");
  auto program = [&](unsigned number) {
    KeAcquireSpinLockAtDpcLevel(&locks[number]);
    KeAcquireSpinLockAtDpcLevel(&locks[1 - number]);
    KeReleaseSpinLockFromDpcLevel(&locks[1 - number]);
    KeReleaseSpinLockFromDpcLevel(&locks[number]);
  };
  run_together(window, {.count = 2, .level = HIGH_LEVEL}, program);
}

// Looks whether it is told already, forgets what came before, and waits.
void miss(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  window.name(&event, "told");
  std::atomic<bool> ready{false};
  auto waiter = [&] {
    if (ready) return;
    KeClearEvent(&event);
    wait(&event);
  };
  auto setter = [&] {
    ready = true;
    KeSetEvent(&event, 0, FALSE);
  };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(setter, {.processor = 1});
  window.name(team.thread(0), "waiter");
  team.run();
}

// Who uses a block last frees it; but two may each find that the other still uses it.
void forget(Window& window) {
  void* const block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 48, 'tgrF');
  std::atomic<int> users{2};
  auto user = [&] {
    if (users == 1)
      ExFreePool(block);
    else
      --users;
  };
  Team team{window};
  meet(team, user, user);
}

}  // namespace

TEST_CASE("Explore: processors that spin on each other's locks are a deadlock, with the locks") {
  check_deadlock(
      explore({.processors = 2, .body = embrace}, *bounded(1, false), {}),
      {"processor 0 spins until", "'second lock'", "processor 1 spins until", "'first lock'"});
}

TEST_CASE("Explore: a wake that is lost is a deadlock, with who waits for it") {
  check_deadlock(explore({.processors = 2, .body = miss}, *bounded(1, false), {}),
                 {"'waiter' waits", "for the synchronization event 'told' at"});
  CHECK_FALSE(explore({.processors = 2, .body = miss}, *bounded(0, false), {}).failed.has_value());
}

TEST_CASE("Explore: a block that is not freed in the end is a leak, if that is asked for") {
  Scenario scenario{.processors = 2, .leaks = true, .body = forget};
  CHECK_FALSE(explore(scenario, *bounded(0, false), {}).failed.has_value());
  Report const report = explore(scenario, *bounded(1, false), {});
  std::string const text = report.execution.text();
  INFO(text);
  REQUIRE(report.failed.has_value());
  CHECK(report.execution.verdict == Verdict::leak);
  CHECK(text.find("blocks of tag 'Frgt' that are left: 1, 48 bytes") != text.npos);
  scenario.leaks = false;
  CHECK(explore(scenario, *bounded(1, false), {}).exhausted);
}
