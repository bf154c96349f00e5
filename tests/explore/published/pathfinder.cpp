// A thread of low priority holds the bus that one of high priority waits for, and one between them
// runs as long as it likes. Here are the executive's own threads and mutex, on one processor. The
// correction raises whoever takes the bus for as long as it holds it.
//   Jones, "What really happened on Mars?", 1997.
#include "parts.hpp"

using namespace mica::explore;

namespace {

constexpr KPRIORITY low = 4, middle = 8, high = 12;

struct Bus {
  KMUTEX mutex;
  Bus() noexcept { KeInitializeMutex(&mutex, 0); }
  void use() noexcept {
    wait(&mutex);
    point();
    KeReleaseMutex(&mutex, FALSE);
  }
};

template <bool mended>
void gather_and_send(Window& window) {
  Bus bus;
  KEVENT go[2];
  for (KEVENT& event : go) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<bool> waits_for_bus{false};
  auto weather = [&] {
    if (mended) KeSetPriorityThread(KeGetCurrentThread(), high);
    bus.use();
    if (mended) KeSetPriorityThread(KeGetCurrentThread(), low);
  };
  auto distribution = [&] {
    wait(&go[0]);
    waits_for_bus = true;
    bus.use();
    waits_for_bus = false;
  };
  auto communication = [&] {
    wait(&go[1]);
    bool const meanwhile = waits_for_bus;
    for (int i = 0; i < 3; ++i) point();
    MICA_CHECK(!meanwhile || !waits_for_bus);
  };
  auto starter = [&] {
    for (KEVENT& event : go) KeSetEvent(&event, 0, FALSE);
  };
  Team team{window};
  team.add(weather, {.processor = 0, .priority = low});
  team.add(communication, {.processor = 0, .priority = middle});
  team.add(distribution, {.processor = 0, .priority = high});
  team.add(starter, {.processor = 1});
  team.run();
}

}  // namespace

MICA_PUBLISHED("Published: communication keeps the weather from giving up the bus", gather_and_send,
               .id = "pathfinder", .system = "Mars Pathfinder",
               .bug = "priority inversion: the watchdog finds the bus not distributed",
               .described = "Jones, 1997",
               .address = "https://legacy.cs.indiana.edu/classes/p415-sjoh/read/MarsPathfinder.htm",
               .verdict = Verdict::assertion, .loop_free = false, .bound = 1)
