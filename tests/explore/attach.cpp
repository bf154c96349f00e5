// A1: an APC runs once, in the process that it is for, however its thread attaches meanwhile.
#include "rig.hpp"

#include "conformance/process_support.hpp"

using namespace mica::explore;
using mica::test::OwnProcess;

namespace {

// An APC of the team's first thread, which notes where it ran.
class Placed {
 public:
  explicit Placed(Team& team) noexcept : team_{team} {}

  bool insert(KAPC_ENVIRONMENT environment, bool normal) noexcept {
    KeInitializeApc(&apc_, team_.thread(0), environment, kernel_routine, nullptr,
                    normal ? normal_routine : nullptr, KernelMode, nullptr);
    return queued_ = KeInsertQueueApc(&apc_, this, nullptr, 0) != FALSE;
  }
  [[nodiscard]] bool remove() noexcept { return KeRemoveQueueApc(&apc_) != FALSE; }
  [[nodiscard]] bool queued() const noexcept { return queued_; }
  [[nodiscard]] int ran() const noexcept { return ran_; }
  [[nodiscard]] PEPROCESS where() const noexcept { return where_; }

 private:
  void note() noexcept {
    ++ran_;
    where_ = PsGetCurrentProcess();
  }
  static void NTAPI kernel_routine(PKAPC, PKNORMAL_ROUTINE* normal, PVOID*, PVOID* self, PVOID*) {
    if (*normal == nullptr) static_cast<Placed*>(*self)->note();
  }
  static void NTAPI normal_routine(PVOID, PVOID self, PVOID) { static_cast<Placed*>(self)->note(); }

  Team& team_;
  KAPC apc_;
  bool queued_ = false;
  int ran_ = 0;
  PEPROCESS where_ = nullptr;
};

void attach_for_a_moment(OwnProcess const& process) {
  KAPC_STATE state;
  KeStackAttachProcess(&process.kernel(), &state);
  point();
  KeUnstackDetachProcess(&state);
}

}  // namespace

MICA_EXPLORE("A1-attach-own", "A1: an APC for its thread's own process runs there, attached or not",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Placed apc{team};
  auto thread = [&] { attach_for_a_moment(process); };
  auto inserter = [&] { apc.insert(OriginalApcEnvironment, false); };
  meet(team, thread, inserter);
  MICA_CHECK(apc.ran() == apc.queued());
  MICA_CHECK(!apc.queued() || apc.where() == PsInitialSystemProcess);
}

MICA_EXPLORE("A1-attach-there",
             "A1: an APC for the other process is refused, or runs before it is left",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Placed apc{team};
  auto thread = [&] {
    KeAttachProcess(&process.kernel());
    point();
    KeDetachProcess();
  };
  auto inserter = [&] { apc.insert(AttachedApcEnvironment, true); };
  meet(team, thread, inserter);
  MICA_CHECK(apc.ran() == apc.queued());
  MICA_CHECK(!apc.queued() || apc.where() == process.get());
}

MICA_EXPLORE("A1-attach-current", "A1: an APC is for where its thread was when it was initialized",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Placed apc{team};
  auto thread = [&] { attach_for_a_moment(process); };
  auto inserter = [&] { apc.insert(CurrentApcEnvironment, false); };
  meet(team, thread, inserter);
  MICA_CHECK(apc.ran() == apc.queued());
}

MICA_EXPLORE("A1-attach-nested",
             "A1: an APC of an attachment waits while its thread attaches further", .processors = 2,
             .bound = 1) {
  Team team{window};
  OwnProcess outer, inner;
  Placed apc{team};
  auto thread = [&] {
    KAPC_STATE state;
    KeStackAttachProcess(&outer.kernel(), &state);
    attach_for_a_moment(inner);
    KeUnstackDetachProcess(&state);
  };
  auto inserter = [&] { apc.insert(InsertApcEnvironment, false); };
  meet(team, thread, inserter);
  MICA_CHECK(apc.ran() == apc.queued());
}

MICA_EXPLORE("A1-attach-remove", "A1: an APC runs or is removed, wherever an attachment has put it",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess outer, inner;
  Placed apc{team};
  std::atomic<bool> inserted{false};
  bool removed = false;
  auto thread = [&] {
    KAPC_STATE state;
    KeStackAttachProcess(&outer.kernel(), &state);
    {
      mica::test::AtLevel const raised{APC_LEVEL};
      MICA_CHECK(apc.insert(AttachedApcEnvironment, false));
      inserted = true;
      attach_for_a_moment(inner);
    }
    KeUnstackDetachProcess(&state);
  };
  auto remover = [&] {
    if (inserted) removed = apc.remove();
  };
  meet(team, thread, remover);
  MICA_CHECK(apc.ran() + removed == 1);
}

MICA_EXPLORE("A1-attach-wait", "A1: an APC for the own process ends no wait of an attached thread",
             .processors = 2, .bound = 1) {
  Team team{window};
  OwnProcess process;
  Placed apc{team};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto thread = [&] {
    KAPC_STATE state;
    KeStackAttachProcess(&process.kernel(), &state);
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    KeUnstackDetachProcess(&state);
  };
  auto inserter = [&] {
    apc.insert(OriginalApcEnvironment, false);
    KeSetEvent(&event, 0, FALSE);
  };
  meet(team, thread, inserter);
  MICA_CHECK(apc.ran() == 1 && apc.where() == PsInitialSystemProcess);
}
