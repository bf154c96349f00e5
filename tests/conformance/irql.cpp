#include <mica/test.hpp>

using namespace mica::test;

MICA_CASE("Ke: a system thread runs at PASSIVE_LEVEL") {
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: raising returns the level before, lowering restores it") {
  KIRQL old = HIGH_LEVEL;
  KeRaiseIrql(APC_LEVEL, &old);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  MICA_CHECK(KeRaiseIrqlToDpcLevel() == APC_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(KeRaiseIrqlToSynchLevel() == DISPATCH_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == SYNCH_LEVEL);
  MICA_CHECK(KfRaiseIrql(HIGH_LEVEL) == SYNCH_LEVEL);
  KeLowerIrql(DISPATCH_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: the level one is at may be raised to and lowered to") {
  KIRQL const old = KfRaiseIrql(DISPATCH_LEVEL);
  MICA_CHECK(KfRaiseIrql(DISPATCH_LEVEL) == DISPATCH_LEVEL);
  KeLowerIrql(DISPATCH_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
}

MICA_CASE("Ke: KeRaiseIrql to a lower level is a violation") {
  Bugcheck const end = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(DISPATCH_LEVEL));
    static_cast<void>(KfRaiseIrql(APC_LEVEL));
  });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x30);
  MICA_CHECK(end.parameters[1] == DISPATCH_LEVEL);
  MICA_CHECK(end.parameters[2] == APC_LEVEL);
}

MICA_CASE("Ke: KeRaiseIrql above HIGH_LEVEL is a violation") {
  Bugcheck const end = bugcheck_of([] { static_cast<void>(KfRaiseIrql(HIGH_LEVEL + 1)); });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x30);
  MICA_CHECK(end.parameters[1] == PASSIVE_LEVEL);
  MICA_CHECK(end.parameters[2] == HIGH_LEVEL + 1);
}

MICA_CASE("Ke: KeRaiseIrqlToDpcLevel above DISPATCH_LEVEL is a violation") {
  Bugcheck const end = bugcheck_of([] {
    static_cast<void>(KeRaiseIrqlToSynchLevel());
    static_cast<void>(KeRaiseIrqlToDpcLevel());
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             end.parameters[0] == 0x30);
}

MICA_CASE("Ke: KeRaiseIrqlToSynchLevel above SYNCH_LEVEL is a violation") {
  Bugcheck const end = bugcheck_of([] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    static_cast<void>(KeRaiseIrqlToSynchLevel());
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
             end.parameters[0] == 0x30);
}

MICA_CASE("Ke: KeLowerIrql to a higher level is a violation") {
  Bugcheck const end = bugcheck_of([] { KeLowerIrql(APC_LEVEL); });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x31);
  MICA_CHECK(end.parameters[1] == PASSIVE_LEVEL);
  MICA_CHECK(end.parameters[2] == APC_LEVEL);
  MICA_CHECK(end.parameters[3] == 0);
}

MICA_CASE("Ke: at DISPATCH_LEVEL a thread stays on its processor") {
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ULONG const number = KeGetCurrentProcessorNumberEx(nullptr);
  for (int i = 0; i < 100; ++i) {
    KeStallExecutionProcessor(1);
    MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == number);
  }
  KeLowerIrql(old);
}

MICA_CASE("Ke: a DPC may raise its level and comes back to DISPATCH_LEVEL") {
  KIRQL seen[3] = {};
  KDPC dpc;
  auto routine = [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
    auto* const levels = static_cast<KIRQL*>(context);
    levels[0] = KfRaiseIrql(HIGH_LEVEL);
    levels[1] = KeGetCurrentIrql();
    KeLowerIrql(DISPATCH_LEVEL);
    levels[2] = KeGetCurrentIrql();
  };
  KeInitializeDpc(&dpc, routine, seen);
  MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  KeFlushQueuedDpcs();
  MICA_CHECK(seen[0] == DISPATCH_LEVEL && seen[1] == HIGH_LEVEL && seen[2] == DISPATCH_LEVEL);
}
