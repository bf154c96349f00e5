// W5: the best threads run, so far as affinities say; of a process, which changes both for all of
// its threads.
#include "rig.hpp"

#include "conformance/process_support.hpp"
#include "ke/suspend.hpp"

using namespace mica::explore;
using mica::test::OwnEvent;
using mica::test::OwnProcess;
using mica::test::ProcessThread;

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
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  auto body = [&] { wait(&event); };
  ProcessThread const thread{process, body};
  auto increment = [&] { static_cast<void>(KeSetBasePriorityThread(&thread.kernel(), 2)); };
  auto base = [&] { mica::ke::set_process_priority(process.kernel(), 4); };
  meet(team, increment, base);
  MICA_CHECK(KeQueryPriorityThread(&thread.kernel()) == 6);
  KeSetEvent(&event, 0, FALSE);
}

MICA_EXPLORE("W5-priorities", "W5: of two who set a thread's priority the last one has it",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  OwnEvent event;
  auto body = [&] { wait(&event.event); };
  ProcessThread const thread{process, body};
  auto absolute = [&] { static_cast<void>(KeSetPriorityThread(&thread.kernel(), 5)); };
  auto saturated = [&] { static_cast<void>(KeSetBasePriorityThread(&thread.kernel(), 16)); };
  meet(team, absolute, saturated);
  KPRIORITY const priority = KeQueryPriorityThread(&thread.kernel());
  LONG const increment = KeSetBasePriorityThread(&thread.kernel(), 0);
  MICA_CHECK((priority == 5 && increment == -3) || (priority == 15 && increment == 16));
  event.set();
}

MICA_EXPLORE("W5-join", "W5: who interrupts the maker of a thread finds its process free",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  OwnEvent event;
  bool ran = false;
  auto body = [&] { ran = true; };
  auto maker = [&] { ProcessThread const thread{process, body}; };
  auto better = [&] {
    wait(&event.event);
    mica::ke::set_process_priority(process.kernel(), 9);
  };
  auto waker = [&] { event.set(); };
  team.add(maker, {.processor = 0});
  team.add(better, {.processor = 0, .priority = 12});
  team.add(waker, {.processor = 1});
  team.run();
  MICA_CHECK(ran);
}

MICA_EXPLORE("W5-freeze", "W5: who interrupts one that freezes or thaws a process finds it free",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  OwnEvent event;
  auto freezer = [&] {
    mica::ke::freeze_process(process.kernel());
    mica::ke::thaw_process(process.kernel());
  };
  auto better = [&] {
    wait(&event.event);
    mica::ke::set_process_priority(process.kernel(), 9);
  };
  auto waker = [&] { event.set(); };
  team.add(freezer, {.processor = 0});
  team.add(better, {.processor = 0, .priority = 12});
  team.add(waker, {.processor = 1});
  team.run();
}
