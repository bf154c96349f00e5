// Resource managers with a routine.
#include "tm_support.hpp"

using namespace mica::test;

namespace {

// A resource manager that answers what it is told at once, or in its own time.
struct Routine {
  ULONG told[8]{};
  ULONG count = 0;
  PVOID key = nullptr;
  KIRQL irql = HIGH_LEVEL;
  LONGLONG clock = 0;
  bool answers = true;
  bool refuses = false;        // to prepare
  bool closes = false;         // the enlistment, once it is over
  ULONG nested = 0, deep = 0;  // calls inside one another
  KeyHandle* enlistment = nullptr;
  NTSTATUS answer = STATUS_SUCCESS;

  static NTSTATUS NTAPI hear(PKENLISTMENT enlistment, PVOID context, PVOID key, ULONG what,
                             PLARGE_INTEGER clock, ULONG bytes, PVOID argument) {
    MICA_CHECK(bytes == 0 && argument == nullptr);
    return static_cast<Routine*>(context)->hear(enlistment, key, what, *clock);
  }
  NTSTATUS hear(PKENLISTMENT object, PVOID its_key, ULONG what, LARGE_INTEGER& time) noexcept;
};

NTSTATUS Routine::hear(PKENLISTMENT object, PVOID its_key, ULONG what,
                       LARGE_INTEGER& time) noexcept {
  if (++nested > deep) deep = nested;
  if (count < 8) told[count] = what;
  ++count;
  key = its_key;
  irql = KeGetCurrentIrql();
  clock = time.QuadPart;
  time.QuadPart += 10;
  if (answers) {
    if (what == TRANSACTION_NOTIFY_PREPREPARE) answer = TmPrePrepareComplete(object, nullptr);
    if (what == TRANSACTION_NOTIFY_PREPARE)
      answer = refuses ? TmRollbackEnlistment(object, nullptr) : TmPrepareComplete(object, nullptr);
    if (what == TRANSACTION_NOTIFY_COMMIT) answer = TmCommitComplete(object, nullptr);
    if (what == TRANSACTION_NOTIFY_ROLLBACK) answer = TmRollbackComplete(object, nullptr);
    if (what >= TRANSACTION_NOTIFY_COMMIT && closes) enlistment->close();
  }
  --nested;
  return STATUS_SUCCESS;
}

struct Called {
  ManagerHandle manager;
  ResourceHandle resource{manager};
  Routine routine;

  [[nodiscard]] PKRESOURCEMANAGER object() const noexcept {
    return object_of<KRESOURCEMANAGER>(resource, *TmResourceManagerObjectType);
  }
  Called() noexcept {
    MICA_REQUIRE(TmEnableCallbacks(object(), Routine::hear, &routine) == STATUS_SUCCESS);
  }
};

}  // namespace

MICA_CASE("Tm: a routine is called with each phase, one call after the other") {
  Called called;
  TransactionHandle transaction;
  EnlistmentHandle enlistment{called.resource, transaction};
  called.routine.closes = true;
  called.routine.enlistment = &enlistment;
  MICA_CHECK(ZwCommitTransaction(transaction, TRUE) == STATUS_SUCCESS);
  Routine const& routine = called.routine;
  MICA_CHECK(routine.count == 3 && routine.told[0] == TRANSACTION_NOTIFY_PREPREPARE);
  MICA_CHECK(routine.told[1] == TRANSACTION_NOTIFY_PREPARE);
  MICA_CHECK(routine.told[2] == TRANSACTION_NOTIFY_COMMIT && routine.answer == STATUS_SUCCESS);
  MICA_CHECK(routine.deep == 1 && routine.irql == PASSIVE_LEVEL && routine.key == &enlistment);
  // 1, 2 when the commit began, and 10 more after each call.
  MICA_CHECK(routine.clock == 22);
  MICA_CHECK(called.manager.basic().VirtualClock.QuadPart == 32);
}

MICA_CASE("Tm: a commit that a routine refuses is a rollback") {
  Called called, other;
  TransactionHandle transaction;
  EnlistmentHandle enlistment{called.resource, transaction},
      second{other.resource, transaction, TRANSACTION_NOTIFY_COMMIT | TRANSACTION_NOTIFY_ROLLBACK};
  called.routine.refuses = true;
  MICA_CHECK(ZwCommitTransaction(transaction, TRUE) == STATUS_TRANSACTION_ALREADY_ABORTED);
  MICA_CHECK(called.routine.count == 3 && called.routine.told[2] == TRANSACTION_NOTIFY_ROLLBACK);
  MICA_CHECK(other.routine.count == 1 && other.routine.told[0] == TRANSACTION_NOTIFY_ROLLBACK);
}

MICA_CASE("Tm: a routine is called with what waits for it, and there is one") {
  ManagerHandle manager;
  ResourceHandle resource{manager};
  TransactionHandle transaction;
  EnlistmentHandle enlistment{resource, transaction};
  MICA_CHECK(ZwRollbackTransaction(transaction, FALSE) == STATUS_PENDING);
  auto* const object = object_of<KRESOURCEMANAGER>(resource, *TmResourceManagerObjectType);
  Routine routine;
  MICA_CHECK(TmEnableCallbacks(object, nullptr, nullptr) == STATUS_UNSUCCESSFUL);
  MICA_CHECK(TmEnableCallbacks(object, Routine::hear, &routine) == STATUS_SUCCESS);
  MICA_CHECK(routine.count == 1 && transaction.is_over());
  MICA_CHECK(TmEnableCallbacks(object, Routine::hear, &routine) == STATUS_UNSUCCESSFUL);
}

MICA_CASE("Tm: a routine is not called for what comes of its resource manager's end") {
  Called called;
  TransactionHandle transaction, waits;
  EnlistmentHandle enlistment{called.resource, transaction}, other{called.resource, waits};
  called.routine.answers = false;
  MICA_CHECK(ZwRollbackTransaction(waits, FALSE) == STATUS_PENDING && called.routine.count == 1);
  called.resource.close();
  MICA_CHECK(called.routine.count == 1 && transaction.is_over() && waits.is_over());
  MICA_CHECK(transaction.outcome() == TransactionOutcomeAborted);
}
