// Mutexes and mutants.                                                    [MSDN KeInitializeMutex,
// KeReleaseMutex]
#include "support.hpp"

#include <nt/ps.h>

using namespace mica::test;

MICA_CASE("Ke: a mutex is free, owned, owned again, and free") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_CHECK(KeReadStateMutex(&mutex) == 1);
  MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateMutex(&mutex) == 0);
  MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateMutex(&mutex) == -1);
  MICA_CHECK(KeReleaseMutex(&mutex, FALSE) == -1);
  MICA_CHECK(KeReleaseMutex(&mutex, FALSE) == 0);
  MICA_CHECK(KeReadStateMutex(&mutex) == 1);
}

MICA_CASE("Ke: a mutex excludes another thread until it is released") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  bool owned = false;
  auto rival = [&] {
    MICA_CHECK(poll(&mutex) == STATUS_TIMEOUT);
    MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
    owned = true;
    KeReleaseMutex(&mutex, FALSE);
  };
  auto* const thread = start(rival, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(!owned);
  KeReleaseMutex(&mutex, FALSE);
  join(thread);
  MICA_CHECK(owned);
  MICA_CHECK(KeReadStateMutex(&mutex) == 1);
}

MICA_CASE("Ke: the owner of a mutex is in a critical region") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_CHECK(!KeAreApcsDisabled());
  MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  MICA_CHECK(KeAreApcsDisabled());
  KeReleaseMutex(&mutex, FALSE);
  MICA_CHECK(!KeAreApcsDisabled());
}

MICA_CASE("Ke: a mutant leaves APCs alone and may begin owned") {
  KMUTANT mutant;
  KeInitializeMutant(&mutant, TRUE);
  MICA_CHECK(KeReadStateMutex(&mutant) == 0);
  MICA_CHECK(!KeAreApcsDisabled());
  MICA_CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == 0);
  MICA_CHECK(KeReadStateMutex(&mutant) == 1);
}

MICA_CASE("Ke: releasing somebody else's mutex raises STATUS_MUTANT_NOT_OWNED") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  auto const end = bugcheck_of([&] { KeReleaseMutex(&mutex, FALSE); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_MUTANT_NOT_OWNED);
  MICA_CHECK(KeReleaseMutex(&mutex, FALSE) == 0);
}

MICA_CASE("Ke: a thread that ends owning a mutant abandons it to the next waiter") {
  KMUTANT mutant;
  KeInitializeMutant(&mutant, FALSE);
  auto owner = [&] { MICA_CHECK(wait(&mutant) == STATUS_SUCCESS); };
  join(start(owner));
  MICA_CHECK(wait(&mutant) == STATUS_ABANDONED);
  MICA_CHECK(wait(&mutant) == STATUS_SUCCESS);
  MICA_CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == -1);
  MICA_CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == 0);
  MICA_CHECK(KeReadStateMutex(&mutant) == 1);
}

MICA_CASE("Ke: a waiting thread is told that its mutant was abandoned") {
  KMUTANT mutant;
  KEVENT owned;
  KEVENT leave;
  KeInitializeMutant(&mutant, FALSE);
  KeInitializeEvent(&owned, NotificationEvent, FALSE);
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  auto owner = [&] {
    MICA_CHECK(wait(&mutant) == STATUS_SUCCESS);
    KeSetEvent(&owned, 0, FALSE);
    wait(&leave);
  };
  auto heir = [&] {
    MICA_CHECK(wait(&mutant) == STATUS_ABANDONED);
    MICA_CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == 0);
  };
  auto* const first = start(owner);
  wait(&owned);
  auto* const second = start(heir, {.processor = 1});
  until_waiting(second);
  KeSetEvent(&leave, 0, FALSE);
  join(first);
  join(second);
}

MICA_CASE("Ke: releasing a mutant as abandoned says so to the next owner") {
  KMUTANT mutant;
  KeInitializeMutant(&mutant, TRUE);
  MICA_CHECK(KeReleaseMutant(&mutant, 0, TRUE, FALSE) == 0);
  auto const end = bugcheck_of([&] { KeReleaseMutant(&mutant, 0, FALSE, FALSE); });
  MICA_CHECK(end.happened && static_cast<NTSTATUS>(end.parameters[0]) == STATUS_ABANDONED);
  MICA_CHECK(wait(&mutant) == STATUS_ABANDONED);
  KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

MICA_CASE("Ke: a thread that ends owning a mutex is bugcheck 4000008A") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  auto const end = bugcheck_of([&] {
    MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
    PsTerminateSystemThread(STATUS_SUCCESS);
  });
  MICA_CHECK(end.happened && end.code == THREAD_TERMINATE_HELD_MUTEX);
  MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(&mutex));
}

MICA_CASE("Ke: owning a mutant once more than it can count raises STATUS_MUTANT_LIMIT_EXCEEDED") {
  KMUTANT mutant;
  auto const end = bugcheck_of([&] {
    KeInitializeMutant(&mutant, TRUE);
    mutant.Header.SignalState = MINLONG;
    poll(&mutant);
  });
  MICA_CHECK(end.happened &&
             static_cast<NTSTATUS>(end.parameters[0]) == STATUS_MUTANT_LIMIT_EXCEEDED);
}
