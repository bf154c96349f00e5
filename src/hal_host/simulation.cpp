// What both modes share: seats, the way in and out, the trace.
#include "hal_host/simulation.hpp"

#include "hal_host/jump.hpp"

namespace mica::hal_host {
namespace {

constexpr std::uint64_t hash_prime = 0x100000001b3;

void NTAPI call_idle(void* handler) {
  reinterpret_cast<void(NTAPI*)()>(handler)();
}

}  // namespace

Simulation::Simulation(Setup const& setup) : setup_{setup} {
  for (unsigned i = 0; i < max_processors; ++i) seats_[i].number = controllers_[i].number = i;
}

Simulation::~Simulation() {
  for (Seat& seat : seats_) drop_strand(seat.first.strand);
  for (Machine::Context* const context : contexts_) drop_strand(context->strand);
}

void Simulation::bind(Machine::Processor& block) noexcept {
  Core& core = block.core;
  core = Core{};
  core.simulation = this;
  core.seat = &seats_[block.pcr.Prcb.Number];
  core.level = dispatch_level;
  core.countdown = 1;
  core.direct = region().direct();
}

// A processor that was not there enters at DISPATCH_LEVEL.
void Simulation::place(Seat& seat, Machine::Processor& block, hal::Stack stack,
                       void(NTAPI* entry)(void*), void* argument) noexcept {
  seat.block = &block;
  seat.running = &seat.first;
  seat.first.entry = entry;
  seat.first.argument = argument;
  prepare_strand(seat.first.strand, stack.base, stack.bytes);
  seat.strand = seat.first.strand;
  seat.suspended = Jump::fresh(stack);
  seat.granted = 1;
  token_release(&seat);
  seat.activity = Activity::steps;
}

void Simulation::boot(Machine::Processor& block, hal::Stack stack, void(NTAPI* entry)(void*),
                      void* argument) noexcept {
  bind(block);
  place(seats_[0], block, stack, entry, argument);
}

bool Simulation::start(Machine::Processor& block, hal::Stack stack) noexcept {
  unsigned const number = block.pcr.Prcb.Number;
  if (number >= setup_.processors) return false;
  Seat& seat = seats_[number];
  if (seat.activity != Activity::absent) return false;
  note(0x100 + number);
  bind(block);
  place(seat, block, stack, call_idle, reinterpret_cast<void*>(setup_.handlers->idle));
  if (setup_.parallel)
    launch(seat);
  else
    account(me()), grant(me());
  return true;
}

Ending Simulation::run() {
  ending_ = Ending{};
  settling_ = false;
  Ending const ending = setup_.parallel ? run_parallel() : run_deterministic();
  Machine::current_processor = nullptr;
  return ending;
}

void Simulation::interrupt(void(NTAPI* routine)(void*), void* argument) noexcept {
  entry_routine_ = routine;
  entry_argument_ = argument;
  entry_wanted_ = true;
  seats_[0].wire.fetch_or(level_bit(entry_level));
}

bool Simulation::entry_interrupt() noexcept {
  if (!entry_wanted_.load() || me().number != 0) return false;
  entry_wanted_ = false;
  // A device of that level may have interrupted as well.
  me().block->core.pending |= me().vectors[entry_level].load() != 0 ? level_bit(entry_level) : 0;
  entry_routine_(entry_argument_);
  return true;
}

void Simulation::note(std::uint64_t event) noexcept {
  Core& core = Machine::current().core;
  core.trace = std::rotl(core.trace, 5) + event * hash_prime;
}

void Simulation::write_log(char const* text, std::size_t bytes) noexcept {
  {
    std::lock_guard const guard{mutex_};
    if (log_.size() + bytes <= setup_.log_limit_bytes) {
      log_.append(text, bytes);
      return;
    }
  }
  end({End::log_limit, {}, "the log is full"});
}

void Simulation::end(Ending const& ending) noexcept {
  Seat& seat = me();
  if (setup_.parallel) {
    {
      std::lock_guard const guard{mutex_};
      if (ending_.end == End::none) ending_ = ending;
      over_ = true;
    }
    changed_.notify_all();
    leave_parallel(seat);
  } else {
    ending_ = ending;
    account(seat);
    Jump::hop(seat, controllers_[0]);
  }
  __builtin_trap();  // nobody continues a System that ended
}

// Contexts hold sanitizer resources that must be given back when a System ends.
void Simulation::remember([[maybe_unused]] Machine::Context& context) noexcept {
#if defined(MICA_TSAN)
  std::lock_guard const guard{mutex_};
  contexts_.push_back(&context);
#endif
}

void Simulation::forget([[maybe_unused]] Machine::Context& context) noexcept {
#if defined(MICA_TSAN)
  std::lock_guard const guard{mutex_};
  std::erase(contexts_, &context);
#endif
}

}  // namespace mica::hal_host
