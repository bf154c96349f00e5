// The DPC watchdog: what runs for too long where nothing else can run.
#include "ke/dpc_watchdog.hpp"

#include <algorithm>

#include "ke/interrupts.hpp"
#include "ke/irql.hpp"

using namespace mica;
using namespace mica::ke;

namespace mica::ke {
namespace {

constexpr ULONG_PTR one_routine = 0;   // DPC_WATCHDOG_VIOLATION: it ran for too long
constexpr ULONG_PTR all_together = 1;  // the processor was not below DISPATCH_LEVEL for too long

// Only this processor's clock counts; what it interrupted may begin a routine, never meanwhile.
ULONG NTAPI count(std::atomic<ULONG>& ticks) noexcept {
  ULONG const now = ticks.load(std::memory_order_relaxed) + 1;
  ticks.store(now, std::memory_order_relaxed);
  return now;
}

void NTAPI watch_routine(std::atomic<ULONG>& ticks, ULONG limit) noexcept {
  if (ULONG const ran = count(ticks); ran > limit && limit != 0) [[unlikely]]
    bugcheck(DPC_WATCHDOG_VIOLATION, one_routine, ran, limit);
}

bool NTAPI runs_threaded_dpc(Processor const& processor) noexcept {
  return processor.threaded.runner.load(std::memory_order_relaxed) == Machine::current_thread();
}

}  // namespace

void NTAPI watch_idle_dpcs(Processor& processor) noexcept {
  at_dispatch.assert_held();
  if (Machine::current_thread() == &processor.idle) arm_clock();
}

void NTAPI watch_dpcs(Processor& processor, KIRQL interrupted) noexcept {
  DpcLimits const& limits = processor.ke->dpc_limits;
  DpcTimes& times = processor.dpc_times;
  if (processor.in_dpc.load(std::memory_order_relaxed))
    watch_routine(times.single, limits.single);
  else if (runs_threaded_dpc(processor))
    watch_routine(times.threaded, limits.single);
  if (interrupted < DISPATCH_LEVEL)
    times.together.store(0, std::memory_order_relaxed);
  else if (count(times.together) >= limits.together && limits.together != 0) [[unlikely]]
    bugcheck(DPC_WATCHDOG_VIOLATION, all_together, limits.together);
}

}  // namespace mica::ke

namespace {

[[nodiscard]] ULONG left_of(ULONG limit, ULONG used) noexcept {
  return limit - std::min(limit, used);
}

// A processor that runs no DPC has used nothing of the time for one.
[[nodiscard]] ULONG used_of_single(Processor const& processor) noexcept {
  DpcTimes const& times = processor.dpc_times;
  if (processor.in_dpc.load(std::memory_order_relaxed))
    return times.single.load(std::memory_order_relaxed);
  return runs_threaded_dpc(processor) ? times.threaded.load(std::memory_order_relaxed) : 0;
}

}  // namespace

NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation) {
  bool const raised = Machine::irql() >= DISPATCH_LEVEL;
  KDPC_WATCHDOG_INFORMATION now;
  {
    // The caller stays on this processor, and no tick comes between the two counts.
    RaiseToHigh const unticked;
    Processor const& processor = current();
    if (!raised && !runs_threaded_dpc(processor)) return STATUS_UNSUCCESSFUL;
    DpcLimits const& limits = processor.ke->dpc_limits;
    ULONG const together =
        raised ? processor.dpc_times.together.load(std::memory_order_relaxed) : 0;
    now = {
        .DpcTimeLimit = limits.single,
        .DpcTimeCount = left_of(limits.single, used_of_single(processor)),
        .DpcWatchdogLimit = limits.together,
        .DpcWatchdogCount = left_of(limits.together, together),
        .Reserved = 0,
    };
  }
  *WatchdogInformation = now;
  return STATUS_SUCCESS;
}
