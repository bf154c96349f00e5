// Time and the clock interrupt.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

constexpr std::uint64_t millisecond_100ns = 10'000;

struct Fired {
  Count times;
  std::atomic<std::uint64_t> at_100ns;
};
Fired fired[most_processors];

std::uint64_t now() noexcept {
  return Machine::interrupt_time().value_100ns;
}

Fired& mine() noexcept {
  return fired[Machine::processor_number()];
}

void note_clock() {
  mine().at_100ns.store(now(), std::memory_order_relaxed);
  mine().times.fetch_add(1, std::memory_order_release);
}

void listen() {
  for (Fired& one : fired) one.times.store(0);
  set_hooks({.clock = note_clock});
}

void arm(std::uint64_t due) {
  Raised const raised{DISPATCH_LEVEL};
  Machine::arm_clock({due});
}

void once_and_not_before() {
  std::uint64_t const due = now() + millisecond_100ns;
  arm(due);
  await_at_least(mine().times, 1);
  HAL_CHECK(mine().at_100ns.load() >= due);
  Machine::stall(3000);
  HAL_CHECK(mine().times.load() == 1);
}

void one_shot() {
  listen();
  once_and_not_before();
}

void past() {
  listen();
  for (std::uint64_t const due : {std::uint64_t{0}, std::uint64_t{1}, now()}) {
    std::uint32_t const before = mine().times.load();
    arm(due);
    await_at_least(mine().times, before + 1);
  }
}

void replaced_by_earlier() {
  listen();
  std::uint64_t const due = now() + millisecond_100ns;
  arm(due + 3'600'000 * millisecond_100ns);
  arm(due);
  await_at_least(mine().times, 1);
  HAL_CHECK(mine().at_100ns.load() >= due);
}

// At CLOCK_LEVEL the first one is withheld, so it may already be on its way when the second
// replaces it.
void replaced_by_later() {
  listen();
  std::uint64_t later = 0;
  {
    Raised const raised{CLOCK_LEVEL};
    Machine::arm_clock({now()});
    Machine::stall(100);
    later = now() + 5 * millisecond_100ns;
    Machine::arm_clock({later});
  }
  await_at_least(mine().times, 1);
  HAL_CHECK(mine().at_100ns.load() >= later);
  Machine::stall(1000);
  HAL_CHECK(mine().times.load() == 1);
}

void disarmed() {
  listen();
  {
    Raised const raised{CLOCK_LEVEL};
    Machine::arm_clock({now()});
    Machine::stall(100);
    Machine::arm_clock(never);
  }
  Machine::stall(2000);
  HAL_CHECK(mine().times.load() == 0);
}

void tells_what_it_interrupted() {
  listen();
  std::uint32_t times = 0;
  for (KIRQL const level : {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, CLOCK_LEVEL - 1}) {
    Raised const raised{level};
    {
      Raised const masked{CLOCK_LEVEL};
      Machine::arm_clock({now()});
    }
    await_at_least(mine().times, ++times);
    HAL_CHECK(last_interrupted() == level);
  }
}

void armed_anew_by_the_handler() {
  listen();
  set_hooks({.clock = [] {
    note_clock();
    if (mine().times.load() < 5) Machine::arm_clock({now() + millisecond_100ns / 10});
  }});
  arm(now());
  await_at_least(mine().times, 5);
  Machine::stall(500);
  HAL_CHECK(mine().times.load() == 5);
}

void own_clocks() {
  listen();
  run_everywhere(once_and_not_before);
}

// ---- Time never goes backwards: whoever comes next under a lock sees no less.
Count lock;
std::uint64_t last_time, last_counter;

void compare_times() {
  for (unsigned round = 0; round < 100; ++round) {
    Raised const raised{DISPATCH_LEVEL};
    do Machine::await(lock, 1);
    while (lock.exchange(1, std::memory_order_acquire) != 0);
    std::uint64_t const counter = Machine::performance_counter();
    std::uint64_t const time = now();
    HAL_CHECK(counter >= last_counter);
    HAL_CHECK(time >= last_time);
    last_counter = counter;
    last_time = time;
    lock.store(0, std::memory_order_release);
  }
}

void never_backwards() {
  last_time = last_counter = 0;
  lock.store(0);
  run_everywhere(compare_times);
  HAL_CHECK(last_time > 0);
}

void stalls() {
  for (unsigned const microseconds : {0u, 1u, 50u, 1000u}) {
    std::uint64_t const before = now();
    Machine::stall(microseconds);
    HAL_CHECK(now() - before + 1 >= microseconds * std::uint64_t{10});
  }
}

void both_clocks_tell_the_same() {
  std::uint64_t const frequency = Machine::performance_frequency();
  HAL_CHECK(frequency >= 1'000'000);
  HAL_CHECK(Machine::boot_system_time_100ns() == Machine::boot_system_time_100ns());
  std::uint64_t const counter = Machine::performance_counter(), time = now();
  Machine::stall(2000);
  std::uint64_t const time_passed = now() - time;
  std::uint64_t const count_passed = Machine::performance_counter() - counter;
  // The counter was read first and last, so it saw no less; a hundredth is for rounding.
  HAL_CHECK(count_passed / (frequency / 1'000'000) * 10 + time_passed / 100 >= time_passed);
}

constexpr Case cases[] = {
    {"clock: fires once, not before its time", one_shot},
    {"clock: a moment that has passed fires at once", past},
    {"clock: an earlier moment replaces the armed one", replaced_by_earlier},
    {"clock: a later moment replaces one that is on its way", replaced_by_later},
    {"clock: disarmed it does not fire", disarmed},
    {"clock: its handler learns the level that was interrupted", tells_what_it_interrupted},
    {"clock: its handler may arm it anew", armed_anew_by_the_handler},
    {"clock: every processor has its own", own_clocks},
    {"time: never goes backwards, on whichever processor", never_backwards},
    {"time: a stall takes no less than it says", stalls},
    {"time: the counter and interrupt time agree", both_clocks_tell_the_same},
};

}  // namespace

std::span<Case const> clock_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
