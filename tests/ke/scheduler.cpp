// The scheduler's books, in every place where a thread can stand; where a thread waits that nobody
// can take.
#include <mica/system.hpp>

#include "books.hpp"
#include "catch.hpp"
#include "conformance/busy.hpp"

using namespace mica::test;
using mica::ke::audit;

namespace {

template <class Body>
void run_on(unsigned processors, Body body) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    mica::System system{{.processors = processors, .seed = seed}};
    mica::Outcome const outcome = system.try_run(body);
    INFO(outcome.report());
    CHECK(outcome.completed());
  }
}

struct Rank {
  Racer* racer;
  KPRIORITY priority;
};

}  // namespace

TEST_CASE("ke: the scheduler's books are right wherever a thread's priority is changed") {
  run_on(3, [] {
    Pinned const self{12};
    std::atomic<int> order{0};
    Racer first{order, {.processor = 1}}, second{order, {.processor = 1}};
    Racer third{order, {.processor = 1, .priority = 10}}, asleep{order, {.processor = 1}};
    {
      Busy const held{1, 4, DISPATCH_LEVEL}, other{2, 9, DISPATCH_LEVEL};
      audit();
      KeSetPriorityThread(asleep.object(), 15);
      audit();
      for (Racer* const racer : {&first, &second, &third}) {
        racer->ready();
        audit();
      }
      // The third is to run next, the others wait.
      for (Rank const& step : {Rank{&third, 20}, Rank{&third, 3}, Rank{&second, 9},
                               Rank{&second, 8}, Rank{&first, 8}, Rank{&third, 11}}) {
        KeSetPriorityThread(step.racer->object(), step.priority);
        audit();
      }
      for (KPRIORITY priority : {5, 2}) {
        KeSetPriorityThread(held.object(), priority);
        audit();
        KeSetPriorityThread(other.object(), 8 + priority);
        audit();
      }
      asleep.ready();
      audit();
    }
    until([&] { return order == 4; });
    audit();
    MICA_CHECK(asleep.place() == 1);
    MICA_CHECK(third.place() == 2);
    MICA_CHECK(second.place() == 3);
    MICA_CHECK(first.place() == 4);
  });
}

TEST_CASE("ke: the books of a processor that took another's thread are right") {
  run_on(2, [] {
    Pinned const self{12};
    std::atomic<bool> ran{false};
    KEVENT go;
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    auto body = [&] {
      wait(&go);
      MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
      audit();
      ran = true;
    };
    auto* const thread = start(body);
    KeSetIdealProcessorThread(object_of(thread), 1);
    until_waiting(thread);
    {
      Busy const busy{1, 9};
      KeSetEvent(&go, 0, FALSE);
      audit();
      MICA_CHECK(object_of(thread)->processor == 1);
      wait(object_of(thread));
    }
    MICA_CHECK(ran);
    join(thread);
    audit();
  });
}

TEST_CASE("ke: a thread that is told to another processor than its last one stands there") {
  run_on(2, [] {
    Pinned const self{12};
    std::atomic<int> order{0};
    Racer told{order, {}, 0};
    Busy const held{1, 4, DISPATCH_LEVEL};
    MICA_CHECK(told.object()->processor == 0);
    told.ready();
    audit();
    KeSetPriorityThread(told.object(), 9);
    audit();
  });
}

TEST_CASE("ke: a thread that no processor can take waits at its ideal one, its last, or any") {
  run_on(3, [] {
    Pinned const self{12};
    std::atomic<int> order{0};
    Racer anywhere{order, {}}, pinned{order, {.processor = 1}};
    KeSetIdealProcessorThread(anywhere.object(), 2);
    KeSetIdealProcessorThread(pinned.object(), 0);
    KEVENT go;
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    auto body = [&] {
      KeSetIdealProcessorThread(KeGetCurrentThread(), 0);
      KeSetSystemAffinityThread(4);
      KeSetSystemAffinityThread(6);
      wait(&go);
    };
    auto* const either = start(body);
    until_waiting(either);
    {
      Busy const one{1, 9}, two{2, 9};
      anywhere.ready();
      MICA_CHECK(anywhere.object()->processor == 2);
      pinned.ready();
      MICA_CHECK(pinned.object()->processor == 1);
      KeSetEvent(&go, 0, FALSE);
      MICA_CHECK(object_of(either)->processor == 2);
      audit();
    }
    join(either);
  });
}

TEST_CASE("ke: a thread is not given to a processor whose own was raised meanwhile") {
  run_on(3, [] {
    Pinned const self{12};
    std::atomic<int> order{0};
    Racer ready{order, {}};
    Busy const held{1, 4, DISPATCH_LEVEL}, low{2, 6};
    KeSetPriorityThread(held.object(), 20);
    ready.ready();
    spin_until(order);
    MICA_CHECK(ready.processor() == 2);
  });
}
