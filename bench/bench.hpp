// What the benchmarks share.
//   A benchmark is named path/ours, path/floor or path/peer:<name>; arguments follow. script/bench
//   makes its table of these names, and takes CPU time.
#pragma once

#include <benchmark/benchmark.h>
#include <mica/system.hpp>

#include <cstdint>
#include <thread>
#include <utility>

namespace mica::bench {

// Runs body() in a system thread of a fresh System, on the calling thread. What is measured in it
// is the library as its users have it: locked operations, deterministic mode, the clock's ticks.
template <class Body>
void in_system(benchmark::State& state, Body&& body, Config config = {}) {
  config.step_limit = std::uint64_t{1} << 62;
  System system{std::move(config)};
  Outcome const end = system.try_run(std::forward<Body>(body));
  if (!end.completed()) state.SkipWithError(end.report().c_str());
}

// While a process has had but one thread the C library leaves locked operations out of its locks.
inline bool const had_two_threads = [] {
  std::thread{[] {}}.join();
  return true;
}();

// xorshift64: the same numbers for ours, floor and peers.
class Random {
 public:
  std::uint64_t operator()() noexcept {
    word_ ^= word_ << 13;
    word_ ^= word_ >> 7;
    return word_ ^= word_ << 17;
  }

 private:
  std::uint64_t word_ = 0x9E37'79B9'7F4A'7C15;
};

}  // namespace mica::bench
