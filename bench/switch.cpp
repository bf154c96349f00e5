// A context switch and nothing else.
#include <ucontext.h>

#include <boost/context/detail/fcontext.hpp>
#include <boost/fiber/all.hpp>
#include <memory>

#include "bench.hpp"
#include "floor/switch.hpp"
#include "ke/processor.hpp"
#include "mm/state.hpp"

namespace mica::bench {
namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

// Both flows switch at one place, as the kernel's do: so the processor foretells where they return.
[[gnu::noinline]] void turn(Machine::Context& from, Machine::Context& to,
                            bool (*more)(benchmark::State&), benchmark::State& state) noexcept {
  do Machine::switch_context(from, to);
  while (more(state));
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    ke::RaiseToDispatch raised;
    struct Other {
      Machine::Context context;
      Machine::Context& first;
      benchmark::State& state;
    } other{{}, ke::current_thread().context, state};
    hal::Stack const stack = mm::allocate_stack();
    auto const bounce = [](void* argument) NTAPI {
      auto& self = *static_cast<Other*>(argument);
      turn(
          self.context, self.first, [](benchmark::State&) { return true; }, self.state);
    };
    Machine::make_context(other.context, stack, bounce, &other);
    turn(
        other.first, other.context, [](benchmark::State& s) { return s.KeepRunningBatch(2); },
        state);
    Machine::release_context(other.context);
    mm::free_stack(stack);
  });
}
BENCHMARK(ours)->Name("switch/ours");

struct FloorStacks {
  static inline void* main;
  static inline void* other;
  static void bounce() {
    for (;;) floor::switch_stack(&other, main);
  }
};

void lowest(benchmark::State& state) {
  floor::Stack const stack{FloorStacks::bounce};
  FloorStacks::other = stack.pointer;
  while (state.KeepRunningBatch(2)) floor::switch_stack(&FloorStacks::main, FloorStacks::other);
}
BENCHMARK(lowest)->Name("switch/floor");

void boost_context(benchmark::State& state) {
  namespace detail = boost::context::detail;
  auto const stack = std::make_unique<char[]>(stack_bytes);
  detail::transfer_t other{detail::make_fcontext(stack.get() + stack_bytes, stack_bytes,
                                                 [](detail::transfer_t back) {
                                                   for (;;)
                                                     back =
                                                         detail::jump_fcontext(back.fctx, nullptr);
                                                 }),
                           nullptr};
  while (state.KeepRunningBatch(2)) other = detail::jump_fcontext(other.fctx, nullptr);
}
BENCHMARK(boost_context)->Name("switch/peer:Boost.Context");

void boost_fibers(benchmark::State& state) {
  bool over = false;
  boost::fibers::fiber other{[&over] {
    while (!over) boost::this_fiber::yield();
  }};
  while (state.KeepRunningBatch(2)) boost::this_fiber::yield();
  over = true;
  other.join();
}
BENCHMARK(boost_fibers)->Name("switch/peer:boost fibers");

struct UnixContexts {
  static inline ucontext_t main;
  static inline ucontext_t other;
  static void bounce() {
    for (;;) swapcontext(&other, &main);
  }
};

void unix_context(benchmark::State& state) {
  auto const stack = std::make_unique<char[]>(stack_bytes);
  getcontext(&UnixContexts::other);
  UnixContexts::other.uc_stack.ss_sp = stack.get();
  UnixContexts::other.uc_stack.ss_size = stack_bytes;
  UnixContexts::other.uc_link = nullptr;
  makecontext(&UnixContexts::other, UnixContexts::bounce, 0);
  while (state.KeepRunningBatch(2)) swapcontext(&UnixContexts::main, &UnixContexts::other);
}
BENCHMARK(unix_context)->Name("switch/peer:ucontext");

}  // namespace
}  // namespace mica::bench
