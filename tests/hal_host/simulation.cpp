// The deterministic machine: time, interrupts, endings, repeatability.
#include "rig.hpp"

using namespace mica;
using namespace mica::hal_host_test;

namespace {

struct Finished {
  std::uint64_t hash;
  std::uint64_t steps;
  unsigned ipis;
  std::uint32_t order;  // which processor took the lock when, as digits
};

// Every processor takes a lock a few times and pokes its neighbour; the order is the schedule's.
Finished contend(unsigned processors, std::uint64_t seed, Policy* policy = nullptr) {
  Rig rig{{.processors = processors, .seed = seed, .policy = policy}};
  std::atomic<std::uint32_t> lock{0};
  std::uint32_t order = 1;
  unsigned inside = 0;
  std::atomic<unsigned> ipis{0};
  bool excluded = true;
  auto const work = [&] {
    for (unsigned round = 0; round < 3; ++round) {
      do Machine::await(lock, 1);
      while (lock.exchange(1, std::memory_order_acquire));
      excluded &= ++inside == 1;
      Machine::stall(1);
      order = order * 5 + Machine::processor_number();
      --inside;
      lock.store(0, std::memory_order_release);
      Machine::send_ipi((Machine::processor_number() + 1) % processors);
    }
  };
  for (auto& body : rig.body) body = work;
  rig.body[0] = [&] {
    for (unsigned i = 1; i < processors; ++i) HOLDS(rig.start(i));
    work();
  };
  rig.on_ipi = [&] { ++ipis; };
  Ending const ending = rig.run();
  CHECK(ending.end == End::quiet);
  CHECK(excluded);
  return {rig.simulation().trace_hash(), rig.simulation().steps(), ipis.load(), order};
}

}  // namespace

TEST_CASE("the same seed makes the same run, elsewhere in memory too", "[hal_host]") {
  std::uint64_t different_hashes = 0, last = 0;
  std::uint32_t orders = 0, last_order = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Finished const first = contend(3, seed);
    Rig occupies_the_first_slot{{}};
    Finished const second = contend(3, seed);
    CHECK(first.hash == second.hash);
    CHECK(first.steps == second.steps);
    CHECK(first.order == second.order);
    CHECK(first.ipis >= 3);
    different_hashes += first.hash != last;
    orders += first.order != last_order;
    last = first.hash;
    last_order = first.order;
  }
  CHECK(different_hashes == 40);
  CHECK(orders > 20);
}

TEST_CASE("a recorded run replays", "[hal_host]") {
  RandomPolicy random{7};
  RecordingPolicy recording{random};
  Finished const recorded = contend(3, 0, &recording);
  ReplayPolicy replay{recording.choices()};
  Finished const replayed = contend(3, 0, &replay);
  CHECK(recorded.hash == replayed.hash);
  CHECK(recorded.order == replayed.order);
  PctPolicy one{3, 3, 100}, same{3, 3, 100};
  CHECK(contend(4, 0, &one).hash == contend(4, 0, &same).hash);
}

TEST_CASE("interrupt time jumps to the armed clock when all are halted", "[hal_host]") {
  Rig rig{{}};
  std::uint64_t fired_at = 0;
  rig.body[0] = [] { Machine::arm_clock({5'000'000}); };
  rig.on_clock = [&] {
    fired_at = Machine::interrupt_time().value_100ns;
    HOLDS(Machine::irql() == CLOCK_LEVEL);
  };
  CHECK(rig.run().end == End::quiet);
  CHECK(fired_at >= 5'000'000);
  CHECK(fired_at < 5'001'000);
  CHECK(rig.simulation().steps() < 1000);
}

TEST_CASE("a loop that polls the time ends, and so does one that waits for the clock",
          "[hal_host]") {
  Rig rig{{}};
  bool fired = false;
  rig.body[0] = [&] {
    Machine::arm_clock({3000});
    while (Machine::interrupt_time().value_100ns < 2000) HOLDS(!fired);
    while (!fired) Machine::interrupt_time();
  };
  rig.on_clock = [&] { fired = true; };
  CHECK(rig.run().end == End::quiet);
  CHECK(fired);
}

