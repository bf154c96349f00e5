// A routine on every processor: as a DPC, or at IPI_LEVEL all at the same time.
//                                                             [MSDN KeIpiGenericCall, "IPI_LEVEL"]
//   One generic DPC call at a time, and one at IPI_LEVEL: two that met in different orders on two
//   processors would wait for each other for ever.
#include "ke/lock_checks.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace mica::ke {

bool NTAPI Barrier::meet(ULONG count) noexcept {
  std::uint32_t const round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return true;
  }
  do Machine::await(round_, round);
  while (round_.load(std::memory_order_acquire) == round);
  return false;
}

void NTAPI take_part_in_ipi_call() noexcept {
  IpiCall& call = state().ipi_call;
  std::uint64_t const self = std::uint64_t{1} << Machine::processor_number();
  if ((call.pending.load(std::memory_order_relaxed) & self) == 0) return;
  static_cast<void>(call.pending.fetch_and(~self, std::memory_order_acquire));
  ULONG const count = call.count;
  static_cast<void>(call.barrier.meet(count));
  {
    InService service{IPI_LEVEL};
    static_cast<void>(call.function(call.context));
  }
  // From here on the next call may fill it anew.
  static_cast<void>(call.barrier.meet(count));
}

}  // namespace mica::ke

namespace {

// What one KeGenericCallDpc is about, on its caller's stack: no routine looks at it when all are
// done.
struct GenericCall {
  ULONG count;
  std::atomic<ULONG> left;
  Barrier barrier;
  KEVENT done;
  KDPC dpcs[max_processors];
};

void NTAPI wait_for(KEVENT& event) noexcept {
  static_cast<void>(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr));
}

// This processor's own DPC, which may wait for the others, runs when all are inserted.
void NTAPI insert(GenericCall& call, PKDEFERRED_ROUTINE routine, PVOID context) noexcept {
  RaiseToDispatch raised;
  for (ULONG number = 0; number < call.count; ++number) {
    KDPC& dpc = call.dpcs[number];
    KeInitializeDpc(&dpc, routine, context);
    KeSetImportanceDpc(&dpc, HighImportance);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(number));
    static_cast<void>(KeInsertQueueDpc(&dpc, &call, &call));
  }
}

}  // namespace

void NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, nullptr);
  State& ke = state();
  GenericCall call;
  wait_for(ke.generic_call);
  call.left = call.count = KeQueryActiveProcessorCount(nullptr);
  KeInitializeEvent(&call.done, NotificationEvent, FALSE);
  insert(call, Routine, Context);
  wait_for(call.done);
  static_cast<void>(KeSetEvent(&ke.generic_call, 0, FALSE));
}

void NTAPI KeSignalCallDpcDone(PVOID SystemArgument1) {
  auto& call = *static_cast<GenericCall*>(SystemArgument1);
  if (call.left.fetch_sub(1, std::memory_order_acq_rel) == 1)
    static_cast<void>(KeSetEvent(&call.done, 0, FALSE));
}

LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2) {
  auto& call = *static_cast<GenericCall*>(SystemArgument2);
  return call.barrier.meet(call.count) ? TRUE : FALSE;
}

ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, nullptr);
  RaiseToDispatch raised;
  IpiCall& call = state().ipi_call;
  // Below IPI_LEVEL, so that whoever is ahead finds this processor too.
  do Machine::await(call.caller, 1u);
  while (call.caller.exchange(1, std::memory_order_acquire) != 0);
  KAFFINITY active = 0;
  call.count = KeQueryActiveProcessorCount(&active);
  KAFFINITY const others = active & ~(KAFFINITY{1} << Machine::processor_number());
  call.function = BroadcastFunction;
  call.context = Context;
  call.pending.store(others, std::memory_order_release);
  for (KAFFINITY rest = others; rest != 0; rest &= rest - 1)
    Machine::send_ipi(static_cast<unsigned>(std::countr_zero(rest)));
  Machine::raise(IPI_LEVEL);
  static_cast<void>(call.barrier.meet(call.count));
  ULONG_PTR const result = BroadcastFunction(Context);
  static_cast<void>(call.barrier.meet(call.count));
  call.caller.store(0, std::memory_order_release);
  return result;
}
