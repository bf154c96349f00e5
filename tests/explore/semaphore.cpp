// W1: each unit of a semaphore wakes at most one waiter, and none is lost.
#include "rig.hpp"

using namespace mica::explore;

MICA_EXPLORE("W1-semaphore", "W1: every unit that was released is taken once or is left",
             .processors = 3) {
  KSEMAPHORE semaphore;
  KeInitializeSemaphore(&semaphore, 0, 8);
  std::atomic<int> taken{0};
  auto taker = [&] {
    for (int i = 0; i < 2; ++i) taken += wait(&semaphore) == STATUS_SUCCESS;
  };
  auto poller = [&] { taken += wait(&semaphore, 0) == STATUS_SUCCESS; };
  auto releaser = [&] {
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
  };
  Team team{window};
  team.add(taker, {.processor = 0, .finisher = false});
  team.add(taker, {.processor = 1, .finisher = false});
  team.add(poller, {.processor = 1});
  team.add(releaser, {.processor = 2});
  team.run();
  int const left = KeReadStateSemaphore(&semaphore);
  MICA_CHECK(taken + left == 3);
  MICA_CHECK(left == 0);
  KeReleaseSemaphore(&semaphore, 0, 5, FALSE);
}
