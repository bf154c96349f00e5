// Attaching to processes: where the thread is, and which APCs it has there.
//      [MSDN KeStackAttachProcess; "Inside NT's Asynchronous Procedure Call", DDJ November 2002]
#include "apc_support.hpp"
#include "process_support.hpp"

using namespace mica::test;

namespace {

// An APC of this thread for an environment, which notes where it ran.
struct Placed {
  KAPC apc;
  PEPROCESS ran_in = nullptr;
  int runs = 0;

  explicit Placed(KAPC_ENVIRONMENT environment, bool normal = true) noexcept {
    KeInitializeApc(&apc, KeGetCurrentThread(), environment, kernel_routine, nullptr,
                    normal ? normal_routine : nullptr, KernelMode, nullptr);
  }
  BOOLEAN insert() noexcept { return KeInsertQueueApc(&apc, this, nullptr, 0); }

 private:
  void note() noexcept {
    ++runs;
    ran_in = PsGetCurrentProcess();
  }
  static void NTAPI kernel_routine(PKAPC, PKNORMAL_ROUTINE* normal, PVOID*, PVOID* self, PVOID*) {
    if (*normal == nullptr) static_cast<Placed*>(*self)->note();
  }
  static void NTAPI normal_routine(PVOID, PVOID self, PVOID) { static_cast<Placed*>(self)->note(); }
};

}  // namespace

MICA_CASE("Ke: an attached thread is in the other process, and still its own's") {
  OwnProcess first, second;
  HANDLE const own_id = PsGetCurrentProcessId();
  KAPC_STATE outer, inner, again;
  KeStackAttachProcess(&first.kernel(), &outer);
  MICA_CHECK(PsGetCurrentProcess() == first.get());
  MICA_CHECK(PsGetCurrentThreadProcess() == PsInitialSystemProcess);
  MICA_CHECK(PsGetCurrentProcessId() == own_id);
  KeStackAttachProcess(&second.kernel(), &inner);
  MICA_CHECK(PsGetCurrentProcess() == second.get());
  KeStackAttachProcess(&second.kernel(), &again);
  MICA_CHECK(PsGetCurrentProcess() == second.get());
  KeUnstackDetachProcess(&again);
  MICA_CHECK(PsGetCurrentProcess() == second.get());
  KeUnstackDetachProcess(&inner);
  MICA_CHECK(PsGetCurrentProcess() == first.get());
  KeUnstackDetachProcess(&outer);
  MICA_CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
}

MICA_CASE("Ke: an attached thread may come back to its own process on top") {
  OwnProcess other;
  KAPC_STATE outer, inner;
  KeStackAttachProcess(&other.kernel(), &outer);
  KeStackAttachProcess(&PsInitialSystemProcess->kernel, &inner);
  MICA_CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
  KeUnstackDetachProcess(&inner);
  MICA_CHECK(PsGetCurrentProcess() == other.get());
  KeUnstackDetachProcess(&outer);
  MICA_CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
}

MICA_CASE("Ke: attaching to the own process, and detaching from it, changes nothing") {
  KAPC_STATE state;
  KeStackAttachProcess(&PsInitialSystemProcess->kernel, &state);
  Placed apc{AttachedApcEnvironment};
  MICA_CHECK(apc.insert() == FALSE);
  KeUnstackDetachProcess(&state);
  KeAttachProcess(&PsInitialSystemProcess->kernel);
  MICA_CHECK(apc.insert() == FALSE);
  KeDetachProcess();
  KeDetachProcess();
  MICA_CHECK(PsGetCurrentProcess() == PsInitialSystemProcess && apc.runs == 0);
}

MICA_CASE("Ke: KeAttachProcess attaches until KeDetachProcess") {
  OwnProcess other;
  KeAttachProcess(&other.kernel());
  MICA_CHECK(PsGetCurrentProcess() == other.get());
  KeDetachProcess();
  MICA_CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
}

MICA_CASE("Ke: an APC for the own process waits until its thread is back there") {
  for (bool const normal : {false, true}) {
    OwnProcess other;
    Placed own{OriginalApcEnvironment, normal}, attached{AttachedApcEnvironment, normal};
    KAPC_STATE state;
    MICA_CHECK(attached.insert() == FALSE);
    KeStackAttachProcess(&other.kernel(), &state);
    MICA_CHECK(own.insert() == TRUE && attached.insert() == TRUE);
    MICA_CHECK(own.runs == 0);
    MICA_CHECK(attached.runs == 1 && attached.ran_in == other.get());
    sleep(millisecond_100ns);
    MICA_CHECK(own.runs == 0);
    KeUnstackDetachProcess(&state);
    MICA_CHECK(own.runs == 1 && own.ran_in == PsInitialSystemProcess);
  }
}

MICA_CASE("Ke: an APC's environment is settled when it is initialized, or when it is queued") {
  OwnProcess other;
  Placed before{CurrentApcEnvironment}, inserted{InsertApcEnvironment};
  KAPC_STATE state;
  KeStackAttachProcess(&other.kernel(), &state);
  Placed there{CurrentApcEnvironment};
  MICA_CHECK(before.insert() == TRUE && inserted.insert() == TRUE && there.insert() == TRUE);
  MICA_CHECK(before.runs == 0);
  MICA_CHECK(inserted.ran_in == other.get() && there.ran_in == other.get());
  KeUnstackDetachProcess(&state);
  MICA_CHECK(before.ran_in == PsInitialSystemProcess);
  MICA_CHECK(inserted.insert() == TRUE && there.insert() == FALSE);
  MICA_CHECK(inserted.ran_in == PsInitialSystemProcess && inserted.runs == 2);
}

