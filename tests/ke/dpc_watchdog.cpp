// The DPC watchdog, to the tick: 20 ticks for one routine, 50 for all together.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <nt/ke.h>

#include "catch.hpp"
#include "conformance/support.hpp"

namespace {

using mica::test::millisecond_100ns;

constexpr char const* limits = "dpc-timeout-ms=20 dpc-watchdog-ms=50";

// Each of its steps is far less than a tick, so no tick is missed.
void spend(unsigned duration_ms) {
  for (unsigned i = 0; i < duration_ms * 20; ++i) KeStallExecutionProcessor(50);
}

void NTAPI spend_in_dpc(PKDPC, PVOID duration_ms, PVOID, PVOID) {
  spend(static_cast<unsigned>(reinterpret_cast<ULONG_PTR>(duration_ms)));
}

PVOID milliseconds(unsigned duration_ms) {
  return reinterpret_cast<PVOID>(ULONG_PTR{duration_ms});
}

// A DPC of that duration on processor 1 while that has nothing to do, and on this one.
template <class Initialize>
void run_dpcs(Initialize initialize, unsigned duration_ms, unsigned processor) {
  KDPC dpc;
  initialize(&dpc, spend_in_dpc, milliseconds(duration_ms));
  KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(processor));
  static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  mica::test::sleep(100 * millisecond_100ns);
}

mica::Outcome outcome_of(std::string options, void (*body)()) {
  mica::System system{{.processors = 2, .options = std::move(options)}};
  return system.try_run(body);
}

}  // namespace

TEST_CASE("ke: a DPC that runs longer than its time stops the system") {
  for (auto body :
       {+[] { run_dpcs(KeInitializeDpc, 30, 0); }, +[] { run_dpcs(KeInitializeDpc, 30, 1); },
        +[] { run_dpcs(KeInitializeThreadedDpc, 30, 0); }}) {
    mica::Outcome const end = outcome_of(limits, body);
    INFO(end.report());
    CHECK(end.is_bugcheck(DPC_WATCHDOG_VIOLATION, 0));
    CHECK(end.parameters()[1] == 21);
    CHECK(end.parameters()[2] == 20);
    CHECK(end.parameters()[3] == 0);
  }
}

TEST_CASE("ke: a limit that is no number stops the system before it starts") {
  for (char const* const wrong : {"soon", "", "20ms", "-1", "4294967296"}) {
    mica::Outcome const end = outcome_of(std::string{"dpc-timeout-ms="} + wrong, [] {});
    INFO(wrong);
    CHECK(end.is_bugcheck(PHASE0_INITIALIZATION_FAILED, 3));
  }
  CHECK(outcome_of("dpc-timeout-ms=4294967295", [] {}).completed());
}

TEST_CASE("ke: a DPC that keeps to its time does not, however many there are") {
  for (auto body :
       {+[] { run_dpcs(KeInitializeDpc, 19, 0); }, +[] { run_dpcs(KeInitializeDpc, 19, 1); },
        +[] {
          for (int i = 0; i < 4; ++i) run_dpcs(KeInitializeDpc, 19, 1);
        },
        +[] {
          for (int i = 0; i < 4; ++i) run_dpcs(KeInitializeThreadedDpc, 19, 0);
        }}) {
    mica::Outcome const end = outcome_of(limits, body);
    INFO(end.report());
    CHECK(end.completed());
  }
}

TEST_CASE("ke: too long at DISPATCH_LEVEL stops the system, in a thread, in DPCs, in both") {
  auto thread = [] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    spend(60);
    KeLowerIrql(old);
  };
  auto row = [] {
    KDPC dpcs[4];
    {
      mica::test::AtLevel const raised{DISPATCH_LEVEL};
      for (KDPC& dpc : dpcs) {
        KeInitializeDpc(&dpc, spend_in_dpc, milliseconds(18));
        KeSetTargetProcessorDpc(&dpc, 1);
        static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
      }
    }
    mica::test::sleep(200 * millisecond_100ns);
  };
  auto both = [] {
    KDPC dpc;
    mica::test::AtLevel const raised{DISPATCH_LEVEL};
    KeInitializeDpc(&dpc, spend_in_dpc, milliseconds(18));
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    spend(40);
  };
  for (void (*body)() : {+thread, +row, +both}) {
    mica::Outcome const end = outcome_of(limits, body);
    INFO(end.report());
    CHECK(end.is_bugcheck(DPC_WATCHDOG_VIOLATION, 1));
    CHECK(end.parameters()[1] == 50);
    CHECK(end.parameters()[2] == 0);
    CHECK(end.parameters()[3] == 0);
  }
}

TEST_CASE("ke: the last tick of the time at DISPATCH_LEVEL stops the system") {
  mica::Outcome const end = outcome_of(limits, [] {
    mica::test::sleep(millisecond_100ns);  // a tick was just now
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    spend(50);
    KeLowerIrql(old);
  });
  INFO(end.report());
  CHECK(end.is_bugcheck(DPC_WATCHDOG_VIOLATION, 1));
}

TEST_CASE("ke: time at DISPATCH_LEVEL adds up only while nothing is below it") {
  mica::Outcome const end = outcome_of(limits, [] {
    for (int i = 0; i < 3; ++i) {
      KIRQL const old = KeRaiseIrqlToDpcLevel();
      spend(48);
      KeLowerIrql(old);
      spend(2);
    }
  });
  INFO(end.report());
  CHECK(end.completed());
}

TEST_CASE("ke: an idle processor begins anew with each DPC") {
  mica::Outcome const end = outcome_of("dpc-timeout-ms=0 dpc-watchdog-ms=50", [] {
    for (int i = 0; i < 3; ++i) run_dpcs(KeInitializeDpc, 40, 1);
  });
  INFO(end.report());
  CHECK(end.completed());
}

TEST_CASE("ke: a limit of zero is none") {
  mica::Outcome const end = outcome_of("dpc-timeout-ms=0 dpc-watchdog-ms=0", [] {
    KDPC dpc;
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
          spend(30);
          KDPC_WATCHDOG_INFORMATION information{1, 1, 1, 1, 1};
          MICA_CHECK(KeQueryDpcWatchdogInformation(&information) == STATUS_SUCCESS);
          MICA_CHECK(information.DpcTimeLimit == 0 && information.DpcTimeCount == 0);
          MICA_CHECK(information.DpcWatchdogLimit == 0 && information.DpcWatchdogCount == 0);
          spend(120);
        },
        nullptr);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    mica::test::sleep(200 * millisecond_100ns);
  });
  INFO(end.report());
  CHECK(end.completed());
}

TEST_CASE("ke: a limit of one tick is passed with the second") {
  mica::Outcome const end = outcome_of("dpc-timeout-ms=1", [] { run_dpcs(KeInitializeDpc, 5, 1); });
  CHECK(end.is_bugcheck(DPC_WATCHDOG_VIOLATION, 0));
  CHECK(end.parameters()[1] == 2);
}
