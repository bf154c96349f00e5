// W5: the best threads run, so far as affinities say; of a process, which changes both for all of
// its threads.
#include "candidate.hpp"

#include "conformance/process_support.hpp"

using namespace mica::explore;
using mica::test::OwnProcess;
using mica::test::ProcessThread;
using mica::test::Waiting;

namespace {

// A thread that is left where it may not run stays here for ever.
void until_on_last() noexcept {
  while (KeGetCurrentProcessorNumberEx(nullptr) != 1) KeStallExecutionProcessor(1);
}

}  // namespace

MICA_EXPLORE("W5-affinity",
             "W5: a thread whose affinity changes runs where it may, wherever it stood",
             .processors = 2) {
  Team team{window};
  OwnProcess process;
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto body = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    until_on_last();
  };
  auto waker = [&] {
    ProcessThread const thread{process, body};
    KeSetEvent(&event, 0, FALSE);
  };
  auto changer = [&] { MICA_CHECK(mica::ke::set_process_affinity(process.kernel(), 2)); };
  meet(team, waker, changer);
}

MICA_EXPLORE("W5-stolen-affinity",
             "W5: a thread whose affinity changes while a processor takes it goes where it may",
             .processors = 2, .bound = 1) {
  OwnProcess process;
  KEVENT go, free;
  KeInitializeEvent(&go, NotificationEvent, FALSE);
  KeInitializeEvent(&free, NotificationEvent, FALSE);
  ULONGLONG changed = 0, arrived = 0;
  auto body = [&] {
    wait(&go);
    while (KeGetCurrentProcessorNumberEx(nullptr) != 0) KeStallExecutionProcessor(1);
    arrived = now();
  };
  {
    ProcessThread const thread{process, body};
    KeSetIdealProcessorThread(&thread.kernel(), 0);
    mica::test::until_waited_for(go);
    auto program = [&](unsigned number) {
      if (number == 1) {
        Passive passive;
        wait(&free);
        return;
      }
      KeSetEvent(&go, 0, FALSE);
      MICA_CHECK(mica::ke::set_process_affinity(process.kernel(), 1));
      changed = now();
      KeSetEvent(&free, 0, FALSE);
    };
    run_together(window, {.count = 2, .leaves = true}, program);
  }
  MICA_CHECK(arrived <= changed + 2 * tick_100ns);  // a quantum is fifteen times as long
}

MICA_EXPLORE("W5-system-affinity",
             "W5: a system affinity meets that of the process, which it ends in", .processors = 2) {
  Team team{window};
  OwnProcess process;
  std::atomic<bool> changed{false};
  auto body = [&] {
    KeSetSystemAffinityThread(1);
    MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
    bool const late = changed;
    KeRevertToUserAffinityThread();
    MICA_CHECK(!late || KeGetCurrentProcessorNumberEx(nullptr) == 1);
    until_on_last();
  };
  auto maker = [&] { ProcessThread const thread{process, body}; };
  auto changer = [&] {
    MICA_CHECK(mica::ke::set_process_affinity(process.kernel(), 2));
    changed = true;
  };
  meet(team, maker, changer);
}

MICA_EXPLORE("W5-base", "W5: a process's base priority and an increment of its thread add up",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Waiting thread{process};
  auto increment = [&] { thread.raise(2); };
  auto base = [&] { mica::ke::set_process_priority(process.kernel(), 4); };
  meet(team, increment, base);
  MICA_CHECK(thread.priority() == 6);
}

MICA_EXPLORE("W5-priorities", "W5: of two who set a thread's priority the last one has it",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Waiting thread{process};
  auto absolute = [&] { static_cast<void>(KeSetPriorityThread(&thread.kernel(), 5)); };
  auto saturated = [&] { thread.raise(16); };
  meet(team, absolute, saturated);
  KPRIORITY const priority = thread.priority();
  LONG const increment = KeSetBasePriorityThread(&thread.kernel(), 0);
  MICA_CHECK((priority == 5 && increment == -3) || (priority == 15 && increment == 16));
}
