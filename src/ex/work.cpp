// Work items and the threads that call them.              [MSDN ExQueueWorkItem, WORK_QUEUE_TYPE]
#include "ex/work.hpp"

#include <bit>
#include <iterator>
#include <utility>

#include "base/list.hpp"
#include "ex/state.hpp"
#include "ke/apc_disable.hpp"
#include "ke/verifier.hpp"
#include "ps/state.hpp"

namespace mica::ex {
namespace {

// By WORK_QUEUE_TYPE.                                                      [MSDN WORK_QUEUE_TYPE]
constexpr KPRIORITY published[] = {13, 12, 15, 8, 7, 18, 14};
static_assert(std::size(published) == MaximumWorkQueue);

// 0: there is no such queue.
[[nodiscard]] constexpr KPRIORITY priority_of(ULONG queue) noexcept {
  if (queue < MaximumWorkQueue) return published[queue];
  ULONG const custom = queue - CustomPriorityWorkQueue;
  return custom < ke::priority_levels ? static_cast<KPRIORITY>(custom) : 0;
}

[[nodiscard]] KPRIORITY highest(ULONG summary) noexcept {
  return static_cast<KPRIORITY>(std::bit_width(summary)) - 1;
}

// Gives the worker the item that waits first. Off the list an item's links are null: it may be
// queued again.
void NTAPI take(Work& work, Worker& worker) noexcept MICA_REQUIRES(work.lock) {
  worker.priority = highest(work.summary);
  LIST_ENTRY& waiting = work.waiting[worker.priority];
  worker.item = &MICA_CONTAINING(*list_pop_front(waiting), WORK_QUEUE_ITEM, List);
  if (list_empty(waiting)) work.summary &= ~(ULONG{1} << worker.priority);
}

// The worker is to run at its item's priority.
void NTAPI adopt_priority(Worker& worker) noexcept {
  if (KeQueryPriorityThread(worker.thread) != worker.priority)
    static_cast<void>(KeSetPriorityThread(worker.thread, worker.priority));
}

// Whether the item that waits first waits behind too few.
[[nodiscard]] bool NTAPI may_grow(Work& work) noexcept MICA_REQUIRES(work.lock) {
  KPRIORITY const wanted = highest(work.summary);
  ULONG running = work.making;
  for (LIST_ENTRY* entry = work.workers.Flink; entry != &work.workers; entry = entry->Flink) {
    Worker const& worker = MICA_CONTAINING(*entry, Worker, entry);
    bool const waits = ke::wait_word::state(worker.thread->wait.load()) == ke::wait_word::waiting;
    if (!waits && worker.priority >= wanted) ++running;
  }
  return running < static_cast<ULONG>(std::popcount(ke::active_processors()));
}

// From the call on the item may be anything: its address is only a name.
void NTAPI perform(Worker& worker) noexcept {
  PWORK_QUEUE_ITEM const item = std::exchange(worker.item, nullptr);
  PWORKER_THREAD_ROUTINE const routine = item->WorkerRoutine;
  void* const parameter = item->Parameter;
  trace::call(ke::listener(), trace::Callback::work_item, routine, parameter);
  check_work_done(item, reinterpret_cast<ULONG_PTR>(routine), parameter);
}

// Returns when the worker has an item.
void NTAPI find_item(Work& work, Worker& worker) noexcept {
  bool found;
  {
    ke::SpinGuard guard{work.lock};
    found = work.summary != 0;
    if (found) {
      take(work, worker);
    } else {
      list_prepend(work.idle, worker.idle_entry);
    }
  }
  if (found) return adopt_priority(worker);
  static_cast<void>(KeWaitForSingleObject(&worker.assigned, Executive, KernelMode, FALSE, nullptr));
}

void NTAPI work_for_ever(void* context) noexcept {
  Worker& worker = *static_cast<Worker*>(context);
  Work& work = state().work;
  for (;;) {
    if (worker.item == nullptr) find_item(work, worker);
    perform(worker);
  }
}

// False without memory. One more is being made already.
[[nodiscard]] bool NTAPI make_worker(Work& work) noexcept {
  auto* const worker =
      static_cast<Worker*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Worker), tag_worker));
  _ETHREAD* thread = nullptr;
  if (worker != nullptr)
    static_cast<void>(ps::make_thread({.process = *PsInitialSystemProcess,
                                       .routine = work_for_ever,
                                       .context = worker,
                                       .priority = published[DelayedWorkQueue]},
                                      &thread));
  if (thread == nullptr) {
    if (worker != nullptr) ExFreePoolWithTag(worker, tag_worker);
    ke::SpinGuard guard{work.lock};
    --work.making;
    --work.count;
    return false;
  }
  thread->is_worker = true;
  worker->thread = &thread->kernel;
  KeInitializeEvent(&worker->assigned, SynchronizationEvent, FALSE);
  {
    ke::SpinGuard guard{work.lock};
    --work.making;
    worker->priority = published[DelayedWorkQueue];
    list_append(work.workers, worker->entry);
    // If nothing waits any more it will find that out itself.
    if (work.summary != 0) take(work, *worker);
  }
  adopt_priority(*worker);
  ke::start_thread(thread->kernel);
  return true;
}

