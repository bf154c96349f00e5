// mica::System: every way a run can end, and what stays when it did.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <stdexcept>
#include <thread>

#include "catch.hpp"

using mica::Outcome;
using mica::System;

namespace {

void wait_for_ever() {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
}

void signal_between_threads() {
  KEVENT go, done;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&done, SynchronizationEvent, FALSE);
  unsigned rounds = 0;
  auto body = [&] {
    for (int i = 0; i < 10; ++i) {
      KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, nullptr);
      ++rounds;
      KeSetEvent(&done, 0, FALSE);
    }
  };
  auto* const thread = mica::test::start(body, {.processor = 1});
  for (int i = 0; i < 10; ++i) {
    KeSetEvent(&go, 0, FALSE);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
  }
  mica::test::join(thread);
  MICA_CHECK(rounds == 10);
}

}  // namespace

TEST_CASE("a System runs one callable after another at PASSIVE_LEVEL", "[harness]") {
  System system{{.processors = 2}};
  KIRQL irql = 9;
  int runs = 0;
  for (int i = 0; i < 5; ++i)
    system.run([&] {
      irql = KeGetCurrentIrql();
      ++runs;
    });
  CHECK(irql == PASSIVE_LEVEL);
  CHECK(runs == 5);
}

TEST_CASE("a bugcheck is an outcome and the end of that System", "[harness]") {
  System system;
  Outcome const outcome = system.try_run([] { KeBugCheckEx(0xE2, 10, 20, 30, 40); });
  CHECK(outcome.is_bugcheck(0xE2, 10));
  CHECK(outcome.parameters()[3] == 40);
  CHECK(outcome.report().find("0x000000E2") != std::string::npos);
  CHECK(outcome.report().find("seed=1") != std::string::npos);
  CHECK_FALSE(system.log().empty());
  bool ran = false;
  CHECK(system.try_run([&] { ran = true; }).is_bugcheck(0xE2));
  CHECK_FALSE(ran);
  CHECK_THROWS_AS(system.run([] {}), mica::Failure);
  system.reset();
  CHECK(system.try_run([&] { ran = true; }).completed());
  CHECK(ran);
}

TEST_CASE("a callable that waits for ever is a deadlock", "[harness]") {
  for (mica::Mode const mode : {mica::Mode::deterministic, mica::Mode::parallel}) {
    System system{{.processors = 2, .mode = mode}};
    CHECK(system.try_run(wait_for_ever).kind() == Outcome::Kind::deadlock);
  }
}

TEST_CASE("a callable that never ends meets the step limit", "[harness]") {
  System system{{.step_limit = 200'000}};
  Outcome const outcome = system.try_run([] {
    for (;;) KeLowerIrql(KfRaiseIrql(DISPATCH_LEVEL));
  });
  CHECK(outcome.kind() == Outcome::Kind::step_limit);
}

TEST_CASE("failed checks are told, and the System goes on", "[harness]") {
  System system;
  Outcome const outcome = system.try_run([] {
    MICA_CHECK(1 + 1 == 3);
    MICA_CHECK(true);
  });
  CHECK(outcome.kind() == Outcome::Kind::failed_checks);
  REQUIRE(outcome.failures().size() == 1);
  CHECK(outcome.failures()[0].find("1 + 1 == 3") != std::string::npos);
  CHECK(system.try_run([] {}).completed());
}

TEST_CASE("a failed requirement ends the callable where it stands", "[harness]") {
  System system;
  bool after = false;
  Outcome const outcome = system.try_run([&] {
    MICA_REQUIRE(!"possible");
    after = true;
  });
  CHECK(outcome.kind() == Outcome::Kind::failed_checks);
  CHECK_FALSE(after);
  system.reset();
  CHECK(system.try_run([] {}).completed());
}

TEST_CASE("an exception ends at the callable's edge", "[harness]") {
  System system{{.processors = 2}};
  Outcome const outcome = system.try_run([] { throw std::runtime_error{"not for the kernel"}; });
  CHECK(outcome.kind() == Outcome::Kind::failed_checks);
  CHECK(outcome.report().find("not for the kernel") != std::string::npos);
  CHECK(system.try_run([] {}).completed());
}

TEST_CASE("too little memory is an outcome", "[harness]") {
  System system{{.memory_bytes = std::size_t{1} << 40}};
  CHECK(system.try_run([] {}).kind() == Outcome::Kind::memory_limit);
}

TEST_CASE("the same configuration makes the same run, before and after a reset", "[harness]") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    System one{{.processors = 2, .seed = seed}}, other{{.processors = 2, .seed = seed}};
    one.run(signal_between_threads);
    other.run(signal_between_threads);
    CHECK(one.trace_hash() == other.trace_hash());
    std::uint64_t const before = one.trace_hash();
    one.reset();
    one.run(signal_between_threads);
    CHECK(one.trace_hash() == before);
  }
}

TEST_CASE("priority schedules run too, and differ", "[harness]") {
  System uniform{{.processors = 4, .seed = 3}};
  System pct{{.processors = 4, .seed = 3, .schedule = mica::Schedule::pct}};
  uniform.run(signal_between_threads);
  pct.run(signal_between_threads);
  CHECK(uniform.trace_hash() != pct.trace_hash());
}

TEST_CASE("parallel processors run the same code", "[harness]") {
  System system{{.processors = 4, .mode = mica::Mode::parallel}};
  for (int i = 0; i < 5; ++i) system.run(signal_between_threads);
}

TEST_CASE("idle time takes no time", "[harness]") {
  System system;
  ULONGLONG before = 0, after = 0;
  system.run([&] {
    before = KeQueryInterruptTime();
    mica::test::sleep(36'000 * 10'000'000LL);  // ten hours
    after = KeQueryInterruptTime();
  });
  CHECK(after - before >= 36'000 * 10'000'000ULL);
}

TEST_CASE("Systems live side by side, on several threads", "[harness]") {
  System one, two;
  one.run([] {});
  two.run([] {});
  one.run([] {});
  std::atomic<int> completed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      System system{{.processors = 2}};
      if (system.try_run(signal_between_threads).completed()) ++completed;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(completed == 4);
  std::thread{[&] { two.run([] {}); }}.join();  // a System may change threads between runs
}
