// Interrupt objects: when routines run, and who is kept from running meanwhile.
//                               [MSDN IoConnectInterruptEx, KeSynchronizeExecution]
#include "interrupt_support.hpp"

using namespace mica::test;

MICA_CASE(
    "Io: a connected routine runs at its DIRQL when its device interrupts, on any processor") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  for (ULONG processor = 0; processor < processors(); ++processor) {
    int const before = device.served;
    device.ask(processor);
    until([&] { return device.served == before + 1; });
  }
  MICA_CHECK(device.calls == device.served);
}

MICA_CASE("Io: an interrupt of every device level reaches its routine") {
  for (UCHAR level = 3; level <= 12; ++level) {
    Device device;
    device.vector = static_cast<UCHAR>(level << 4 | level);
    device.level = level;
    MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
    device.ask();
    until([&] { return device.quiet(); });
    MICA_CHECK(device.calls == 1);
  }
}

MICA_CASE("Io: DIRQL keeps a device's interrupt waiting, a lower level does not") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  KeSetSystemAffinityThread(1);
  {
    AtLevel raised{device_irql};
    device.ask(0);
    KeStallExecutionProcessor(50);
    MICA_CHECK(device.served == 0);
    KIRQL const below = device_irql - 1;
    KeLowerIrql(below);
    while (device.served == 0) KeStallExecutionProcessor(1);
    MICA_CHECK(KeGetCurrentIrql() == below);
  }
  KeRevertToUserAffinityThread();
  MICA_CHECK(device.served == 1);
}

MICA_CASE("Io: a disconnected routine is not called, and its vector can be connected anew") {
  Device first;
  MICA_REQUIRE(first.connect() == STATUS_SUCCESS);
  IO_DISCONNECT_INTERRUPT_PARAMETERS parameters{};
  parameters.Version = CONNECT_FULLY_SPECIFIED;
  parameters.ConnectionContext.InterruptObject = first.object;
  IoDisconnectInterruptEx(&parameters);
  first.object = nullptr;
  interrupt(0, device_vector);  // nobody's
  Device second;
  MICA_REQUIRE(second.connect() == STATUS_SUCCESS);
  second.ask();
  until([&] { return second.quiet(); });
  MICA_CHECK(first.calls == 0);
}

MICA_CASE("Io: an inactive interrupt's routine is not called until it is active again") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters{};
  parameters.Version = CONNECT_FULLY_SPECIFIED;
  parameters.ConnectionContext.InterruptObject = device.object;
  IoReportInterruptInactive(&parameters);
  device.ask();
  sleep(2 * millisecond_100ns);
  MICA_CHECK(device.calls == 0);
  IoReportInterruptActive(&parameters);
  interrupt(0, device_vector);
  until([&] { return device.quiet(); });
  MICA_CHECK(device.calls == 1);
}

MICA_CASE("Io: an inactive interrupt claims nothing that is for others on its vector") {
  Device inactive, active;
  for (Device* const device : {&inactive, &active})
    MICA_REQUIRE(device->connect(TRUE) == STATUS_SUCCESS);
  IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters{};
  parameters.Version = CONNECT_FULLY_SPECIFIED;
  parameters.ConnectionContext.InterruptObject = inactive.object;
  IoReportInterruptInactive(&parameters);
  active.ask();
  until([&] { return active.quiet(); });
  MICA_CHECK(inactive.calls == 0);
}

MICA_CASE("Io: a routine is not called on a processor outside its mask") {
  Device device;
  Driver driver;
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = device.parameters(driver.make());
  ULONG const last = processors() - 1;
  parameters.FullySpecified.ProcessorEnableMask = KAFFINITY{1} << last;
  MICA_REQUIRE(IoConnectInterruptEx(&parameters) == STATUS_SUCCESS);
  if (last != 0) {
    interrupt(0, device_vector);
    sleep(2 * millisecond_100ns);
    MICA_CHECK(device.calls == 0);
  }
  device.ask(last);
  until([&] { return device.quiet(); });
  MICA_CHECK(device.calls == 1);
}

