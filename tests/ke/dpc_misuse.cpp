// What a DPC and a service routine may not do with their level, and their thread's APCs.
#include <mica/system.hpp>

#include <nt/io.h>
#include <nt/ps.h>
#include <mica/test.hpp>

#include <utility>

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

// The routine owns it for the thread that it interrupted.
TEST_CASE("ke: a DPC routine that keeps a mutex stops") {
  static KMUTEX mutex;
  static KDPC dpc;
  mica::System system;
  static constexpr auto routine = [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
    LARGE_INTEGER now{};
    static_cast<void>(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &now));
  };
  mica::Outcome const end = system.try_run([] {
    KeInitializeMutex(&mutex, 0);
    KeInitializeDpc(&dpc, routine, nullptr);
    KeEnterCriticalRegion();
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  });
  CHECK(end.is_bugcheck(TIMER_OR_DPC_INVALID, 4));
  CHECK(end.parameters()[1] ==
        reinterpret_cast<ULONG_PTR>(static_cast<PKDEFERRED_ROUTINE>(routine)));
  CHECK(end.parameters()[2] == 0xFFFF);
  CHECK(end.parameters()[3] == 0xFFFE);
}

TEST_CASE("ke: a threaded DPC routine that stays in a region stops") {
  static KDPC dpc;
  for (auto const& [enter, count] : {std::pair{&KeEnterCriticalRegion, 0xFFFFu},
                                     std::pair{&KeEnterGuardedRegion, 0xFFFF'0000u}}) {
    mica::System system;
    mica::Outcome const end = system.try_run([enter = enter] {
      auto call = [](PKDPC, PVOID context, PVOID, PVOID)
                      NTAPI { reinterpret_cast<void(NTAPI*)()>(context)(); };
      KeInitializeThreadedDpc(&dpc, call, reinterpret_cast<PVOID>(enter));
      static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
      mica::test::sleep(mica::test::millisecond_100ns);
    });
    CHECK(end.is_bugcheck(TIMER_OR_DPC_INVALID, 4));
    CHECK(end.parameters()[2] == 0);
    CHECK(end.parameters()[3] == count);
  }
}

TEST_CASE("ke: a DPC routine may take a mutex and give it back") {
  static KMUTEX mutex;
  static KDPC dpc;
  mica::System system;
  system.run([] {
    auto routine = [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
      LARGE_INTEGER now{};
      static_cast<void>(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &now));
      static_cast<void>(KeReleaseMutex(&mutex, FALSE));
    };
    KeInitializeMutex(&mutex, 0);
    KeInitializeDpc(&dpc, routine, nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
    MICA_CHECK(KeReadStateMutex(&mutex) == 1);
  });
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
