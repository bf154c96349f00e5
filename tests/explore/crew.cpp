#include "crew.hpp"

#include <nt/ex.h>

#include <new>

#include "explore/snapshot.hpp"
#include "hal_host/simulation.hpp"
#include "team.hpp"

namespace mica::explore {
namespace {

constexpr unsigned most = 4;

struct Crew;

struct Seat {
  Crew* crew;
  unsigned number;

  void operator()() const noexcept;
};

// In the pool: all but the first processor stay in it until the System ends.
struct Crew {
  void (*program)(void* argument, unsigned number);
  void* argument;
  KIRQL level;
  std::atomic<unsigned> gathered{0}, go{0}, over{0};
  std::atomic<unsigned> arrived[most]{}, done[most]{};
  Seat seats[most]{};
};

// The next point is a decision: what the closed window granted ends.
void stop_at_next_point() noexcept {
  hal_host::Core& core = Machine::current().core;
  core.seat->granted -= core.countdown - 1;
  core.countdown = 1;
}

void Seat::operator()() const noexcept {
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

}  // namespace

void run_together(Window& window, Together together,
                  void (*program)(void* argument, unsigned number), void* argument) noexcept {
  unsigned const count = together.count;
  void* const memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Crew), 'werC');
  auto& crew =
      *new (memory) Crew{.program = program, .argument = argument, .level = together.level};
  KeSetSystemAffinityThreadEx(1);
  for (unsigned i = 1; i < count; ++i) {
    crew.seats[i] = {&crew, i};
    static_cast<void>(test::start(crew.seats[i], {.processor = static_cast<int>(i)}));
  }
  while (crew.gathered != count - 1) spin_while(crew.gathered, crew.gathered.load());
  KIRQL old;
  KeRaiseIrql(together.level, &old);
  // One after the other they come to the first operation of their programs, and no further.
  crew.go = 1;
  for (unsigned i = 1; i < count; ++i) spin_while(crew.arrived[i], 0);
  window.open();
  tell_snapshot(memory, sizeof(Crew));  // this code does not tell what it writes
  program(argument, 0);
  for (unsigned i = 1; i < count; ++i) spin_while(crew.done[i], 0);
  window.close();
  if (together.leaves) crew.over = 1;
  KeLowerIrql(old);
}

}  // namespace mica::explore
