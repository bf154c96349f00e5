// Every two operations on DPCs and timers that can meet; timers expire anywhere.
//   D1: what was inserted ran or was removed. T1: what was set fired, was cancelled, or was set
//   again; what is cancelled fires no more.
#include "matrix.hpp"

using namespace mica::explore;

namespace {

struct Job {
  KDPC dpc;
  std::atomic<int> inserted{0}, removed{0}, ran{0};

  explicit Job(CCHAR processor) noexcept {
    KeInitializeDpc(
        &dpc, [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++static_cast<Job*>(context)->ran; },
        this);
    KeSetTargetProcessorDpc(&dpc, processor);
  }
  void insert() noexcept { inserted += KeInsertQueueDpc(&dpc, nullptr, nullptr) != FALSE; }
  void remove() noexcept { removed += KeRemoveQueueDpc(&dpc) != FALSE; }
};

struct Alarm {
  KTIMER timer;
  Job job{0};
  std::atomic<int> set{0}, ended{0};

  explicit Alarm(TIMER_TYPE type) noexcept { KeInitializeTimerEx(&timer, type); }
  void arm(LONGLONG due_100ns, LONG period_milliseconds) noexcept {
    ended += KeSetTimerEx(&timer, relative(due_100ns), period_milliseconds, &job.dpc) != FALSE;
    ++set;
  }
  void cancel() noexcept { ended += KeCancelTimer(&timer) != FALSE; }
};

struct Things {
  Job near{0}, far{1};
  Alarm once{SynchronizationTimer}, again{NotificationTimer};

  void begins() noexcept {}
  void ends() noexcept {
    mica::test::sleep(3 * tick_100ns);
    once.cancel();
    again.cancel();
    KeFlushQueuedDpcs();
    for (Job* const job : {&near, &far}) MICA_CHECK(job->ran + job->removed == job->inserted);
    // Nobody cancelled what had fired, and what was left has.
    MICA_CHECK(once.ended <= once.set);
    MICA_CHECK(once.job.ran <= once.set - once.ended);
    MICA_CHECK(once.ended == once.set || once.job.ran > 0);
    int const ran = again.job.ran;
    mica::test::sleep(3 * tick_100ns);
    MICA_CHECK(again.job.ran == ran);
    for (KTIMER const* timer : {&once.timer, &again.timer})
      MICA_CHECK(timer->Header.WaitListHead.Flink == &timer->Header.WaitListHead);
  }
};

void expect(KTIMER& timer) noexcept {
  NTSTATUS const status = wait(&timer, 2 * tick_100ns);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
}

constexpr Operation<Things> operations[] = {
    {"insert-near", [](Things& things) { things.near.insert(); }},
    {"insert-far", [](Things& things) { things.far.insert(); }},
    {"remove-near", [](Things& things) { things.near.remove(); }},
    {"remove-far", [](Things& things) { things.far.remove(); }},
    {"flush-both", [](Things&) { KeFlushQueuedDpcs(); }},
    {"retarget", [](Things& things) { KeSetTargetProcessorDpc(&things.far.dpc, 0); }},
    {"start", [](Things& things) { things.once.arm(1, 0); }},
    {"start-later", [](Things& things) { things.once.arm(2 * tick_100ns, 0); }},
    {"stop", [](Things& things) { things.once.cancel(); }},
    {"await", [](Things& things) { expect(things.once.timer); }},
    {"start-and-await",
     [](Things& things) {
       things.once.arm(1, 0);
       expect(things.once.timer);
     }},
    {"start-period", [](Things& things) { things.again.arm(1, 1); }},
    {"stop-period", [](Things& things) { things.again.cancel(); }},
    {"await-period", [](Things& things) { expect(things.again.timer); }},
    {"expire", [](Things&) { KeStallExecutionProcessor(tick_100ns / 10); }},
};

}  // namespace

TEST_CASE("Matrix: any two operations on DPCs and timers may meet", "[explore][matrix]") {
  cross(operations, true);
}
