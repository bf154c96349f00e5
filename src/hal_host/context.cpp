// The seam's context group; switch_context is in jump.cpp, with the jump.
#include "hal_host/jump.hpp"

namespace mica {

using namespace hal_host;

constinit thread_local Machine::Processor* Machine::current_processor = nullptr;

void NTAPI Machine::make_context(Context& context, hal::Stack stack, void(NTAPI* entry)(void*),
                                 void* argument) noexcept {
  Simulation& simulation = *current().core.simulation;
  context.entry = entry;
  context.argument = argument;
  context.id = simulation.next_context_id();
  order_make(context);
  prepare_strand(context.strand, stack.base, stack.bytes);
  simulation.remember(context);
  context.saved.store(Jump::fresh(stack), std::memory_order_release);
}

void NTAPI Machine::release_context(Context& context) noexcept {
  current().core.simulation->forget(context);
  order_release(context);
  drop_strand(context.strand);
  context.saved.store(nullptr, std::memory_order_relaxed);
}

}  // namespace mica
