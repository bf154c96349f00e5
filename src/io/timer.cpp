// Timers of devices.                            [MSDN IoInitializeTimer, IoStartTimer, IoStopTimer]
//   Each second a DPC calls the routines of those that run, one after the other and no lock held.
//   Whom it has called goes to the end of the list; so does who starts meanwhile, as if it had been
//   called. The device is referenced while its routine runs.
#include "io/timer.hpp"

#include "base/list.hpp"
#include "io/device.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

constexpr LONG second_ms = 1000;
constexpr LONGLONG second_100ns = 10'000'000;

// The next that is to be called in this second, referenced; null: there is none.
DeviceTimer* NTAPI begin_call(Timers& timers) noexcept {
  ke::SpinGuardAtDispatch guard{timers.lock};
  if (list_empty(timers.running)) return nullptr;
  DeviceTimer& timer = MICA_CONTAINING(*timers.running.Flink, DeviceTimer, entry);
  if (timer.second == timers.second) return nullptr;
  timer.second = timers.second;
  list_remove(timer.entry);
  list_append(timers.running, timer.entry);
  ObfReferenceObject(timer.device);
  timers.processor = KeGetCurrentProcessorNumberEx(nullptr);
  timers.called.store(timer.device, std::memory_order_relaxed);
  return &timer;
}

void NTAPI tick(PKDPC, PVOID context, PVOID, PVOID) noexcept {
  Timers& timers = *static_cast<Timers*>(context);
  {
    ke::SpinGuardAtDispatch guard{timers.lock};
    ++timers.second;
  }
  while (DeviceTimer* const timer = begin_call(timers)) {
    PDEVICE_OBJECT const device = timer->device;
    timer->routine(device, timer->context);
    timers.called.store(nullptr, std::memory_order_release);
    ObfDereferenceObject(device);
  }
}

// Stops it. Whether its routine may still run: not where one was called last; at DISPATCH_LEVEL, on
// the processor of the call, nobody but the routine itself comes here.
[[nodiscard]] bool NTAPI leave(Timers& timers, DeviceTimer& timer) noexcept {
  ke::SpinGuard guard{timers.lock};
  if (timer.runs) {
    timer.runs = false;
    list_remove(timer.entry);
    if (list_empty(timers.running)) static_cast<void>(KeCancelTimer(&timers.clock));
  }
  return timers.processor != KeGetCurrentProcessorNumberEx(nullptr);
}

}  // namespace

void NTAPI initialize_timers(Timers& timers) noexcept MICA_NO_ANALYSIS {
  list_initialize(timers.running);
  KeInitializeTimerEx(&timers.clock, SynchronizationTimer);
  KeInitializeDpc(&timers.tick, tick, &timers);
}

}  // namespace mica::io

using namespace mica;
using namespace mica::io;

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine,
                                 PVOID Context) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, DeviceObject);
  DeviceTimer& timer = extension_of(*DeviceObject).timer;
  timer.type = IO_TYPE_TIMER;
  timer.device = DeviceObject;
  timer.routine = TimerRoutine;
  timer.context = Context;
  DeviceObject->Timer = &timer;
  return STATUS_SUCCESS;
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceObject);
  Timers& timers = state().timers;
  auto& timer = *static_cast<DeviceTimer*>(DeviceObject->Timer);
  ke::SpinGuard guard{timers.lock};
  if (timer.runs) return;
  timer.runs = true;
  timer.second = timers.second;
  bool const first = list_empty(timers.running);
  list_append(timers.running, timer.entry);
  if (!first) return;
  LARGE_INTEGER const due{.QuadPart = -second_100ns};
  static_cast<void>(KeSetTimerEx(&timers.clock, due, second_ms, &timers.tick));
}

VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceObject);
  Timers& timers = state().timers;
  auto& timer = *static_cast<DeviceTimer*>(DeviceObject->Timer);
  if (!leave(timers, timer)) return;
  while (timers.called.load(std::memory_order_acquire) == DeviceObject)
    Machine::await(timers.called, DeviceObject);
}
