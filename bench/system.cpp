// A System made, run once and thrown away; reset after a run; run again, boot included.
#include <sys/wait.h>
#include <unistd.h>

#include "bench.hpp"

namespace mica::bench {
namespace {

void made(benchmark::State& state) {
  for (auto _ : state) {
    System system;
    system.run([] {});
  }
}
BENCHMARK(made)->Name("system/made/ours");

void reset(benchmark::State& state) {
  System system;
  for (auto _ : state) {
    state.PauseTiming();
    system.run([] {});
    state.ResumeTiming();
    system.reset();
  }
}
BENCHMARK(reset)->Name("system/reset/ours");

void again(benchmark::State& state) {
  System system;
  for (auto _ : state) {
    system.run([] {});
    system.reset();
  }
}
BENCHMARK(again)->Name("system/again/ours");

void forked(benchmark::State& state) {
  for (auto _ : state) {
    pid_t const child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
  }
}
BENCHMARK(forked)->Name("system/made/peer:fork");

}  // namespace
}  // namespace mica::bench
