// Parallel mode: real threads, the same contract.
#include <unistd.h>

#include <thread>

#include "rig.hpp"

using namespace mica;
using namespace mica::hal_host_test;

TEST_CASE("parallel processors exclude each other and wake each other", "[hal_host]") {
  for (int repeat = 0; repeat < 5; ++repeat) {
    Rig rig{{.processors = 4, .parallel = true, .step_limit = 100'000'000}};
    std::atomic<std::uint32_t> lock{0};
    std::atomic<unsigned> ipis{0};
    unsigned counter = 0;
    auto const work = [&] {
      for (unsigned i = 0; i < 2000; ++i) {
        do Machine::await(lock, 1);
        while (lock.exchange(1, std::memory_order_acquire));
        ++counter;
        lock.store(0, std::memory_order_release);
        if (i % 100 == 0) Machine::send_ipi((Machine::processor_number() + 1) % 4);
      }
    };
    for (auto& body : rig.body) body = work;
    rig.body[0] = [&] {
      for (unsigned i = 1; i < 4; ++i) HOLDS(rig.start(i));
      work();
    };
    rig.on_ipi = [&] { ++ipis; };
    CHECK(rig.run().end == End::quiet);
    CHECK(counter == 8000);
    CHECK(ipis > 0);
    unsigned calls = 0;
    rig.simulation().interrupt([](void* argument) NTAPI { ++*static_cast<unsigned*>(argument); },
                               &calls);
    CHECK(rig.run().end == End::quiet);
    CHECK(calls == 1);
  }
}

TEST_CASE("parallel: idle time is jumped over", "[hal_host]") {
  Rig rig{{.processors = 2, .parallel = true}};
  std::uint64_t fired_at = 0;
  rig.body[0] = [&] {
    HOLDS(rig.start(1));
    Machine::arm_clock({36'000'000'000});  // an hour
  };
  rig.on_clock = [&] { fired_at = Machine::interrupt_time().value_100ns; };
  auto const before = std::chrono::steady_clock::now();
  CHECK(rig.run().end == End::quiet);
  CHECK(fired_at >= 36'000'000'000);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{30});
}

TEST_CASE("parallel: freeze and stop", "[hal_host]") {
  Rig rig{{.processors = 3, .parallel = true, .step_limit = 1'000'000'000}};
  rig.body[0] = [&] {
    HOLDS(rig.start(1));
    HOLDS(rig.start(2));
    Machine::stall(100);
    Machine::freeze_others();
    for (int i = 0; i < 100; ++i) Machine::stall(1);  // it goes on for as long as it likes
    Machine::stop(hal::Verdict::bugcheck);
  };
  rig.body[1] = [] {
    for (;;) Machine::stall(1);
  };
  CHECK(rig.run().end == End::stopped);
}

// Asks Linux: a compiler may keep what pthread_self says across the switch.
TEST_CASE("a context moves from one OS thread to another", "[hal_host]") {
  Rig rig{{.processors = 2, .parallel = true, .step_limit = 1'000'000'000}};
  Machine::Context wanderer{}, idles[2]{};
  pid_t seen[2] = {};
  ULONG numbers[2] = {};
  std::atomic<std::uint32_t> published{0}, finished{0};
  struct Argument {
    Machine::Context& wanderer;
    Machine::Context* idles;
    pid_t* seen;
    ULONG* numbers;
    std::atomic<std::uint32_t>& published;
    std::atomic<std::uint32_t>& finished;
  } argument{wanderer, idles, seen, numbers, published, finished};
  auto const body = [](void* raw) NTAPI {
    Argument& all = *static_cast<Argument*>(raw);
    for (int i = 0; i < 2; ++i) {
      all.seen[i] = ::gettid();
      all.numbers[i] = Machine::processor_number();
      Machine::switch_context(all.wanderer, all.idles[all.numbers[i]]);
    }
  };
  rig.body[0] = [&] {
    Machine::make_context(wanderer, rig.new_stack(), body, &argument);
    HOLDS(rig.start(1));
    Machine::switch_context(idles[0], wanderer);
    published.store(1, std::memory_order_release);
    do Machine::await(finished, 0);
    while (!finished.load(std::memory_order_acquire));
  };
  rig.body[1] = [&] {
    do Machine::await(published, 0);
    while (!published.load(std::memory_order_acquire));
    Machine::switch_context(idles[1], wanderer);
    finished.store(1, std::memory_order_release);
  };
  CHECK(rig.run().end == End::quiet);
  CHECK(seen[0] != seen[1]);
  CHECK(numbers[0] == 0);
  CHECK(numbers[1] == 1);
}

TEST_CASE("Systems run at once on several OS threads", "[hal_host]") {
  std::uint64_t hashes[4] = {};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i)
    threads.emplace_back([&hashes, i] {
      Rig rig{{.processors = 2, .seed = 5}};
      rig.body[0] = [&rig] {
        if (!rig.start(1)) __builtin_trap();
        for (int step = 0; step < 200; ++step) Machine::stall(1);
      };
      rig.body[1] = [] {
        for (int step = 0; step < 200; ++step) Machine::stall(2);
      };
      if (rig.run().end == End::quiet) hashes[i] = rig.simulation().trace_hash();
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(hashes[0] != 0);
  for (std::uint64_t const hash : hashes) CHECK(hash == hashes[0]);
}
