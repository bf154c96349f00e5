// What a DPC and a service routine may not do with their level.
#include <mica/system.hpp>

#include <mica/test.hpp>
#include <nt/io.h>
#include <nt/ps.h>

#include "catch.hpp"

TEST_CASE("ke: a DPC that returns above DISPATCH_LEVEL stops") {
  mica::System system;
  mica::Outcome const end = system.try_run([] {
    auto routine = [](PKDPC, PVOID, PVOID, PVOID)
                       NTAPI { static_cast<void>(KfRaiseIrql(HIGH_LEVEL)); };
    KDPC dpc;
    KeInitializeDpc(&dpc, routine, &dpc);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  });
  CHECK(end.is_bugcheck(IRQL_UNEXPECTED_VALUE, HIGH_LEVEL << 16 | DISPATCH_LEVEL << 8 | 2));
}

TEST_CASE("ke: a DPC that lowers IRQL is a violation") {
  mica::System system;
  mica::Outcome const end = system.try_run([] {
    auto routine = [](PKDPC, PVOID, PVOID, PVOID) NTAPI { KeLowerIrql(PASSIVE_LEVEL); };
    KDPC dpc;
    KeInitializeDpc(&dpc, routine, nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  });
  CHECK(end.is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x31));
  CHECK(end.parameters()[1] == DISPATCH_LEVEL);
  CHECK(end.parameters()[2] == PASSIVE_LEVEL);
  CHECK(end.parameters()[3] == 1);
}

TEST_CASE("ke: a DPC routine that attaches its processor's thread stops") {
  mica::System system;
  mica::Outcome const end = system.try_run([] {
    auto routine = [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
      KAPC_STATE state;
      KeStackAttachProcess(reinterpret_cast<PRKPROCESS>(PsInitialSystemProcess), &state);
    };
    KDPC dpc;
    KeInitializeDpc(&dpc, routine, nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  });
  CHECK(end.is_bugcheck(INVALID_PROCESS_ATTACH_ATTEMPT));
  CHECK(end.parameters()[0] == end.parameters()[1]);
  CHECK(end.parameters()[2] == 0);
  CHECK(end.parameters()[3] == 1);
}

TEST_CASE("ke: a service routine that returns at another level is a violation") {
  mica::System system;
  mica::Outcome const end = system.try_run([] {
    auto routine = [](PKINTERRUPT, PVOID) NTAPI -> BOOLEAN {
      static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
      return TRUE;
    };
    PKINTERRUPT interrupt;
    MICA_CHECK(IoConnectInterrupt(&interrupt, routine, nullptr, nullptr, 0x51, 5, 6, Latched, FALSE,
                                  1, FALSE) == STATUS_SUCCESS);
    mica::test::interrupt(0, 0x51);
    mica::test::sleep(mica::test::millisecond_100ns);
  });
  CHECK(end.is_bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x111));
  CHECK(end.parameters()[2] == 6);
  CHECK(end.parameters()[3] == HIGH_LEVEL);
}
