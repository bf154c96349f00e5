// What mica::explore() takes and gives; include mica/explore.hpp, which says how it is used.
#pragma once

#include <mica/test.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace mica {
enum class ExploreBy : std::uint8_t {
  seeded,       // schedules of seeds: random and pct in turn
  random,       // uniform choice
  pct,          // priorities with few changes
  bounded,      // every schedule with at most `preemptions` deviations from the plain one
  dpor,         // every schedule that conflicts tell apart: only without loops
  depth_first,  // every schedule: only for what is very small
  portfolio,    // seeded, bounded, and dpor if `loop_free`, in turn
};

struct ExploreConfig {
  std::string name{};  // what MICA_REPLAY calls it; else file and line of the call
  unsigned processors = 2;
  std::optional<unsigned> preemptions{};  // alone: bounded
  std::optional<ExploreBy> strategy{};    // else portfolio, to two preemptions
  bool loop_free = false;                 // no thread or DPC repeats anything for ever
  bool time_jumps = false;                // timers may expire long before code is done
  std::uint64_t executions = 0;           // at most; 0: 10 000 unless bounded, dpor, depth_first
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();  // of the wall, at most
  std::uint64_t seed = 1;
  bool races = true;      // whether they are looked for
  bool leaks = false;     // whether every block of pool must be freed at the end
  bool shortage = false;  // whether allocations may find no memory, pool and kernel stacks alike
  std::string reports{};  // a folder for page, text and trace of a failure; MICA_REPORT overrides
};

struct ExploreResult {
  std::uint64_t executions = 0;
  std::uint64_t distinct = 0;                 // schedules
  std::optional<std::uint64_t> final_states;  // distinct ones, if state() was called
  bool exhausted = false;                     // there is no other execution
  bool skipped = false;                       // the environment asks for another exploration
};

// what(): log, verdict, what went wrong, the smallest schedule as a line MICA_REPLAY=..., and where
// it was reported.
class ExplorationFailed : public std::runtime_error {
 public:
  ExplorationFailed(std::string const& text, std::string verdict, std::string replay,
                    std::string report)
      : std::runtime_error{text},
        verdict_{std::move(verdict)},
        replay_{std::move(replay)},
        report_{std::move(report)} {}
  [[nodiscard]] std::string const& verdict() const noexcept { return verdict_; }
  [[nodiscard]] std::string const& replay() const noexcept { return replay_; }
  [[nodiscard]] std::string const& report() const noexcept { return report_; }

 private:
  std::string verdict_, replay_, report_;
};

struct ExploreThread {
  int processor = -1;  // -1: any
  KPRIORITY priority = 8;
  bool finishes = true;  // false: it may still wait when all others are done, until finally()
};

struct ExploreDpc {
  int processor = 0;
};

// One execution. IRQL PASSIVE_LEVEL, but for state() and random(): any level. At most eight threads
// and eight DPCs. What is `named` must outlive the execution: a literal.
class Exploration {
 public:
  // An object in the System's memory; destroyed, last made first, after finally().
  template <class Object, class... Arguments>
  Object& make(Arguments&&... arguments) {
    static_assert(alignof(Object) <= 16, "pool blocks are aligned so");
    void (*destroy)(void*) = nullptr;
    if constexpr (!std::is_trivially_destructible_v<Object>)
      destroy = [](void* object) { static_cast<Object*>(object)->~Object(); };
    return *::new (allocate(sizeof(Object), destroy)) Object(std::forward<Arguments>(arguments)...);
  }

  // Runs now, while nothing is explored.
  template <class Callable>
  void setup(Callable&& callable) {
    std::forward<Callable>(callable)();
  }

  template <class Callable>
  void thread(char const* named, ExploreThread options, Callable callable) {
    auto& kept = make<Callable>(std::move(callable));
    add(
        named, options, [](void* stored) { (*static_cast<Callable*>(stored))(); }, &kept);
  }
  // Queued when the threads are let go; runs at DISPATCH_LEVEL.
  template <class Callable>
  void dpc(char const* named, ExploreDpc options, Callable callable) {
    auto& kept = make<Callable>(std::move(callable));
    add(
        named, options, [](void* stored) { (*static_cast<Callable*>(stored))(); }, &kept);
  }
  // After all threads and DPCs are done. In the order of the calls.
  template <class Callable>
  void finally(Callable callable) {
    auto& kept = make<Callable>(std::move(callable));
    at_end([](void* stored) { (*static_cast<Callable*>(stored))(); }, &kept);
  }

  // Explores now, not when the body has returned.
  void run();

  // What reports call it.
  template <class Object>
  void name(Object const& object, char const* named) {
    call_it(&object, sizeof(Object), named);
  }
  // What the execution came to: executions with the same values, in the same order, have the same
  // final state.
  void state(std::uint64_t value) noexcept;
  // A number below `bound` that the strategy chooses; 0 before the threads are let go.
  [[nodiscard]] std::uint32_t random(std::uint32_t bound) noexcept;

  struct Parts;  // src/explore
  explicit Exploration(Parts& parts) noexcept : parts_{parts} {}
  Exploration(Exploration const&) = delete;
  Exploration& operator=(Exploration const&) = delete;

 private:
  using Call = void (*)(void* argument);
  [[nodiscard]] void* allocate(std::size_t bytes, Call destroy);
  void add(char const* named, ExploreThread options, Call call, void* argument);
  void add(char const* named, ExploreDpc options, Call call, void* argument);
  void at_end(Call call, void* argument);
  void call_it(void const* address, std::size_t bytes, char const* named);

  Parts& parts_;
};

// mica::explore() without what its caller's place is.
ExploreResult run_exploration(ExploreConfig const& config,
                              std::function<void(Exploration& exploration)> const& body,
                              char const* file, int line, bool instrumented);

}  // namespace mica
