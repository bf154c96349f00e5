// Every schedule of a small scenario, in any test program: mica::explore(config, body).
//   The body describes one execution: what there is (make), what is done before anything moves
//   (setup), which threads and DPCs run against each other (thread, dpc), and what must hold at
//   their end (finally). Each execution is on its own System, fresh or brought back, so what the
//   callables share stands in what make() gave: the body's own variables are gone when they run,
//   unless the body calls run() itself. MICA_CHECK anywhere; no other framework's checks inside.
//   A failure is thrown on the caller's stack, so that every framework, and a plain main, fails.
//   MICA_EXPLORE, MICA_REPLAY and MICA_REPORT in the environment ask for something else
//   (docs/explore.md). Only instrumented bodies have scheduling points of their own and are looked
//   at for races; the kernel always is (mica_explore_sources in CMake).
#pragma once

#include <mica/exploration.hpp>

namespace mica {

#if defined(__SANITIZE_THREAD__)
constexpr bool explore_instrumented = true;
#elif defined(__has_feature)
constexpr bool explore_instrumented = __has_feature(thread_sanitizer);
#else
constexpr bool explore_instrumented = false;
#endif

// Throws ExplorationFailed, and std::invalid_argument when a setting of the environment is wrong.
// The last arguments are the caller's place.
template <bool instrumented = explore_instrumented>
ExploreResult explore(ExploreConfig const& config,
                      std::function<void(Exploration& exploration)> const& body,
                      char const* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return run_exploration(config, body, file, line, instrumented);
}

// ---- Waiting, as short as a test wants it.
template <class Object>
NTSTATUS wait(Object& object) noexcept {
  return KeWaitForSingleObject(&object, Executive, KernelMode, FALSE, nullptr);
}
template <class Object>
NTSTATUS wait(Object& object, std::chrono::nanoseconds timeout) noexcept {
  LARGE_INTEGER relative;
  relative.QuadPart = -(timeout.count() / 100);
  return KeWaitForSingleObject(&object, Executive, KernelMode, FALSE, &relative);
}

}  // namespace mica
