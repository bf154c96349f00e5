// Timers that expire and are set again: periodic ones, 100 ms apart in 100 phases, so that a
// hundredth of them expires at each tick. The clock's interrupt is part of it.
#include <nt/ntddk.h>

#include <queue>
#include <vector>

#include "bench.hpp"
#include "floor/wheel.hpp"

namespace mica::bench {
namespace {

constexpr std::int64_t period_ticks = 100;
constexpr ULONG tick_microseconds = 1000;

void ours(benchmark::State& state) {
  in_system(state, [&] {
    std::vector<KTIMER> timers(static_cast<std::size_t>(state.range(0)));
    LONGLONG phase = 0;
    for (KTIMER& timer : timers) {
      LARGE_INTEGER due;
      due.QuadPart = -10'000 * (1 + phase++ % period_ticks);
      KeInitializeTimer(&timer);
      KeSetTimerEx(&timer, due, period_ticks, nullptr);
    }
    while (state.KeepRunningBatch(state.range(0) / period_ticks))
      KeStallExecutionProcessor(tick_microseconds);
    for (KTIMER& timer : timers) KeCancelTimer(&timer);
  });
}
BENCHMARK(ours)->Name("timer/expiry/ours")->RangeMultiplier(10)->Range(1000, 100'000);

void lowest(benchmark::State& state) {
  std::vector<floor::WheelTimer> timers(static_cast<std::size_t>(state.range(0)));
  floor::Wheel wheel;
  std::uint64_t phase = 0;
  for (floor::WheelTimer& timer : timers) wheel.set(timer, 1 + phase++ % period_ticks);
  while (state.KeepRunningBatch(state.range(0) / period_ticks)) wheel.tick(period_ticks);
}
BENCHMARK(lowest)->Name("timer/expiry/floor")->RangeMultiplier(10)->Range(1000, 100'000);

void heap(benchmark::State& state) {
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    queue.push(static_cast<std::uint64_t>(1 + i % period_ticks));
  std::uint64_t now = 0;
  while (state.KeepRunningBatch(state.range(0) / period_ticks)) {
    ++now;
    while (queue.top() <= now) {
      queue.pop();
      queue.push(now + period_ticks);
    }
  }
}
BENCHMARK(heap)->Name("timer/expiry/peer:binary heap")->RangeMultiplier(10)->Range(1000, 100'000);

}  // namespace
}  // namespace mica::bench
