// What deadlock detection says of locks that interrupts take and that are held where one may come.
#include "deadlock_support.hpp"
#include "interrupt_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG_PTR lock_level = 0x4D43'0001;  // Mica's own: no documented rule is about it

// The device's interrupt takes its lock, once.
void take_in_interrupt(Device& device, InPool<Plain>& lock) noexcept {
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  device.ask();
  until([&] { return device.quiet(); });
}

}  // namespace

MICA_CASE(
    "Io: a lock of an interrupt that is held where the interrupt may come is violation 4D430001") {
  DeadlockDetection detection;
  InPool<Plain> lock;
  Device device;
  take_in_interrupt(device, lock);
  Bugcheck const end = bugcheck_of([&] { lock->take(); });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: a lock that is taken inside an interrupt's is held at the interrupt's level") {
  DeadlockDetection detection;
  InPool<Plain> lock, inner;
  Device device;
  take_in_interrupt(device, lock);
  KIRQL const old = KeAcquireInterruptSpinLock(device.object);
  KeAcquireSpinLockAtDpcLevel(&inner->lock);
  KeReleaseSpinLockFromDpcLevel(&inner->lock);
  KeReleaseInterruptSpinLock(device.object, old);
  Bugcheck const end = bugcheck_of([&] { inner->take(); });
  MICA_CHECK(violates(end, lock_level, inner.address(), device_irql, DISPATCH_LEVEL));
  // What was told is not told again when something else is new.
  InPool<Plain> one, another;
  nest(one, another);
}

MICA_CASE("Io: a lock that was held is not to be taken inside an interrupt's later") {
  DeadlockDetection detection;
  InPool<Plain> lock, inner;
  Device device;
  take_in_interrupt(device, lock);
  inner->take();
  inner->give();
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeAcquireInterruptSpinLock(device.object));
    KeAcquireSpinLockAtDpcLevel(&inner->lock);
  });
  MICA_CHECK(violates(end, lock_level, inner.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: a try may not take an interrupt's lock where the interrupt may come, either") {
  DeadlockDetection detection;
  InPool<Plain> lock;
  Device device;
  take_in_interrupt(device, lock);
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    static_cast<void>(KeTryToAcquireSpinLockAtDpcLevel(&lock->lock));
  });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: an interrupt that comes in a DPC takes its lock as an interrupt") {
  DeadlockDetection detection;
  InPool<Plain> lock, held;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  struct Interrupted {
    Device& device;
    PKSPIN_LOCK held;
  } interrupted{device, &held->lock};
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& [device, held] = *static_cast<Interrupted*>(context);
        KeAcquireSpinLockAtDpcLevel(held);
        device.ask(KeGetCurrentProcessorNumberEx(nullptr));
        while (!device.quiet()) KeStallExecutionProcessor(1);
        KeReleaseSpinLockFromDpcLevel(held);
      },
      &interrupted);
  static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  KeFlushQueuedDpcs();
  // Not inside the lock that the DPC held: an interrupt has no order with what it interrupts.
  Bugcheck const order = bugcheck_of([&] {
    static_cast<void>(KeAcquireInterruptSpinLock(device.object));
    KeAcquireSpinLockAtDpcLevel(&held->lock);
  });
  MICA_CHECK(violates(order, lock_level, held.address(), device_irql, DISPATCH_LEVEL));
  Bugcheck const end = bugcheck_of([&] { lock->take(); });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Ke: lowering the level beneath a lock that a DPC takes is violation 4D430001") {
  DeadlockDetection detection;
  InPool<Plain> first, second, other;
  auto take_in_dpc = [](InPool<Plain>& lock) {
    KDPC dpc;
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
          auto* const taken = static_cast<PKSPIN_LOCK>(context);
          KeAcquireSpinLockAtDpcLevel(taken);
          KeReleaseSpinLockFromDpcLevel(taken);
        },
        &lock->lock);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  };
  take_in_dpc(first);
  Bugcheck const one = bugcheck_of([&] {
    first->take();
    MICA_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&other->lock));  // no DPC takes this one
    KeLowerIrql(PASSIVE_LEVEL);
  });
  MICA_CHECK(violates(one, lock_level, first.address(), DISPATCH_LEVEL, PASSIVE_LEVEL));
  KeInitializeSpinLock(&first->lock);
  take_in_dpc(first);
  take_in_dpc(second);
  // The last that was taken is told.
  Bugcheck const both = bugcheck_of([&] {
    first->take();
    KeAcquireSpinLockAtDpcLevel(&second->lock);
    KeLowerIrql(APC_LEVEL);
  });
  MICA_CHECK(violates(both, lock_level, second.address(), DISPATCH_LEVEL, APC_LEVEL));
}
