// Deferred procedure calls. [MSDN KeInitializeDpc, KeInsertQueueDpc, "Organization of DPC Queues"]
//   Invariant D1: each successful insert is one call or one removal.
//   A DPC of low importance waits until its processor takes the next tick, idles, or has enough to
//   do to make it worth an interrupt; one of high importance goes to the head of the queue.
#include "ke/interrupts.hpp"
#include "ke/object_type.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

constexpr ULONG worthwhile_depth = 4;

constexpr USHORT any_processor = 0;  // KDPC::Number: whichever processor inserts it

// TIMER_OR_DPC_INVALID: what is invalid.
constexpr ULONG_PTR invalid_dpc = 1;
constexpr ULONG_PTR changed_apcs = 4;  // a routine left its thread with another APC disable count

using QueueWord = std::atomic_ref<PVOID>;
QueueWord queue_word(KDPC& dpc) noexcept {
  return QueueWord{const_cast<PVOID&>(dpc.DpcData)};
}

Processor& target_of(KDPC const& dpc) noexcept MICA_REQUIRES(at_dispatch) {
  return dpc.Number == any_processor ? current() : state().processors[dpc.Number - 1u];
}

bool is_threaded(KDPC const& dpc) noexcept {
  return dpc.Type == ThreadedDpcObject;
}

DpcQueue& queue_of(KDPC const& dpc, Processor& target) noexcept {
  return is_threaded(dpc) ? target.threaded.queue : target.dpcs;
}

// Sees to it that the target comes to look at its queue.
void NTAPI announce(Processor& target, KDPC_IMPORTANCE importance, ULONG depth) noexcept
    MICA_REQUIRES(at_dispatch) {
  if (&target != &current()) return Machine::send_ipi(target.machine.pcr.Prcb.Number);
  bool const idle = Machine::current_thread() == &target.idle;
  if (importance != LowImportance || depth >= worthwhile_depth || idle) Machine::request_dispatch();
}

}  // namespace

namespace mica::ke {

void NTAPI initialize_dpc(KDPC& dpc, PKDEFERRED_ROUTINE routine, PVOID context) noexcept {
  dpc = {};
  dpc.Type = DpcObject;
  dpc.Importance = MediumImportance;
  dpc.DeferredRoutine = routine;
  dpc.DeferredContext = context;
}

}  // namespace mica::ke

void NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
  initialize_dpc(*Dpc, DeferredRoutine, DeferredContext);
  state().watch_timer(Dpc);
}

namespace {

// Whether a DPC is in some queue. If it is, the routine that is still to run reads what the caller
// stored before: whoever takes it takes the lock that was held here.
bool NTAPI is_queued(KDPC& dpc) noexcept MICA_REQUIRES(at_dispatch) {
  for (;;) {
    auto* const queue = static_cast<DpcQueue*>(queue_word(dpc).load(std::memory_order_relaxed));
    if (queue == nullptr) return false;
    SpinGuardAtDispatch guard{queue->lock};
    if (queue_word(dpc).load(std::memory_order_relaxed) == queue) return true;
  }
}

}  // namespace

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
  RaiseToHigh raised;
  at_dispatch.assert_held();
  Processor& target = target_of(*Dpc);
  DpcQueue& queue = queue_of(*Dpc, target);
  bool const threaded = is_threaded(*Dpc);
  auto const importance = static_cast<KDPC_IMPORTANCE>(Dpc->Importance);
  ULONG depth = 0;
  for (;;) {
    if (is_queued(*Dpc)) return FALSE;
    SpinGuardAtDispatch guard{queue.lock};
    PVOID expected = nullptr;
    if (!queue_word(*Dpc).compare_exchange_strong(expected, &queue, std::memory_order_acquire,
                                                  std::memory_order_relaxed))
      continue;
    Dpc->SystemArgument1 = SystemArgument1;
    Dpc->SystemArgument2 = SystemArgument2;
    if (importance == HighImportance)
      queue.prepend(*Dpc);
    else
      queue.append(*Dpc);
    depth = queue.depth();
    break;
  }
  // From here on the DPC may have run, and be gone.
  if (threaded)
    static_cast<void>(KeInsertQueueDpc(&target.threaded.starter, nullptr, nullptr));
  else
    announce(target, importance, depth);
  return TRUE;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc) {
  RaiseToHigh raised;
  at_dispatch.assert_held();
  for (;;) {
    // Acquires: who finds it in no queue may free it.
    auto* const queue = static_cast<DpcQueue*>(queue_word(*Dpc).load(std::memory_order_acquire));
    if (queue == nullptr) return FALSE;
    SpinGuardAtDispatch guard{queue->lock};
    if (queue_word(*Dpc).load(std::memory_order_relaxed) != queue) continue;
    queue->remove(*Dpc);
    queue_word(*Dpc).store(nullptr, std::memory_order_release);
    return TRUE;
  }
}

void NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance) {
  Dpc->Importance = static_cast<UCHAR>(Importance);
}

void NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number) {
  auto const number = static_cast<UCHAR>(Number);
  if (number >= state().count) [[unlikely]]
    bugcheck(TIMER_OR_DPC_INVALID, invalid_dpc, as_parameter(Dpc), number);
  Dpc->Number = target_name(number);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcNumber->Group != 0 || ProcNumber->Reserved != 0 || ProcNumber->Number >= state().count)
    return STATUS_INVALID_PARAMETER;
  Dpc->Number = target_name(ProcNumber->Number);
  return STATUS_SUCCESS;
}

namespace mica::ke {

// apc_disable_count() of the thread that a routine interrupted: it stands still meanwhile, so the
// explorer need not hear of the look.
__attribute__((no_sanitize("thread"))) static ULONG apc_count_beneath(
    Thread const volatile& thread) noexcept {
  return static_cast<ULONG>(static_cast<USHORT>(thread.special_apc_disable)) << 16 |
         static_cast<USHORT>(thread.kernel_apc_disable);
}

// Invariant D2. Below DISPATCH_LEVEL this may be another processor by now: nothing is looked at but
// the level and the thread, the same one as before.
void NTAPI run_dpc(DpcCall const& call, KIRQL expected) noexcept {
  Thread const& thread = current_thread();
  ULONG const before = apc_count_beneath(thread);
  trace::call(listener(), trace::Callback::dpc, call.routine, call.dpc, call.context, call.first,
              call.second);
  auto const routine = reinterpret_cast<ULONG_PTR>(call.routine);
  require_unchanged_irql(expected, Returned::callout, routine, call.context);
  ULONG const after = apc_count_beneath(thread);
  if (after != before) [[unlikely]]
    bugcheck(TIMER_OR_DPC_INVALID, changed_apcs, routine, before, after);
}

void NTAPI retire_dpcs() noexcept {
  Processor& processor = current();
  DpcCall call;
  processor.in_dpc.store(true, std::memory_order_relaxed);
  watch_idle_dpcs(processor);
  while (processor.dpcs.take(call)) {
    begin_dpc(processor.dpc_times.single);
    run_dpc(call, DISPATCH_LEVEL);
  }
  processor.in_dpc.store(false, std::memory_order_relaxed);
}

}  // namespace mica::ke