enum class Serve { nothing, idle_worker, new_worker, later };

// What is to be done for the item that waits first.
[[nodiscard]] Serve NTAPI choose(Work& work, Worker*& idle) noexcept MICA_REQUIRES(work.lock) {
  if (work.summary == 0) return Serve::nothing;
  if (LIST_ENTRY* const entry = list_pop_front(work.idle)) {
    idle = &MICA_CONTAINING(*entry, Worker, idle_entry);
    take(work, *idle);
    return Serve::idle_worker;
  }
  if (work.count == most_workers) return Serve::nothing;  // one of them will find it
  if (!may_grow(work)) return Serve::later;
  ++work.count;
  ++work.making;
  return Serve::new_worker;
}

void NTAPI watch(Work& work) noexcept {
  {
    ke::SpinGuard guard{work.lock};
    if (std::exchange(work.watched, true)) return;
  }
  LARGE_INTEGER due;
  due.QuadPart = -look_again_100ns;
  static_cast<void>(KeSetTimer(&work.timer, due, &work.look_again));
}

void NTAPI serve(Work& work) noexcept {
  for (;;) {
    Worker* idle = nullptr;
    Serve what;
    {
      ke::SpinGuard guard{work.lock};
      what = choose(work, idle);
    }
    if (what == Serve::nothing) return;
    if (what == Serve::idle_worker) {
      adopt_priority(*idle);
      static_cast<void>(KeSetEvent(&idle->assigned, 0, FALSE));
      continue;
    }
    if (what == Serve::later || !make_worker(work)) return watch(work);
  }
}

void NTAPI look_again(PKDPC, PVOID context, PVOID, PVOID) noexcept {
  Work& work = *static_cast<Work*>(context);
  {
    ke::SpinGuard guard{work.lock};
    work.watched = false;
  }
  serve(work);
}

// [MSDN Bug Check 0xE4]
enum class Invalid : ULONG_PTR { queued = 1, queue = 6, routine = 7 };

void NTAPI require(bool holds, Invalid what, WORK_QUEUE_ITEM const* item, ULONG queue) noexcept {
  if (!holds) [[unlikely]]
    ke::bugcheck(WORKER_INVALID, static_cast<ULONG_PTR>(what), ke::as_parameter(item), queue);
}

}  // namespace

void NTAPI check_work_done(void const* item, ULONG_PTR routine, void const* parameter) noexcept {
  constexpr ULONG_PTR worker_routine = 1;
  if (KIRQL const level = Machine::irql(); level != PASSIVE_LEVEL)
    ke::bugcheck(WORKER_THREAD_RETURNED_AT_BAD_IRQL, routine, level, ke::as_parameter(parameter),
                 ke::as_parameter(item));
  ke::Thread const& thread = ke::current_thread();
  ULONG const disabled = ke::apc_disable_count(thread);
  if (disabled != 0 || thread.apc_index != 0)
    ke::bugcheck(APC_INDEX_MISMATCH, routine, thread.apc_index, disabled, worker_routine);
}

void NTAPI initialize_work(Work& work) noexcept MICA_NO_ANALYSIS {
  for (LIST_ENTRY& waiting : work.waiting) list_initialize(waiting);
  list_initialize(work.workers);
  list_initialize(work.idle);
  KeInitializeTimer(&work.timer);
  KeInitializeDpc(&work.look_again, look_again, &work);
}

}  // namespace mica::ex

using namespace mica;
using namespace mica::ex;

void NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, WorkItem);
  auto const queue = static_cast<ULONG>(QueueType);
  KPRIORITY const priority = priority_of(queue);
  require(priority != 0, Invalid::queue, WorkItem, queue);
  require(WorkItem->WorkerRoutine != nullptr, Invalid::routine, WorkItem, queue);
  require(WorkItem->List.Flink == nullptr, Invalid::queued, WorkItem, queue);
  Work& work = state().work;
  {
    ke::SpinGuard guard{work.lock};
    list_append(work.waiting[priority], WorkItem->List);
    work.summary |= ULONG{1} << priority;
  }
  serve(work);
}
