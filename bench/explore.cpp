// One execution of a small program under a uniform random schedule: what the explorer does a
// second is a billion over it. Points and switches of an execution are counters of each row.
#include "bench.hpp"
#include "explore/stage.hpp"
#include "explore_programs.hpp"
#include "floor/explorer.hpp"

namespace mica::bench {
namespace {

// `races`: whether they are looked for.
template <void (*body)(explore::Window&), unsigned processors, bool races>
void ours(benchmark::State& state) {
  explore::Stage stage{{.processors = processors, .races = races, .body = body}};
  auto const strategy = explore::seeded(false);
  std::uint64_t points = 0, switches = 0;
  for (auto _ : state) {
    if (!strategy->next_execution()) break;
    explore::Execution const execution = stage.execute(*strategy);
    points += execution.points;
    switches += execution.switches;
    if (execution.verdict != explore::Verdict::passed)
      state.SkipWithError(execution.text().c_str());
  }
  auto const executions = static_cast<double>(state.iterations());
  state.counters["points"] = static_cast<double>(points) / executions;
  state.counters["switches"] = static_cast<double>(switches) / executions;
}
BENCHMARK(ours<lock_three, 3, false>)->Name("explore/lock-three/ours");
BENCHMARK(ours<lock_four_by_four, 4, false>)->Name("explore/lock-four-by-four/ours");
BENCHMARK(ours<stack, 2, false>)->Name("explore/stack/ours");
BENCHMARK(ours<auto_reset, 2, false>)->Name("explore/auto-reset/ours");
BENCHMARK(ours<set_and_wait, 2, false>)->Name("explore/set-and-wait/ours");
BENCHMARK(ours<lock_three, 3, true>)->Name("explore-races/lock-three/ours");
BENCHMARK(ours<lock_four_by_four, 4, true>)->Name("explore-races/lock-four-by-four/ours");
BENCHMARK(ours<stack, 2, true>)->Name("explore-races/stack/ours");
BENCHMARK(ours<auto_reset, 2, true>)->Name("explore-races/auto-reset/ours");
BENCHMARK(ours<set_and_wait, 2, true>)->Name("explore-races/set-and-wait/ours");

template <unsigned programs, unsigned rounds>
void lowest_lock(benchmark::State& state) {
  floor::Explorer explorer{programs};
  std::uint64_t random = 88172645463325252;
  for (auto _ : state) {
    bool taken = false;
    unsigned count = 0;
    auto program = [&](floor::Explorer& here, unsigned) {
      for (unsigned i = 0; i < rounds; ++i) {
        do here.point();
        while (std::exchange(taken, true));
        ++count;
        here.point();
        taken = false;
      }
    };
    explorer.execute(program, random);
    if (count != programs * rounds) state.SkipWithError("a count was lost");
  }
}
BENCHMARK(lowest_lock<3, 1>)->Name("explore/lock-three/floor");
BENCHMARK(lowest_lock<4, 4>)->Name("explore/lock-four-by-four/floor");

void lowest_auto_reset(benchmark::State& state) {
  floor::Explorer explorer{2};
  std::uint64_t random = 88172645463325252;
  for (auto _ : state) {
    unsigned set = 0, taken = 0;
    auto program = [&](floor::Explorer& here, unsigned number) {
      for (unsigned round = 0; round < 2; ++round) {
        if (number == 0) {
          do here.point();
          while (taken != round);
          here.point();
          set = 1;
        } else {
          do here.point();
          while (std::exchange(set, 0) == 0);
          here.point();
          taken = round + 1;
        }
      }
    };
    explorer.execute(program, random);
  }
}
BENCHMARK(lowest_auto_reset)->Name("explore/auto-reset/floor");

}  // namespace
}  // namespace mica::bench
