#include "timed.hpp"

#include <fmt/ranges.h>

#include <cstring>
#include <set>
#include <utility>

#include "explore/dependence.hpp"
#include "explore/dpor.hpp"
#include "hal_host/simulation.hpp"
#include "rig.hpp"

namespace mica::explore {
namespace {

using namespace hal_host;
using Kind = Timed::Kind;

constexpr std::uint64_t period_100ns = 1'000'000;  // longer than any execution has steps
constexpr unsigned count = 2;

// What the processors share; outlives each execution.
struct World {
  TimedProgram program;
  std::atomic<std::uint32_t> cells[2];
  std::string read[count];
  unsigned rearms[count];
  bool started;
};
World world;
Region* region;
Machine::Processor* blocks;

std::uint64_t tick() noexcept {
  return Machine::interrupt_time().value_100ns / period_100ns;
}

void note(char what, std::uint64_t value) {
  world.read[Machine::processor_number()] += fmt::format("{}{} ", what, value);
}

void perform(Timed const& operation) {
  auto& cell = world.cells[operation.cell];
  switch (operation.kind) {
    case Kind::load:
      return note('l', cell.load());
    case Kind::add:
      return note('a', cell.fetch_add(1));
    case Kind::time:
      return note('t', tick());
    case Kind::arm:
    case Kind::later:
      return Machine::arm_clock({(tick() + (operation.kind == Kind::arm ? 1 : 2)) * period_100ns});
    case Kind::stall:
      return Machine::stall(period_100ns / 10);
    case Kind::mask: {
      KIRQL const old = Machine::raise(HIGH_LEVEL);
      note('m', cell.fetch_add(1));
      return Machine::lower(old);
    }
    case Kind::await:
      do Machine::await(cell, 0u);
      while (cell.load() == 0);
      return note('w', 0);
    case Kind::halt:
      Machine::disable_interrupts();
      Machine::halt();
      return note('h', 0);
    case Kind::send:
      return Machine::send_ipi(1 - Machine::processor_number());
  }
}

void NTAPI ignore() {}
void NTAPI clock(KIRQL) {
  note('C', world.cells[0].fetch_add(1));
}
void NTAPI ipi() {
  note('I', world.cells[1].fetch_add(1));
}
void NTAPI idle() {
  unsigned const number = Machine::processor_number();
  Machine::point();  // both begin at once
  for (Timed const& operation : world.program.processors[number]) perform(operation);
  note('.', 0);
  Machine::lower(PASSIVE_LEVEL);
  for (;;) {
    Machine::disable_interrupts();
    Machine::halt();
  }
}
void NTAPI device(std::uint8_t) {}
void NTAPI fault(hal::Fault const&) {
  __builtin_trap();
}
PageNumber NTAPI table_page() {
  return no_page;
}
constexpr hal::Handlers handlers{ignore, ignore, ipi, clock, device, idle, fault, table_page};

hal::Stack stack_of(unsigned number) noexcept {
  static void* const stacks[count] = {region->take_storage(Machine::stack_size),
                                      region->take_storage(Machine::stack_size)};
  return {stacks[number], Machine::stack_size};
}

// Nobody is asked before all processors are there.
class Gate final : public Policy {
 public:
  explicit Gate(Strategy& strategy) noexcept : strategy_{strategy} {}
  [[nodiscard]] MICA_RAW std::uint32_t choose(Choice kind,
                                              Candidates const& candidates) noexcept override {
    return open_ ? strategy_.choose(kind, candidates) : 0;
  }
  MICA_RAW void open() noexcept {
    open_ = true;
    strategy_.opened();
  }

 private:
  Strategy& strategy_;
  bool open_ = false;
};
Gate* gate;

void NTAPI begin(void*) {
  static_cast<void>(Machine::start_processor(blocks[1], stack_of(1)));
  gate->open();
  idle();
}

// Not announced: the strategy listens until it is told that the execution is over.
MICA_RAW Ending run(Simulation& simulation, Strategy& strategy) {
  Ending const ending = simulation.run();
  strategy.closed();
  return ending;
}

// Depth-first search by the rule that DPOR has: time jumps at will as long as it has not moved.
class OneJump final : public Strategy, private Listener {
 public:
  [[nodiscard]] bool next_execution() override {
    moved_ = false;
    hear();
    return inner_->next_execution();
  }
  [[nodiscard]] Schedule schedule() const override { return inner_->schedule(); }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::time && moved_) return 0;
    std::uint32_t const choice = inner_->choose(kind, candidates);
    moved_ |= kind == Choice::time && choice == 1;
    return choice;
  }

