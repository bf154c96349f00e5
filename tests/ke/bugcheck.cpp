// What a bugcheck that nobody diverts leaves: an outcome, a screen, callbacks that ran.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <atomic>
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

TEST_CASE("ke: a record whose owner says that it is not registered is not called") {
  Trace trace;
  KBUGCHECK_CALLBACK_RECORD record;
  mica::System system;
  mica::Outcome const end = system.try_run([&] {
    enroll(record, trace, 'a');
    record.State = BufferEmpty;
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
  CHECK(trace.order.empty());
}

TEST_CASE("ke: a callback finds its record started, with what was registered") {
  struct Seen {
    KBUGCHECK_CALLBACK_RECORD record;
    UCHAR state;
  } seen{};
  mica::System system;
  mica::Outcome const end = system.try_run([&] {
    KeInitializeCallbackRecord(&seen.record);
    auto callback = [](PVOID buffer, ULONG) NTAPI {
      auto& its = *static_cast<Seen*>(buffer);
      its.state = its.record.State;
    };
    CHECK(KeRegisterBugCheckCallback(&seen.record, callback, &seen, sizeof seen, component));
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
  CHECK(seen.state == BufferStarted);
  CHECK(seen.record.State == BufferFinished);
  CHECK(seen.record.Component == component);
  CHECK(seen.record.Length == sizeof seen);
}

TEST_CASE("ke: what is registered with a reason is left for who reads the memory") {
  mica::System system;
  KBUGCHECK_REASON_CALLBACK_RECORD records[3];
  system.run([&] {
    auto callback = [](KBUGCHECK_CALLBACK_REASON, KBUGCHECK_REASON_CALLBACK_RECORD*, PVOID, ULONG)
                        NTAPI {};
    KBUGCHECK_CALLBACK_REASON const reasons[] = {KbCallbackSecondaryDumpData, KbCallbackDumpIo,
                                                 KbCallbackSecondaryDumpData};
    for (int i = 0; i < 3; ++i) {
      auto& record = records[i];
      auto* const name = component + (i == 2);
      KeInitializeCallbackRecord(&record);
      CHECK(KeRegisterBugCheckReasonCallback(&record, callback, reasons[i], name));
      CHECK(record.CallbackRoutine == +callback);
      CHECK(record.Reason == reasons[i]);
      CHECK(record.Component == name);
    }
    // The checksum tells a record that was overwritten from one that was not.
    CHECK(records[0].Checksum != records[1].Checksum);
    CHECK(records[0].Checksum != records[2].Checksum);
    for (auto& record : records) CHECK(KeDeregisterBugCheckReasonCallback(&record));
  });
}

TEST_CASE(
    "ke: of two processors that bugcheck at once one is told of, and its callbacks run once") {
  int won[2] = {};
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Trace trace;
    KBUGCHECK_CALLBACK_RECORD record;
    mica::System system{{.processors = 2, .seed = seed}};
    mica::Outcome const end = system.try_run([&] {
      enroll(record, trace, 'a');
      std::atomic<int> there{0};
      auto stop = [&](ULONG number) {
        ++there;
        while (there != 2) KeStallExecutionProcessor(1);
        KeBugCheckEx(code, number, number, number, number);
      };
      auto first = [&] { stop(0); };
      auto second = [&] { stop(1); };
      mica::test::Thread* const threads[] = {mica::test::start(first, {.processor = 0}),
                                             mica::test::start(second, {.processor = 1})};
      for (mica::test::Thread* const thread : threads) mica::test::join(thread);
    });
    REQUIRE(end.is_bugcheck(code));
    auto const winner = end.parameters()[0];
    CHECK(end.parameters() == std::array<std::uint64_t, 4>{winner, winner, winner, winner});
    ++won[winner & 1];
    CHECK(trace.order == "a");
    CHECK(system.log().find("*** STOP") == system.log().rfind("*** STOP"));
  }
  CHECK((won[0] > 0 && won[1] > 0));
}

TEST_CASE("ke: while a bugcheck's callbacks run no other processor does anything") {
  struct Counting {
    std::atomic<int> count{0};
    int passed = 0;
  } counting;
  KBUGCHECK_CALLBACK_RECORD record;
  mica::System system{{.processors = 2}};
  mica::Outcome const end = system.try_run([&] {
    KeInitializeCallbackRecord(&record);
    auto callback = [](PVOID buffer, ULONG) NTAPI {
      auto& its = *static_cast<Counting*>(buffer);
      int const before = its.count;
      for (int i = 0; i < 100; ++i) KeStallExecutionProcessor(10);
      its.passed = its.count - before;
    };
    CHECK(KeRegisterBugCheckCallback(&record, callback, &counting, 0, component));
    auto count = [&] {
      for (;;) {
        ++counting.count;
        KeStallExecutionProcessor(1);
      }
    };
    static_cast<void>(mica::test::start(count, {.processor = 1}));
    KeSetSystemAffinityThread(1);
    while (counting.count == 0) KeStallExecutionProcessor(1);
    KeBugCheck(code);
  });
  CHECK(end.is_bugcheck(code));
  CHECK(counting.passed == 0);
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
