// Objects are initialised in whatever memory they stand.
//   [MSDN KeInitializeEvent, KeInitializeSemaphore, KeInitializeMutex, KeInitializeTimerEx,
//   ExInitializeNPagedLookasideList]
#include "support.hpp"

#include <nt/ex.h>
#include <nt/rtl.h>

#include <initializer_list>

using namespace mica::test;

namespace {

// Memory that held pointers to the running thread.
template <class Object>
struct Used {
  alignas(Object) PVOID words[sizeof(Object) / sizeof(PVOID) + 1];

  Used() noexcept {
    for (PVOID& word : words) word = KeGetCurrentThread();
  }
  [[nodiscard]] Object* get() noexcept { return reinterpret_cast<Object*>(words); }
};

}  // namespace

MICA_CASE("Ke: a mutex in used memory is free and nobody's") {
  auto const end = bugcheck_of([] {
    Used<KMUTEX> memory;
    KeInitializeMutex(memory.get(), 0);
    MICA_CHECK(KeReadStateMutex(memory.get()) == 1);
    KeReleaseMutex(memory.get(), FALSE);
  });
  MICA_CHECK(end.happened && static_cast<NTSTATUS>(end.parameters[0]) == STATUS_MUTANT_NOT_OWNED);
  Used<KMUTEX> memory;
  KeInitializeMutex(memory.get(), 0);
  MICA_CHECK(wait(memory.get()) == STATUS_SUCCESS);
  MICA_CHECK(KeReleaseMutex(memory.get(), FALSE) == 0);
}

MICA_CASE("Ke: a mutex that was released is nobody's") {
  auto const end = bugcheck_of([] {
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
  });
  MICA_CHECK(end.happened && static_cast<NTSTATUS>(end.parameters[0]) == STATUS_MUTANT_NOT_OWNED);
}

MICA_CASE("Ke: a mutant that begins free is not its maker's to release") {
  auto const end = bugcheck_of([] {
    KMUTANT mutant;
    KeInitializeMutant(&mutant, FALSE);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
  });
  MICA_CHECK(end.happened && static_cast<NTSTATUS>(end.parameters[0]) == STATUS_MUTANT_NOT_OWNED);
}

MICA_CASE("Ke: a timer in used memory is neither set nor signalled, and can be both") {
  Used<KTIMER> memory;
  RtlFillMemory(memory.words, sizeof memory.words, 0xFF);
  KTIMER* const timer = memory.get();
  KeInitializeTimerEx(timer, SynchronizationTimer);
  MICA_CHECK(KeReadStateTimer(timer) == FALSE);
  MICA_CHECK(KeCancelTimer(timer) == FALSE);
  MICA_CHECK(KeSetTimer(timer, relative(millisecond_100ns), nullptr) == FALSE);
  MICA_CHECK(wait(timer, 1'000 * millisecond_100ns) == STATUS_SUCCESS);
  MICA_CHECK(wait(timer, 3 * millisecond_100ns) == STATUS_TIMEOUT);
  MICA_CHECK(KeCancelTimer(timer) == FALSE);
}

MICA_CASE("Ke: an event and a semaphore in used memory have the state they were given") {
  Used<KEVENT> event;
  Used<KSEMAPHORE> semaphore;
  KeInitializeEvent(event.get(), SynchronizationEvent, FALSE);
  KeInitializeSemaphore(semaphore.get(), 1, 1);
  MICA_CHECK(wait(event.get(), millisecond_100ns) == STATUS_TIMEOUT);
  KeSetEvent(event.get(), 0, FALSE);
  MICA_CHECK(poll(event.get()) == STATUS_SUCCESS);
  MICA_CHECK(poll(semaphore.get()) == STATUS_SUCCESS);
  MICA_CHECK(poll(semaphore.get()) == STATUS_TIMEOUT);
}

MICA_CASE("Ex: a lookaside list in used memory has counted nothing") {
  // No local: with ThreadSanitizer g++ 12 mistakes the place of aligned ones between the calls.
  static NPAGED_LOOKASIDE_LIST list;
  RtlFillMemory(&list, sizeof list, 0xFF);
  ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 64, 'desU', 0);
  for (ULONG const counted :
       {list.L.TotalAllocates, list.L.AllocateMisses, list.L.TotalFrees, list.L.FreeMisses,
        list.L.LastTotalAllocates, list.L.LastAllocateMisses, list.L.Future[0], list.L.Future[1]})
    MICA_CHECK(counted == 0);
  ExDeleteNPagedLookasideList(&list);
}
