// Executions that go on from an opened window are those that a System of its own would have made.
#include "explore/stage.hpp"

#include <mica/test.hpp>
#include <nt/ntddk.h>

#include <atomic>
#include <memory>

#include "rig.hpp"

using namespace mica::explore;

namespace {

// What an execution may change: a static variable, pool blocks and pages, a thread that ends, one
// that begins, a timer, the log.
constexpr std::size_t page = 4096;
std::atomic<unsigned> total;

void change_much(Window& window) {
  total = 1000;
  void* const early = ExAllocatePool2(POOL_FLAG_NON_PAGED, 3 * page, 'egtS');
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto child = [&] { total += 7; };
  auto first = [&] {
    ExFreePool(early);
    void* const late = ExAllocatePool2(POOL_FLAG_NON_PAGED, 5 * page, 'egtS');
    mica::test::join(mica::test::start(child, {.processor = 0}));
    static_cast<char*>(late)[4 * page] = 1;
    ExFreePool(late);
    KeSetEvent(&event, 1, FALSE);
    total += 1;
  };
  auto second = [&] {
    static_cast<void>(wait(&event, 1));
    total = total * 3;
    DbgPrint("%u\n", total.load());
  };
  {
    Team team{window};
    team.add(first, {.processor = 0});
    team.add(second, {.processor = 1});
    team.run();
  }
  window.state(total);
}

// The heap of the host is not brought back: what stands there would go on from one execution to the
// next.
void change_heap(Window& window) {
  auto const count = std::make_unique<std::atomic<unsigned>>(0u);
  auto member = [&] { *count += 1; };
  {
    Team team{window};
    team.add(member, {.processor = 0});
    team.add(member, {.processor = 1});
    team.run();
  }
  MICA_CHECK(*count == 2);
  window.state(*count);
}

void compare(Scenario const& scenario, unsigned executions) {
  Stage stage{scenario};
  auto const strategy = seeded(scenario.time_jumps);
  for (unsigned i = 0; i < executions; ++i) {
    REQUIRE(strategy->next_execution());
    Execution const here = stage.execute(*strategy);
    Execution const alone = execute(scenario, strategy->schedule());
    INFO(strategy->schedule().text() << "\n" << here.text());
    REQUIRE(here.same_as(alone));
    REQUIRE(here.state == alone.state);
  }
}

}  // namespace

TEST_CASE("Explore: an execution that goes on from the window is one of a fresh System") {
  compare({.processors = 2, .time_jumps = true, .body = change_much}, 300);
}

TEST_CASE("Explore: what was written to the host's heap is not carried over") {
  compare({.processors = 2, .body = change_heap}, 50);
}