MICA_CASE("Io: on a shared level-sensitive vector routines are called until one claims") {
  Device devices[3];
  for (Device& device : devices) MICA_REQUIRE(device.connect(TRUE) == STATUS_SUCCESS);
  devices[1].ask();
  until([&] { return devices[1].quiet(); });
  MICA_CHECK(devices[0].calls == 1 && devices[1].calls == 1 && devices[2].calls == 0);
  // Of two that interrupt at once each gets attention: the line stays raised.
  ++devices[2].asks;
  interrupt(0, device_vector);
  until([&] { return devices[2].quiet(); });
  MICA_CHECK(devices[0].calls == 2 && devices[1].calls == 2 && devices[2].calls == 1);
  // Who stood in the middle is gone; the others are still called in their order.
  IoDisconnectInterrupt(devices[1].object);
  devices[1].object = nullptr;
  devices[2].ask();
  until([&] { return devices[2].quiet(); });
  MICA_CHECK(devices[0].calls == 3 && devices[1].calls == 2 && devices[2].calls == 2);
}

MICA_CASE("Io: on a shared latched vector all are called, again until none claims") {
  std::atomic<std::uint32_t> order{0};
  Device devices[3];
  for (std::uint32_t i = 0; i < 3; ++i) {
    devices[i].level_sensitive = false;
    devices[i].order = &order;
    devices[i].digit = i + 1;
    MICA_REQUIRE(devices[i].connect(TRUE) == STATUS_SUCCESS);
  }
  devices[0].asks = 1;
  devices[2].asks = 2;
  interrupt(0, device_vector);  // one edge for all
  until([&] { return devices[0].quiet() && devices[2].quiet(); });
  MICA_CHECK(order == 133);
  until([&] { return devices[2].calls == 3; });
  for (Device const& device : devices) MICA_CHECK(device.calls == 3);
}

MICA_CASE("Io: a latched interrupt that is alone on its vector is asked once for each edge") {
  Device device;
  device.level_sensitive = false;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  device.asks = 3;
  interrupt(0, device_vector);
  until([&] { return device.calls != 0; });
  sleep(millisecond_100ns);
  MICA_CHECK(device.calls == 1 && device.asks == 2);
}

MICA_CASE("Io: a routine runs at its SynchronizeIrql, under the lock that its driver gave") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  struct Pair {
    Device device;
    KSPIN_LOCK* lock;
  } pair;
  pair.lock = &lock;
  auto routine = [](PKINTERRUPT, PVOID context) NTAPI -> BOOLEAN {
    auto& self = *static_cast<Pair*>(context);
    if (KeGetCurrentIrql() != 9) self.device.line = __LINE__;
    if (KeTestSpinLock(self.lock) != FALSE) self.device.line = __LINE__;
    ++self.device.served;
    return TRUE;
  };
  MICA_REQUIRE(IoConnectInterrupt(&pair.device.object, routine, &pair, &lock, device_vector,
                                  device_irql, 9, LevelSensitive, FALSE, any_processor,
                                  FALSE) == STATUS_SUCCESS);
  interrupt(0, device_vector);
  until([&] { return pair.device.served == 1; });
  MICA_CHECK(KeTestSpinLock(&lock) != FALSE);
}

MICA_CASE("Ke: KeSynchronizeExecution runs its routine at SynchronizeIrql, and says what it says") {
  Device device;
  device.level = 8;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  KIRQL seen = 0;
  auto yes = [](PVOID level) NTAPI -> BOOLEAN {
    *static_cast<KIRQL*>(level) = KeGetCurrentIrql();
    return TRUE;
  };
  auto no = [](PVOID) NTAPI -> BOOLEAN { return FALSE; };
  for (KIRQL const level : {PASSIVE_LEVEL, DISPATCH_LEVEL, 8}) {
    AtLevel raised{static_cast<KIRQL>(level)};
    seen = 0;
    MICA_CHECK(KeSynchronizeExecution(device.object, yes, &seen) == TRUE);
    MICA_CHECK(seen == 8 && KeGetCurrentIrql() == level);
    MICA_CHECK(KeSynchronizeExecution(device.object, no, nullptr) == FALSE);
  }
}

