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

struct Two {
  Machine::Context* first;
  Machine::Context second;
};

void NTAPI bounce(void* argument) noexcept {
  auto& two = *static_cast<Two*>(argument);
  for (;;) Machine::switch_context(two.second, *two.first);
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    ke::RaiseToDispatch raised;
    Two two{&ke::current_thread().context, {}};
    hal::Stack const stack = mm::allocate_stack();
    Machine::make_context(two.second, stack, bounce, &two);
    while (state.KeepRunningBatch(2)) Machine::switch_context(*two.first, two.second);
    Machine::release_context(two.second);
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