 private:
  void accessed(void const volatile*, std::size_t, bool, bool) override {}
  void requested(unsigned, KIRQL) override {}
  void fired(std::uint32_t, bool nobody_steps) override { moved_ |= nobody_steps; }
  void times(bool) override {}
  void interrupted() noexcept override {}
  void awaits(hal_host::Guard const&) override {}
  void awaited() override {}

  std::unique_ptr<Strategy> inner_ = depth_first(true);
  bool moved_ = false;
};

using States = std::set<std::string>;

// Those that the strategy reaches; `executions` counts on, to `most`.
States reach(TimedProgram const& program, Strategy& strategy, std::uint64_t& executions,
             std::uint64_t most) {
  States states;
  while (executions < most && strategy.next_execution()) {
    ++executions;
    states.insert(perform(program, strategy));
  }
  return states;
}

}  // namespace

TimedProgram generate_timed(std::uint64_t seed) {
  Random random{seed};
  TimedProgram program;
  for (auto& operations : program.processors) {
    unsigned const length = 1 + random.below(3);
    while (operations.size() < length)
      operations.push_back({static_cast<Kind>(random.below(10)), random.below(2)});
  }
  return program;
}

std::string perform(TimedProgram const& program, Strategy& strategy) {
  if (!region) {
    region = Region::acquire(8 << 20);
    blocks =
        static_cast<Machine::Processor*>(region->take_storage(sizeof(Machine::Processor) * count));
  }
  world.program = program;
  for (auto& cell : world.cells) cell = 0;
  for (auto& text : world.read) text.clear();
  std::memset(static_cast<void*>(blocks), 0, sizeof(Machine::Processor) * count);
  blocks[1].pcr.Prcb.Number = 1;
  Gate own{strategy};
  gate = &own;
  Simulation simulation{{.handlers = &handlers,
                         .processors = count,
                         .policy = &own,
                         .step_limit = period_100ns,
                         .region = region}};
  simulation.boot(blocks[0], stack_of(0), begin, nullptr);
  Ending const ending = run(simulation, strategy);
  return fmt::format("{}| {}| {} {} {}", world.read[0], world.read[1], world.cells[0].load(),
                     world.cells[1].load(), static_cast<int>(ending.end));
}

}  // namespace mica::explore

using namespace mica::explore;

TEST_CASE(
    "Dpor: with clocks depth-first search agrees with it, and with a broken one it does not") {
  constexpr std::uint64_t too_many = 10'000;
  std::uint64_t executions = 0, reduced = 0;
  unsigned compared = 0;
  unsigned missed[] = {0, 0, 0, 0};
  for (std::uint64_t seed = 1'100; compared < 120; ++seed) {
    TimedProgram const program = generate_timed(seed);
    std::uint64_t all = 0, less = 0;
    OneJump depth;
    States const states = reach(program, depth, all, too_many);
    if (all == too_many) continue;
    INFO("seed " << seed);
    CHECK(reach(program, *dpor(true), less, too_many) == states);
    CHECK(less <= all);
    ++compared;
    executions += all;
    reduced += less;
    for (DporFlaw const flaw :
         {DporFlaw::deep_sleep, DporFlaw::blind_reads, DporFlaw::blind_time}) {
      std::uint64_t made = 0;
      missed[static_cast<unsigned>(flaw)] +=
          reach(program, *dpor(true, flaw), made, too_many) != states;
    }
  }
  fmt::print("dpor     {} timed programs      executions {:>6} depth first {:>6} flaws miss {}\n",
             compared, reduced, executions, fmt::join(missed + 1, missed + 4, ", "));
  for (unsigned flaw = 1; flaw < 4; ++flaw) CHECK(missed[flaw] > 0);
}
