// Connecting interrupts. [MSDN IoConnectInterruptEx, IoConnectInterrupt, IoDisconnectInterruptEx]
//   An interrupt object is a block of the pool; ke calls its routine (ke/device_interrupt.hpp).
#include "ke/device_interrupt.hpp"

#include <nt/ex.h>

#include "io/state.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::io;

namespace {

using Specified = IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

bool valid(Specified const& what) noexcept {
  return what.InterruptObject != nullptr && what.ServiceRoutine != nullptr &&
         what.Vector >= Machine::first_device_vector &&
         what.Vector <= Machine::last_device_vector && what.Irql == what.Vector >> 4 &&
         what.SynchronizeIrql >= what.Irql && what.SynchronizeIrql <= HIGH_LEVEL &&
         (what.InterruptMode == LevelSensitive || what.InterruptMode == Latched);
}

bool has_processor(Specified const& what) noexcept {
  return (what.ProcessorEnableMask & KeQueryActiveProcessors()) != 0;
}

NTSTATUS NTAPI connect(Specified const& what) noexcept {
  if (!valid(what)) return STATUS_INVALID_PARAMETER;
  auto* const interrupt = static_cast<PKINTERRUPT>(ExAllocatePool2(
      POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(_KINTERRUPT), tag_interrupt));
  if (interrupt == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  interrupt->routine = what.ServiceRoutine;
  interrupt->context = what.ServiceContext;
  // Not by the routine: for deadlock detection all interrupts' locks would come from one place.
  interrupt->own_lock = 0;
  interrupt->lock = what.SpinLock != nullptr ? what.SpinLock : &interrupt->own_lock;
  interrupt->processors = what.ProcessorEnableMask;
  interrupt->mode = what.InterruptMode;
  interrupt->vector = static_cast<std::uint8_t>(what.Vector);
  interrupt->synchronize_level = what.SynchronizeIrql;
  interrupt->shared = what.ShareVector != FALSE;
  interrupt->active = true;
  // A routine may use it as soon as it is connected.
  *what.InterruptObject = interrupt;
  if (ke::connect(*interrupt)) return STATUS_SUCCESS;
  *what.InterruptObject = nullptr;
  ExFreePoolWithTag(interrupt, tag_interrupt);
  return STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI connect_specified(Specified const& what, bool with_group) noexcept {
  if (what.PhysicalDeviceObject == nullptr || (with_group && what.Group != 0))
    return STATUS_INVALID_PARAMETER;
  return has_processor(what) ? connect(what) : STATUS_INVALID_PARAMETER_10;
}

// A SynchronizeIrql of 0 leaves it to who assigned the interrupt.
NTSTATUS NTAPI connect_line(IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS const& asked) noexcept {
  if (asked.PhysicalDeviceObject == nullptr) return STATUS_INVALID_PARAMETER;
  InterruptLine line{};
  NTSTATUS const status = state().find_line(*asked.PhysicalDeviceObject, line);
  if (!NT_SUCCESS(status)) return status;
  auto const irql = static_cast<KIRQL>(line.vector >> 4);
  return connect({.PhysicalDeviceObject = asked.PhysicalDeviceObject,
                  .InterruptObject = asked.InterruptObject,
                  .ServiceRoutine = asked.ServiceRoutine,
                  .ServiceContext = asked.ServiceContext,
                  .SpinLock = asked.SpinLock,
                  .SynchronizeIrql = asked.SynchronizeIrql != 0 ? asked.SynchronizeIrql : irql,
                  .FloatingSave = asked.FloatingSave,
                  .ShareVector = line.shared,
                  .Vector = line.vector,
                  .Irql = irql,
                  .InterruptMode = line.latched ? Latched : LevelSensitive,
                  .ProcessorEnableMask = KeQueryActiveProcessors(),
                  .Group = 0});
}

}  // namespace

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                                  KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                  BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                                  BOOLEAN FloatingSave) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, InterruptObject);
  Specified const what{.PhysicalDeviceObject = nullptr,
                       .InterruptObject = InterruptObject,
                       .ServiceRoutine = ServiceRoutine,
                       .ServiceContext = ServiceContext,
                       .SpinLock = SpinLock,
                       .SynchronizeIrql = SynchronizeIrql,
                       .FloatingSave = FloatingSave,
                       .ShareVector = ShareVector,
                       .Vector = Vector,
                       .Irql = Irql,
                       .InterruptMode = InterruptMode,
                       .ProcessorEnableMask = ProcessorEnableMask,
                       .Group = 0};
  return has_processor(what) ? connect(what) : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Parameters);
  switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
      return connect_specified(Parameters->FullySpecified, false);
    case CONNECT_FULLY_SPECIFIED_GROUP:
      return connect_specified(Parameters->FullySpecified, true);
    case CONNECT_LINE_BASED:
      return connect_line(Parameters->LineBased);
    case CONNECT_MESSAGE_BASED:
      return Parameters->MessageBased.PhysicalDeviceObject != nullptr ? STATUS_NOT_FOUND
                                                                      : STATUS_INVALID_PARAMETER;
    default:
      return STATUS_INVALID_PARAMETER_1;
  }
}

void NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, InterruptObject);
  ke::disconnect(*InterruptObject);
  ExFreePoolWithTag(InterruptObject, tag_interrupt);
}

void NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Parameters);
  IoDisconnectInterrupt(Parameters->ConnectionContext.InterruptObject);
}

void NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Parameters);
  ke::set_active(*Parameters->ConnectionContext.InterruptObject, false);
}

void NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Parameters);
  ke::set_active(*Parameters->ConnectionContext.InterruptObject, true);
}
