// T1, W2: what expires on one processor and is used on another.
#include "rig.hpp"

using namespace mica::explore;

namespace {

// Writes over what is its owner's alone by now.
template <class Object>
void scrub(Object& object) noexcept {
  auto* const bytes = reinterpret_cast<unsigned char volatile*>(&object);
  for (std::size_t i = 0; i < sizeof object; ++i) bytes[i] = 0xA5;
}
template <class Object>
void check_scrubbed(Object const& object) noexcept {
  auto const* const bytes = reinterpret_cast<unsigned char const volatile*>(&object);
  for (std::size_t i = 0; i < sizeof object; ++i) MICA_CHECK(bytes[i] == 0xA5);
}

void spend() noexcept {
  KeStallExecutionProcessor(2 * tick_100ns / 10);
}

struct Alarm {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> fired{0};

  explicit Alarm(TIMER_TYPE type) noexcept {
    KeInitializeTimerEx(&timer, type);
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID, PVOID)
            NTAPI { ++*static_cast<std::atomic<int>*>(context); },
        &fired);
  }
  // In the wheel of processor 0.
  void set_there() noexcept {
    KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
    MICA_CHECK(KeSetTimer(&timer, relative(tick_100ns), &dpc) == FALSE);
    KeRevertToUserAffinityThreadEx(before);
  }
};

}  // namespace

MICA_EXPLORE("T1-cancel-apart",
             "T1: a timer that expires elsewhere is cancelled or fires, and is its owner's then",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm{NotificationTimer};
  alarm.set_there();
  int ended = 0;
  auto owner = [&] {
    ended += KeCancelTimer(&alarm.timer) != FALSE;
    scrub(alarm.timer);
  };
  auto spender = [] { spend(); };
  Team team{window};
  meet(team, spender, owner);
  mica::test::sleep(2 * tick_100ns);
  MICA_CHECK(alarm.fired + ended == 1);
  check_scrubbed(alarm.timer);
}

MICA_EXPLORE("T1-wait-apart",
             "T1: a timer that expires elsewhere wakes who waits and who comes, and is theirs then",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm{SynchronizationTimer};
  alarm.set_there();
  auto owner = [&] {
    MICA_CHECK(wait(&alarm.timer) == STATUS_SUCCESS);
    scrub(alarm.timer);
  };
  auto spender = [] { spend(); };
  Team team{window};
  meet(team, spender, owner);
  mica::test::sleep(tick_100ns);
  MICA_CHECK(alarm.fired == 1);
  check_scrubbed(alarm.timer);
}

MICA_EXPLORE("T1-wake-apart", "T1: a timer that woke who waits elsewhere is theirs then",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm{SynchronizationTimer};
  auto owner = [&] {
    MICA_CHECK(wait(&alarm.timer) == STATUS_SUCCESS);
    scrub(alarm.timer);
  };
  mica::test::Thread* const waits = mica::test::start(owner, {.processor = 1});
  mica::test::until_waiting(waits);
  alarm.set_there();
  auto spender = [] { spend(); };
  {
    Team team{window};
    team.add(spender, {.processor = 0});
    team.run();
  }
  mica::test::join(waits);
  MICA_CHECK(alarm.fired == 1);
  check_scrubbed(alarm.timer);
}

MICA_EXPLORE("T1-past-apart", "T1: a timer that is set to a past time is its waiter's then",
             .processors = 2, .bound = 1) {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  auto owner = [&] {
    MICA_CHECK(wait(&timer) == STATUS_SUCCESS);
    scrub(timer);
  };
  auto setter = [&] {
    LARGE_INTEGER past;
    past.QuadPart = 1;
    MICA_CHECK(KeSetTimer(&timer, past, nullptr) == FALSE);
  };
  Team team{window};
  meet(team, owner, setter);
  check_scrubbed(timer);
}

// The waiter begins on processor 0, so its time limit expires there; who is busy there keeps it
// away, so that it goes on on processor 1.
MICA_EXPLORE("W2-late-timeout",
             "W2: a time limit that expires elsewhere does not end the next wait", .processors = 2,
             .time_jumps = true, .bound = 1) {
  KEVENT event, next;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&next, SynchronizationEvent, FALSE);
  std::atomic<bool> over{false};
  auto waiter = [&] {
    KeRevertToUserAffinityThreadEx(KeSetSystemAffinityThreadEx(1));
    NTSTATUS const status = wait(&event, 3 * tick_100ns);
    MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    MICA_CHECK(wait(&next) == STATUS_SUCCESS);
    over = true;
  };
  auto busy = [] {
    for (int i = 0; i < 2; ++i) spend();
  };
  auto setter = [&] { KeSetEvent(&event, 0, FALSE); };
  mica::test::Thread* const waits = mica::test::start(waiter, {.priority = 12});
  mica::test::until_waiting(waits);
  {
    Team team{window};
    team.add(busy, {.processor = 0, .priority = 12});
    team.add(setter, {.processor = 1});
    team.run();
  }
  MICA_CHECK(!over);
  KeSetEvent(&next, 0, FALSE);
  mica::test::join(waits);
}
