// Processors: numbers, and interrupts between them.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Count seen_by[most_processors];

void numbers() {
  for (Count& seen : seen_by) seen.store(0);
  HAL_CHECK(Machine::processor_count() >= 1 && Machine::processor_count() <= most_processors);
  run_everywhere([] {
    ULONG const number = Machine::processor_number();
    HAL_CHECK(number < Machine::processor_count());
    seen_by[number % most_processors].fetch_add(1);
    Raised const raised{DISPATCH_LEVEL};
    HAL_CHECK(&Machine::current() == &processor_block(number));
    HAL_CHECK(Machine::current().pcr.Prcb.Number == number);
  });
  for (unsigned i = 0; i < Machine::processor_count(); ++i) HAL_CHECK(seen_by[i].load() == 1);
}

// The thread is the processor's, wherever the code that asks runs.
void current_thread() {
  run_everywhere([] {
    Raised const raised{DISPATCH_LEVEL};
    KPCR& pcr = Machine::current().pcr;
    PKTHREAD const before = pcr.Prcb.CurrentThread;
    auto* const mine = reinterpret_cast<PKTHREAD>(&seen_by[Machine::processor_number()]);
    pcr.Prcb.CurrentThread = mine;
    for (unsigned i = 0; i < 20; ++i) HAL_CHECK(Machine::current_thread() == mine);
    pcr.Prcb.CurrentThread = before;
  });
}

// ---- Letters: stores made before an IPI are seen by its handler; none is lost, though requests
// merge.
constexpr std::uint32_t rounds = 20;
Count sent[most_processors][most_processors],
    answered[most_processors][most_processors];  // [from][to]

void answer() {
  ULONG const to = Machine::processor_number();
  for (unsigned from = 0; from < Machine::processor_count(); ++from) {
    answered[from][to].store(sent[from][to].load(std::memory_order_relaxed),
                             std::memory_order_release);
  }
}

void write_to_everybody() {
  ULONG const from = Machine::processor_number();
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    Raised const raised{DISPATCH_LEVEL};
    for (unsigned to = 0; to < Machine::processor_count(); ++to) {
      sent[from][to].store(round, std::memory_order_relaxed);
      Machine::send_ipi(to);
    }
    for (unsigned to = 0; to < Machine::processor_count(); ++to)
      await_at_least(answered[from][to], round);
  }
}

void letters() {
  for (auto* const table : {&sent, &answered}) {
    for (auto& row : *table) {
      for (Count& count : row) count.store(0);
    }
  }
  set_hooks({.ipi = answer});
  run_everywhere(write_to_everybody);
  for (unsigned from = 0; from < Machine::processor_count(); ++from) {
    for (unsigned to = 0; to < Machine::processor_count(); ++to)
      HAL_CHECK(answered[from][to].load() == rounds);
  }
}

// ---- Withheld at the target's level, not at the sender's.
Count ready, release, ipis;

void withheld_at_the_target() {
  for (Count* const count : {&ready, &release, &ipis}) count->store(0);
  set_hooks({.ipi = [] {
    HAL_CHECK(Machine::processor_number() == 1);
    ipis.fetch_add(1);
  }});
  begin(1, [] {
    {
      Raised const raised{HIGH_LEVEL};
      ready.store(1);
      await_at_least(release, 1);
      HAL_CHECK(ipis.load() == 0);
    }
    await_at_least(ipis, 1);
  });
  await_at_least(ready, 1);
  {
    Raised const raised{DISPATCH_LEVEL};
    for (unsigned i = 0; i < 3; ++i) Machine::send_ipi(1);
    Machine::stall(20);
    HAL_CHECK(ipis.load() == 0);
  }
  release.store(1);
  finish(1);
  HAL_CHECK(ipis.load() <= 3);
}

constexpr Case cases[] = {
    {"processor: each has its number and block", numbers},
    {"processor: each has its current thread", current_thread},
    {"processor: no IPI is lost, and its handler sees what was stored before", letters},
    {"processor: an IPI is withheld by the target's level", withheld_at_the_target, 2},
};

}  // namespace

std::span<Case const> processor_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
