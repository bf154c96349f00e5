// The seam's context group.
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
  prepare_strand(context.strand, stack.base, stack.bytes);
  simulation.remember(context);
  context.saved.store(Jump::fresh(stack), std::memory_order_release);
}

MICA_RAW void NTAPI Machine::switch_context(Context& from, Context& to) noexcept {
  point();
  Core& core = current().core;
  if (core.level != dispatch_level) [[unlikely]]
    core.simulation->violation("a context switch at an IRQL other than DISPATCH_LEVEL");
  if (core.in_service) [[unlikely]]
    core.simulation->violation("a context switch before the end of the interrupt it was made for");
  void* const target = to.saved.load(std::memory_order_acquire);
  if (!target) [[unlikely]] core.simulation->violation("a switch to a context that is not saved");
  to.saved.store(nullptr, std::memory_order_relaxed);
  core.trace = std::rotl(core.trace, 5) + to.id;
  Jump::change(*core.seat, from, to, target);
}

void NTAPI Machine::release_context(Context& context) noexcept {
  current().core.simulation->forget(context);
  drop_strand(context.strand);
  context.saved.store(nullptr, std::memory_order_relaxed);
}

}  // namespace mica
