// How an interrupt is delivered: accept, signal its end, run the handler, go back to the level
// before.
//   Each is a scheduling point of its own. Once the handler runs nothing may be in service: a
//   handler that switches contexts takes this frame to another time and maybe to another processor.
#include <bit>

#include "hal_host/simulation.hpp"

namespace mica {

using namespace hal_host;

namespace {

// A request that met another of its level may find its vector taken already.
void run_device_handler(Simulation& simulation, KIRQL level) noexcept {
  std::uint8_t const vector = simulation.take_vector(level);
  if (vector == 0) return;
  simulation.handlers().device(vector);
  simulation.served(vector);
}

void run_handler(Simulation& simulation, KIRQL level, KIRQL interrupted) noexcept {
  hal::Handlers const& handlers = simulation.handlers();
  switch (level) {
    case apc_level:
      return handlers.apc();
    case dispatch_level:
      return handlers.dispatch();
    case clock_level:
      return handlers.clock(interrupted);
    case ipi_level:
      return handlers.ipi();
    default:
      if (level == entry_level && simulation.entry_interrupt()) return;
      if (level >= first_device_level && level <= last_device_level)
        return run_device_handler(simulation, level);
      simulation.violation("an interrupt at a level that has no handler");
  }
}

void accept(Core& core, KIRQL level) noexcept {
  core.pending &= ~level_bit(level);
  core.in_service |= level_bit(level);
  core.level = level;
  core.simulation->note(0x300 + level);
}

void end_of_interrupt(Core& core, KIRQL level) noexcept {
  core.in_service &= ~level_bit(level);
}

}  // namespace

MICA_RAW void NTAPI Machine::deliver() noexcept {
  for (;;) {
    Core& core = current().core;
    if (!deliverable(core, core.pending)) return;
    auto const level = static_cast<KIRQL>(std::bit_width(core.pending) - 1);
    KIRQL const old = core.level;
    bool const crosses = old < dispatch_level && level >= dispatch_level;
    accept(core, level);
    std::uint32_t const interrupted = order_begin_interrupt(level);
    if (crosses) token_acquire(&core);
    point();
    end_of_interrupt(core, level);
    point();
    run_handler(*core.simulation, level, old);
    Core& core_after = current().core;
    if (crosses) token_release(&core_after);
    order_end_interrupt(interrupted);
    core_after.level = old;
  }
}

}  // namespace mica