MICA_CASE("Ke: APCs of an attachment wait while their thread attaches further") {
  OwnProcess first, second;
  Placed normal_1{InsertApcEnvironment}, special_1{InsertApcEnvironment, false},
      removed{InsertApcEnvironment};
  KAPC_STATE outer, inner;
  KeStackAttachProcess(&first.kernel(), &outer);
  {
    AtLevel const raised{APC_LEVEL};
    for (Placed* const one : {&normal_1, &removed, &special_1}) MICA_CHECK(one->insert() == TRUE);
    KeStackAttachProcess(&second.kernel(), &inner);
  }
  MICA_CHECK(normal_1.runs == 0 && special_1.runs == 0);
  MICA_CHECK(KeRemoveQueueApc(&removed.apc) == TRUE);
  KeUnstackDetachProcess(&inner);
  MICA_CHECK(normal_1.runs == 1 && normal_1.ran_in == first.get());
  MICA_CHECK(special_1.runs == 1 && special_1.ran_in == first.get());
  MICA_CHECK(removed.runs == 0);
  KeUnstackDetachProcess(&outer);
}

MICA_CASE("Ke: a normal APC holds others back in its own environment only") {
  static Placed *same, *other;
  static OwnProcess* process;
  OwnProcess target;
  process = &target;
  Placed held{InsertApcEnvironment}, let_in{InsertApcEnvironment};
  same = &held, other = &let_in;
  KAPC apc;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI {
        MICA_CHECK(same->insert() == TRUE && same->runs == 0);
        KAPC_STATE state;
        KeStackAttachProcess(&process->kernel(), &state);
        MICA_CHECK(other->insert() == TRUE && other->runs == 1);
        KeUnstackDetachProcess(&state);
        MICA_CHECK(same->runs == 0);
      },
      KernelMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  MICA_CHECK(held.runs == 1);
}

MICA_CASE("Ke: a normal APC of an attachment is in progress there, and in no further one") {
  static Placed *same, *other;
  static OwnProcess* process;
  OwnProcess first, second;
  process = &second;
  Placed held{AttachedApcEnvironment}, let_in{AttachedApcEnvironment};
  same = &held, other = &let_in;
  KAPC apc;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), AttachedApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI {
        KAPC_STATE state{};
        KeStackAttachProcess(&process->kernel(), &state);
        MICA_CHECK(other->insert() == TRUE && other->runs == 1);
        KeUnstackDetachProcess(&state);
        MICA_CHECK(same->insert() == TRUE && same->runs == 0);
      },
      KernelMode, nullptr);
  KAPC_STATE state;
  KeStackAttachProcess(&first.kernel(), &state);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  MICA_CHECK(held.runs == 1);
  KeUnstackDetachProcess(&state);
}

MICA_CASE("Ke: a user APC of an attachment ends no wait of a thread that attached further") {
  OwnProcess first, second;
  OwnEvent never;
  KAPC apc;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), AttachedApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
  KAPC_STATE outer, inner;
  KeStackAttachProcess(&first.kernel(), &outer);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  KeStackAttachProcess(&second.kernel(), &inner);
  MICA_CHECK(wait(&never.event, millisecond_100ns, TRUE) == STATUS_TIMEOUT);
  KeUnstackDetachProcess(&inner);
  MICA_CHECK(wait(&never.event, millisecond_100ns, TRUE) == STATUS_USER_APC);
  MICA_CHECK(KeRemoveQueueApc(&apc) == TRUE);
  KeUnstackDetachProcess(&outer);
}

MICA_CASE("Ke: a user APC from elsewhere ends no wait of a thread that is attached") {
  OwnProcess process, other;
  OwnEvent never;
  NTSTATUS attached = STATUS_PENDING, detached = STATUS_PENDING;
  auto body = [&] {
    KAPC_STATE state;
    KeStackAttachProcess(&other.kernel(), &state);
    attached = wait(&never.event, 50 * millisecond_100ns, TRUE);
    KeUnstackDetachProcess(&state);
    detached = wait(&never.event, 50 * millisecond_100ns, TRUE);
  };
  KAPC apc;
  {
    ProcessThread const thread{process, body};
    until_waited_for(never.event);
    KeInitializeApc(
        &apc, &thread.kernel(), OriginalApcEnvironment, nothing, [](PKAPC) NTAPI {},
        [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  }
  MICA_CHECK(attached == STATUS_TIMEOUT && detached == STATUS_USER_APC);
}

MICA_CASE("Ke: a user APC for the own process ends no wait of an attached thread") {
  OwnProcess other;
  OwnEvent never;
  KAPC apc;
  KeInitializeApc(
      &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
  KAPC_STATE state;
  KeStackAttachProcess(&other.kernel(), &state);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  MICA_CHECK(wait(&never.event, millisecond_100ns, TRUE) == STATUS_TIMEOUT);
  KeUnstackDetachProcess(&state);
  MICA_CHECK(wait(&never.event, millisecond_100ns, TRUE) == STATUS_USER_APC);
  MICA_CHECK(KeRemoveQueueApc(&apc) == TRUE);
}
