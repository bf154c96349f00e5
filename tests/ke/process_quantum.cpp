// The quantum of a process's threads is that process's.
#include <mica/system.hpp>

#include "catch.hpp"
#include "conformance/process_support.hpp"

using namespace mica::test;

namespace {

LONGLONG now() noexcept {
  ULONG64 counter;
  return static_cast<LONGLONG>(KeQueryInterruptTimePrecise(&counter));
}

// Two threads of a process that take turns on one processor, and when the first few turns began.
struct Turns {
  static constexpr int count = 6;
  std::atomic<int> owner{-1}, turn{0};
  LONGLONG began[count] = {};

  void take(int me) noexcept {
    while (turn < count) {
      if (owner.exchange(me) != me) began[turn++] = now();
      KeStallExecutionProcessor(10);
    }
  }
};

bool about(LONGLONG duration_100ns, LONGLONG expected_100ns) noexcept {
  LONGLONG const difference = duration_100ns - expected_100ns;
  return difference > -2 * millisecond_100ns && difference < 2 * millisecond_100ns;
}

}  // namespace

TEST_CASE("ke: threads of a process take turns of its quantum, from the next one on") {
  mica::System system{{.processors = 2}};
  system.run([] {
    Pinned const self{12};
    OwnProcess process{{.affinity = 2, .quantum_100ns = 50 * millisecond_100ns}};
    Turns turns;
    auto first = [&] { turns.take(0); };
    auto second = [&] { turns.take(1); };
    {
      ProcessThread const one{process, first}, two{process, second};
      spin_until(turns.turn);
      while (turns.turn < 3) KeStallExecutionProcessor(10);
      mica::ke::set_process_quantum(process.kernel(), 20 * millisecond_100ns);
      while (turns.turn < Turns::count) KeStallExecutionProcessor(10);
    }
    MICA_CHECK(about(turns.began[2] - turns.began[1], 50 * millisecond_100ns));
    MICA_CHECK(about(turns.began[5] - turns.began[4], 20 * millisecond_100ns));
  });
}