MICA_CASE("Ke: who holds an interrupt's spin lock keeps its routine waiting on every processor") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  KeSetSystemAffinityThread(1);
  for (ULONG processor = 0; processor < processors(); ++processor) {
    int const before = device.served;
    KIRQL const old = KeAcquireInterruptSpinLock(device.object);
    MICA_CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == device_irql);
    device.ask(processor);
    KeStallExecutionProcessor(50);
    MICA_CHECK(device.calls == before);
    KeReleaseInterruptSpinLock(device.object, old);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    until([&] { return device.served == before + 1; });
  }
  KeRevertToUserAffinityThread();
}

MICA_CASE("Ke: releasing an interrupt's spin lock goes back to the level it was acquired at") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  AtLevel const raised{DISPATCH_LEVEL};
  KIRQL const old = KeAcquireInterruptSpinLock(device.object);
  MICA_CHECK(old == DISPATCH_LEVEL && KeGetCurrentIrql() == device_irql);
  KeReleaseInterruptSpinLock(device.object, old);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
}

MICA_CASE("Ke: a routine's DPC runs after it") {
  struct {
    Device device;
    KDPC dpc;
    std::atomic<int> ran{0};
  } both;
  KeInitializeDpc(
      &both.dpc,
      [](PKDPC, PVOID context, PVOID, PVOID)
          NTAPI { ++static_cast<decltype(both)*>(context)->ran; },
      &both);
  auto routine = [](PKINTERRUPT, PVOID context) NTAPI -> BOOLEAN {
    auto& self = *static_cast<decltype(both)*>(context);
    KeInsertQueueDpc(&self.dpc, nullptr, nullptr);
    if (self.ran != 0) self.device.line = __LINE__;
    return TRUE;
  };
  MICA_REQUIRE(IoConnectInterrupt(&both.device.object, routine, &both, nullptr, device_vector,
                                  device_irql, device_irql, LevelSensitive, FALSE, any_processor,
                                  FALSE) == STATUS_SUCCESS);
  interrupt(0, device_vector);
  until([&] { return both.ran == 1; });
}

MICA_CASE("Ke: a DPC of low importance that a routine inserts on an idle processor does not wait") {
  if (processors() == 1) return;  // the only one runs this
  KEVENT ran;
  KeInitializeEvent(&ran, NotificationEvent, FALSE);
  KDPC dpc;
  auto set = [](PKDPC, PVOID event, PVOID, PVOID)
                 NTAPI { KeSetEvent(static_cast<PRKEVENT>(event), 0, FALSE); };
  KeInitializeDpc(&dpc, set, &ran);
  KeSetImportanceDpc(&dpc, LowImportance);
  auto insert = [](PKINTERRUPT, PVOID context) NTAPI -> BOOLEAN {
    return KeInsertQueueDpc(static_cast<PKDPC>(context), nullptr, nullptr);
  };
  PKINTERRUPT object = nullptr;
  MICA_REQUIRE(IoConnectInterrupt(&object, insert, &dpc, nullptr, device_vector, device_irql,
                                  device_irql, Latched, FALSE, any_processor,
                                  FALSE) == STATUS_SUCCESS);
  KeSetSystemAffinityThread(1);
  // A tick would find it, too; on a machine that is slow one may come between.
  bool before_tick = false;
  for (int attempt = 0; attempt < 50 && !before_tick; ++attempt) {
    sleep(2 * millisecond_100ns);
    LARGE_INTEGER asked, found;
    KeQueryTickCount(&asked);
    mica::test::interrupt(1, device_vector);
    MICA_CHECK(wait(&ran) == STATUS_SUCCESS);
    KeQueryTickCount(&found);
    before_tick = found.QuadPart == asked.QuadPart;
    KeClearEvent(&ran);
  }
  MICA_CHECK(before_tick);
  KeRevertToUserAffinityThread();
  IoDisconnectInterrupt(object);
}
