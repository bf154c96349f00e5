// What the routine of a work item may not do with its thread.
//                                                      [MSDN Bug Check 0xE1, 0x1, 0xE9]
#include <mica/system.hpp>

#include <nt/ex.h>
#include <nt/ps.h>

#include "catch.hpp"
#include "ps/process.hpp"

namespace {

WORK_QUEUE_ITEM item;  // a System at a time

mica::Outcome outcome_of(PWORKER_THREAD_ROUTINE routine) {
  mica::System system;
  ExInitializeWorkItem(&item, routine, &item.List);
  return system.try_run([] {
    ExQueueWorkItem(&item, DelayedWorkQueue);
    LARGE_INTEGER second;
    second.QuadPart = -10'000'000;
    KeDelayExecutionThread(KernelMode, FALSE, &second);
  });
}

ULONG_PTR number(void const* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

}  // namespace

TEST_CASE("ex: a work item's routine that returns above PASSIVE_LEVEL stops") {
  for (KIRQL const level : {APC_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL}) {
    static KIRQL raised_to;
    raised_to = level;
    PWORKER_THREAD_ROUTINE const routine = [](PVOID)
                                               NTAPI { static_cast<void>(KfRaiseIrql(raised_to)); };
    mica::Outcome const end = outcome_of(routine);
    CHECK(end.is_bugcheck(WORKER_THREAD_RETURNED_AT_BAD_IRQL));
    CHECK(end.parameters()[0] == reinterpret_cast<ULONG_PTR>(routine));
    CHECK(end.parameters()[1] == level);
    CHECK(end.parameters()[2] == number(&item.List));
    CHECK(end.parameters()[3] == number(&item));
  }
}

TEST_CASE("ex: a work item's routine that returns with APCs disabled stops") {
  PWORKER_THREAD_ROUTINE const routine = [](PVOID) NTAPI { KeEnterCriticalRegion(); };
  mica::Outcome const end = outcome_of(routine);
  CHECK(end.is_bugcheck(APC_INDEX_MISMATCH));
  CHECK(end.parameters()[0] == reinterpret_cast<ULONG_PTR>(routine));
  CHECK(end.parameters()[1] == 0);
  CHECK(end.parameters()[2] == 0xFFFF);
  CHECK(end.parameters()[3] == 1);
}

TEST_CASE("ex: a work item's routine that returns from a guarded region it did not leave stops") {
  mica::Outcome const end = outcome_of([](PVOID) NTAPI { KeEnterGuardedRegion(); });
  CHECK(end.is_bugcheck(APC_INDEX_MISMATCH));
  CHECK(end.parameters()[2] == 0xFFFF0000);
}

TEST_CASE("ex: a work item's routine that returns in another process stops") {
  PWORKER_THREAD_ROUTINE const routine = [](PVOID) NTAPI {
    PEPROCESS const process = mica::ps::make_process({});
    if (process != nullptr) KeAttachProcess(&process->kernel);
  };
  mica::Outcome const end = outcome_of(routine);
  CHECK(end.is_bugcheck(APC_INDEX_MISMATCH));
  CHECK(end.parameters()[0] == reinterpret_cast<ULONG_PTR>(routine));
  CHECK(end.parameters()[1] == 1);
  CHECK(end.parameters()[2] == 0);
  CHECK(end.parameters()[3] == 1);
}

TEST_CASE("ex: a work item's routine that ends its thread stops") {
  static PKTHREAD worker;
  mica::Outcome const end = outcome_of([](PVOID) NTAPI {
    worker = KeGetCurrentThread();
    PsTerminateSystemThread(STATUS_SUCCESS);
  });
  CHECK(end.is_bugcheck(ACTIVE_EX_WORKER_THREAD_TERMINATION, number(worker)));
}
