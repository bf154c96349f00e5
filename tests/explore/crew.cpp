#include "crew.hpp"

#include "hal_host/simulation.hpp"
#include "team.hpp"

namespace mica::explore {
namespace {

constexpr unsigned most = 4;

struct Crew {
  void (*program)(void* argument, unsigned number);
  void* argument;
  KIRQL level;
  std::atomic<unsigned> gathered{0}, go{0}, over{0};
  std::atomic<unsigned> arrived[most]{}, done[most]{};
};

// The next point is a decision: what the closed window granted ends.
void stop_at_next_point() noexcept {
  hal_host::Core& core = Machine::current().core;
  core.seat->granted -= core.countdown - 1;
  core.countdown = 1;
}

struct Seat {
  Crew* crew;
  unsigned number;

  void operator()() const noexcept {
    KIRQL old;
    KeRaiseIrql(crew->level, &old);
    ++crew->gathered;
    spin_while(crew->go, 0);
    crew->arrived[number] = 1;
    stop_at_next_point();
    crew->program(crew->argument, number);
    crew->done[number] = 1;
    spin_while(crew->over, 0);
    KeLowerIrql(old);
  }
};

}  // namespace

void run_together(Window& window, Together together,
                  void (*program)(void* argument, unsigned number), void* argument) noexcept {
  unsigned const count = together.count;
  Crew crew{.program = program, .argument = argument, .level = together.level};
  KeSetSystemAffinityThreadEx(1);
  Seat seats[most];
  test::Thread* threads[most];
  for (unsigned i = 1; i < count; ++i) {
    seats[i] = {&crew, i};
    threads[i] = test::start(seats[i], {.processor = static_cast<int>(i)});
  }
  while (crew.gathered != count - 1) spin_while(crew.gathered, crew.gathered.load());
  KIRQL old;
  KeRaiseIrql(together.level, &old);
  // One after the other they come to the first operation of their programs, and no further.
  crew.go = 1;
  for (unsigned i = 1; i < count; ++i) spin_while(crew.arrived[i], 0);
  window.open();
  stop_at_next_point();
  program(argument, 0);
  for (unsigned i = 1; i < count; ++i) spin_while(crew.done[i], 0);
  window.close();
  crew.over = 1;
  KeLowerIrql(old);
  KeRevertToUserAffinityThread();
  for (unsigned i = 1; i < count; ++i) test::join(threads[i]);
}

}  // namespace mica::explore
