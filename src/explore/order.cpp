// What the machine says of order, for the flows, the race detector and who asks what conflicts.
#include "hal_host/order.hpp"

#include "explore/dependence.hpp"
#include "explore/detector.hpp"
#include "explore/memory.hpp"
#include "explore/recorder.hpp"
#include "explore/snapshot.hpp"
#include "explore/window.hpp"

namespace mica::hal_host {

using explore::Agent;
using explore::Detector;
using explore::Listener;
using explore::Memory;
using explore::Recorder;
using explore::Snapshot;
using explore::Step;

namespace {

void raised() noexcept {
  if (Detector* const detector = Detector::watching()) detector->raised();
}

void lowered() noexcept {
  if (Detector* const detector = Detector::watching()) detector->lowered();
}

// The part of the running stack that nobody uses: frames that were left, room for frames to come.
// An interrupt's frames and the interrupted thread's follow each other there, and IRQL does not
// order them.
void forget_free_stack() noexcept {
  Detector* const detector = Detector::watching();
  if (!detector) return;
  Strand const& strand = Machine::current().core.seat->flow();
  auto const bottom = reinterpret_cast<std::uintptr_t>(strand.bottom);
  auto const here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (bottom <= here && here < bottom + strand.bytes) detector->forget(bottom, here);
}

// An APC is its thread's own doing.
Agent agent_of(Agent interrupted, unsigned processor, KIRQL level) noexcept {
  if (level == apc_level) return interrupted;
  return level == dispatch_level ? interrupted.dispatch() : Agent::interrupt(processor, level);
}

}  // namespace

void order_raised() noexcept {
  if (Recorder* const recorder = Recorder::watching()) recorder->level(Step::Kind::raise);
  raised();
}

void order_lowered() noexcept {
  if (Recorder* const recorder = Recorder::watching()) recorder->level(Step::Kind::lower);
  lowered();
}

void order_request(unsigned processor, KIRQL level) noexcept {
  if (Recorder* const recorder = Recorder::watching()) recorder->requested(processor, level);
  if (Listener* const listener = Listener::hearing()) listener->requested(processor, level);
  if (Memory* const memory = Memory::watching()) memory->requested(processor, level);
  if (Detector* const detector = Detector::watching()) detector->requested(processor, level);
}

std::uint32_t order_begin_interrupt(KIRQL level) noexcept {
  forget_free_stack();
  if (Listener* const listener = Listener::hearing()) listener->interrupted();
  explore::Flows& flows = Detector::here().flows();
  unsigned const processor = Machine::processor_number();
  Agent const interrupted = flows.on(processor);
  flows.run(processor, agent_of(interrupted, processor, level));
  if (Recorder* const recorder = Recorder::watching()) recorder->level(Step::Kind::begin);
  if (Detector* const detector = Detector::watching()) {
    detector->began(processor, level);
    detector->handed_over(interrupted);
  }
  if (Memory* const memory = Memory::watching()) memory->began(processor, level);
  return interrupted.key;
}

// A dispatch interrupt may end on another processor than it began on.
void order_end_interrupt(std::uint32_t interrupted) noexcept {
  if (Recorder* const recorder = Recorder::watching()) recorder->level(Step::Kind::end);
  lowered();
  Detector::here().flows().run(Machine::processor_number(), {interrupted});
  if (Memory* const memory = Memory::watching()) memory->ended();
  forget_free_stack();
}

void order_switch(Context& from, Context const& to) noexcept {
  if (from.id == 0)
    if (Snapshot* const snapshot = Snapshot::living()) snapshot->left_idle(from);
  if (Listener* const listener = Listener::hearing()) listener->interrupted();
  if (Recorder* const recorder = Recorder::watching()) recorder->changed(to.id);
  lowered();
  explore::Flows& flows = Detector::here().flows();
  unsigned const processor = Machine::processor_number();
  Agent const left = flows.on(processor);
  flows.change(processor, from.id, to.id);
  raised();
  if (Detector* const detector = Detector::watching()) detector->handed_over(left);
  if (Memory* const memory = Memory::watching()) memory->switched(from.id, to.id);
}

void order_fired(std::uint32_t processors, bool nobody_steps) noexcept {
  if (Listener* const listener = Listener::hearing()) listener->fired(processors, nobody_steps);
}

void order_time(bool passes) noexcept {
  if (Listener* const listener = Listener::hearing()) listener->times(passes);
}

void order_make(Context& context) noexcept {
  if (Snapshot* const snapshot = Snapshot::living()) snapshot->made(context);
  if (Memory* const memory = Memory::watching()) memory->made(context.id);
}

void order_release(Context& context) noexcept {
  if (Snapshot* const snapshot = Snapshot::living()) snapshot->released(context);
  if (Detector* const detector = Detector::watching())
    detector->acts_for(Agent::thread(context.id));
}

void order_write(void* address, std::size_t bytes) noexcept {
  explore::tell_snapshot(address, bytes);
  if (Memory* const memory = Memory::watching()) memory->accessed(address, bytes, true, true);
}

void order_map(void* address) noexcept {
  if (Snapshot* const snapshot = Snapshot::watching()) snapshot->maps(address);
}

bool memory_is_short() noexcept {
  return explore::Window::short_of_memory();
}

void order_exchange_16(void const* target) noexcept {
  tell_recorder(Step::Kind::update, target, 16, __ATOMIC_SEQ_CST);
  explore::tell_listener(target, 16, {.writes = true, .atomic = true});
  if (Memory* const memory = Memory::watching())
    memory->update(target, 16, 0, __ATOMIC_SEQ_CST);  // nobody loads all of it
  Detector* const detector = Detector::watching();
  if (!detector) return;
  detector->loaded(target, __ATOMIC_SEQ_CST);
  detector->access(target, 16, {.writes = true, .atomic = true});
  detector->updated(target, __ATOMIC_SEQ_CST);
}

void order_await(Guard const& guard) noexcept {
  if (Listener* const listener = Listener::hearing()) listener->awaits(guard);
  if (Memory* const memory = Memory::watching()) memory->awaits(guard);
}

void order_awaited() noexcept {
  if (Listener* const listener = Listener::hearing()) listener->awaited();
  if (Memory* const memory = Memory::watching()) memory->awaited();
}

}  // namespace mica::hal_host
