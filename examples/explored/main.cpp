// A test that finds a lost wake-up: every schedule of two kernel threads on two processors, until
//   one is wrong. It is meant to fail: the waiter looks at the flag before it clears the event, so
//   a set that comes between the two is forgotten. cmake -B build -DCMAKE_PREFIX_PATH=<where mica
//   was installed> && cmake --build build && MICA_REPORT=build/report build/explored
#include <mica/explore.hpp>

#include <atomic>
#include <cstdio>

namespace {

void lost_wake_up() {
  mica::explore({.name = "lost-wake-up", .preemptions = 2}, [](mica::Exploration& x) {
    auto& event = x.make<KEVENT>();
    auto& ready = x.make<std::atomic<bool>>(false);
    x.setup([&] { KeInitializeEvent(&event, NotificationEvent, FALSE); });
    x.name(event, "event");
    x.thread("waiter", {.processor = 0}, [&] {
      if (ready) return;
      KeClearEvent(&event);
      mica::wait(event);
    });
    x.thread("setter", {.processor = 1}, [&] {
      ready = true;
      KeSetEvent(&event, 0, FALSE);
    });
    x.finally([&] { MICA_CHECK(ready); });
  });
}

}  // namespace

int main() {
  try {
    lost_wake_up();
  } catch (mica::ExplorationFailed const& failure) {
    std::puts(failure.what());
    return 1;
  }
  std::puts("passed");
}