TEST_CASE("what nobody will change is a deadlock, what never ends meets the step limit",
          "[hal_host]") {
  std::atomic<std::uint32_t> word{1};
  Rig spinning{{.processors = 2}};
  spinning.body[0] = [&] {
    HOLDS(spinning.start(1));
    Machine::await(word, 1);
  };
  CHECK(spinning.run().end == End::deadlock);
  Rig endless{{.step_limit = 5000}};
  endless.body[0] = [] {
    for (;;) Machine::lower(Machine::raise(DISPATCH_LEVEL));
  };
  CHECK(endless.run().end == End::step_limit);
  CHECK(endless.simulation().steps() == 5000);
}

TEST_CASE("lowering delivers what is pending, highest first", "[hal_host]") {
  Rig rig{{}};
  std::string order;
  rig.body[0] = [&] {
    KIRQL const old = Machine::raise(15);
    Machine::request_dispatch();
    Machine::arm_clock({0});
    Machine::send_ipi(0);
    for (int i = 0; i < 2000; ++i) Machine::interrupt_time();  // long enough for both to arrive
    HOLDS(order.empty());
    Machine::lower(old);
    HOLDS(order == "ic");
    Machine::lower(PASSIVE_LEVEL);
    HOLDS(order == "icd");
    Machine::raise(DISPATCH_LEVEL);
  };
  rig.on_ipi = [&] { order += Machine::irql() == IPI_LEVEL ? 'i' : '?'; };
  rig.on_clock = [&] { order += Machine::irql() == CLOCK_LEVEL ? 'c' : '?'; };
  rig.on_dispatch = [&] { order += Machine::irql() == DISPATCH_LEVEL ? 'd' : '?'; };
  CHECK(rig.run().end == End::quiet);
  CHECK(order == "icd");
}

TEST_CASE("levels are each processor's own", "[hal_host]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rig rig{{.processors = 2, .seed = seed}};
    rig.body[0] = [&] {
      HOLDS(rig.start(1));
      for (int i = 0; i < 20; ++i) {
        KIRQL const old = Machine::raise(9);
        HOLDS(old == DISPATCH_LEVEL);
        Machine::stall(1);
        HOLDS(Machine::irql() == 9);
        Machine::lower(old);
      }
    };
    rig.body[1] = [] {
      for (int i = 0; i < 20; ++i) {
        Machine::stall(1);
        HOLDS(Machine::irql() == DISPATCH_LEVEL);
      }
    };
    REQUIRE(rig.run().end == End::quiet);
  }
}

TEST_CASE("the others stay frozen, and stop ends the System", "[hal_host]") {
  Rig rig{{.processors = 3}};
  std::atomic<unsigned> moved_after{0};
  std::atomic<bool> frozen{false};
  rig.body[0] = [&] {
    HOLDS(rig.start(1));
    HOLDS(rig.start(2));
    Machine::stall(10);
    Machine::freeze_others();
    frozen = true;
    for (int i = 0; i < 1000; ++i) Machine::stall(1);
    Machine::debug_output("bye", 3);
    Machine::stop(hal::Verdict::bugcheck);
  };
  rig.body[1] = rig.body[2] = [&] {
    for (;;) {
      Machine::stall(1);
      if (frozen) ++moved_after;
    }
  };
  Ending const ending = rig.run();
  CHECK(ending.end == End::stopped);
  CHECK(ending.verdict == hal::Verdict::bugcheck);
  CHECK(moved_after == 0);
  CHECK(rig.simulation().log() == "bye");
}

TEST_CASE("an interrupt from outside wakes a quiet System", "[hal_host]") {
  Rig rig{{.processors = 2}};
  rig.body[0] = [&] { HOLDS(rig.start(1)); };
  REQUIRE(rig.run().end == End::quiet);
  unsigned calls = 0;
  rig.simulation().interrupt([](void* argument) NTAPI { ++*static_cast<unsigned*>(argument); },
                             &calls);
  REQUIRE(rig.run().end == End::quiet);
  CHECK(calls == 1);
}

TEST_CASE("settling leaves armed clocks alone", "[hal_host]") {
  Rig rig{{}};
  unsigned ticks = 0;
  rig.body[0] = [&] { Machine::arm_clock({1000}); };
  rig.on_clock = [&] {
    if (++ticks == 5) Machine::current().core.simulation->settle();
    Machine::arm_clock({Machine::interrupt_time().value_100ns + 1000});
  };
  CHECK(rig.run().end == End::quiet);
  CHECK(ticks == 5);
}
