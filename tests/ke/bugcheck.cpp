// What a bugcheck that nobody diverts leaves: an outcome, a screen, callbacks that ran.
#include <mica/system.hpp>

#include <nt/ke.h>

#include <string>

#include "catch.hpp"

namespace {

constexpr ULONG_PTR answer = 42;
constexpr auto code = MANUALLY_INITIATED_CRASH;

bool has(mica::System const& system, char const* text) {
  return system.log().find(text) != std::string_view::npos;
}

struct Trace {
  std::string order;
  KIRQL level = 0;
};

// The record's buffer is a Trace, its length the callback's name.
void NTAPI note(PVOID buffer, ULONG name) {
  auto& trace = *static_cast<Trace*>(buffer);
  trace.order += static_cast<char>(name);
  trace.level = KeGetCurrentIrql();
}

UCHAR component[] = "bugcheck";

void enroll(KBUGCHECK_CALLBACK_RECORD& record, Trace& trace, char name) {
  KeInitializeCallbackRecord(&record);
  auto const length = static_cast<ULONG>(name);
  if (KeRegisterBugCheckCallback(&record, note, &trace, length, component) != TRUE)
    trace.order += '?';
}

}  // namespace

TEST_CASE("ke: a bugcheck is an outcome and a screen") {
  for (unsigned processors : {1u, 3u}) {
    mica::System system{{.processors = processors}};
    mica::Outcome const end = system.try_run([] { KeBugCheckEx(code, answer, 2, 3, 4); });
    CHECK(end.is_bugcheck(code, answer));
    CHECK(end.parameters()[3] == 4);
    CHECK(has(system,
              "*** STOP: 0x000000E2 (0x000000000000002A,0x0000000000000002,"
              "0x0000000000000003,0x0000000000000004)\n"));
    CHECK(has(system, "\nMANUALLY_INITIATED_CRASH\n"));
  }
}

TEST_CASE("ke: a code without a name stops too") {
  mica::System system;
  mica::Outcome const end = system.try_run([] { KeBugCheck(0x12345678); });
  CHECK(end.is_bugcheck(0x12345678));
  CHECK(has(system, "*** STOP: 0x12345678"));
  CHECK(has(system, "UNKNOWN_BUGCHECK"));
}

TEST_CASE("ke: bugcheck callbacks run at HIGH_LEVEL, the last registered first, each once") {
  Trace trace;
  KBUGCHECK_CALLBACK_RECORD records[4];
  mica::System system{{.processors = 2}};
  mica::Outcome const end = system.try_run([&] {
    for (int i = 0; i < 4; ++i) enroll(records[i], trace, static_cast<char>('a' + i));
    static_cast<void>(KeDeregisterBugCheckCallback(&records[1]));
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
  CHECK(trace.order == "dca");
  CHECK(trace.level == HIGH_LEVEL);
  CHECK(records[0].State == BufferFinished);
  CHECK(records[1].State == BufferEmpty);
}

TEST_CASE("ke: a record that was overwritten is not called") {
  Trace trace;
  KBUGCHECK_CALLBACK_RECORD records[2];
  mica::System system;
  mica::Outcome const end = system.try_run([&] {
    enroll(records[0], trace, 'a');
    enroll(records[1], trace, 'b');
    records[1].Length = 'x';
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
  CHECK(trace.order.empty());
}

TEST_CASE("ke: a callback that bugchecks ends the bugcheck") {
  KBUGCHECK_CALLBACK_RECORD record;
  mica::System system;
  mica::Outcome const end = system.try_run([&] {
    KeInitializeCallbackRecord(&record);
    auto callback = [](PVOID, ULONG) NTAPI { KeBugCheck(DRIVER_IRQL_NOT_LESS_OR_EQUAL); };
    static_cast<void>(KeRegisterBugCheckCallback(&record, callback, nullptr, 0, component));
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
}

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
