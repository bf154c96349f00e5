#include "hal_host/jump.hpp"

#include <boost/context/detail/fcontext.hpp>

namespace mica::hal_host {
namespace fiber = boost::context::detail;

// A jump that hands over the OS thread carries the seat that was left; a change of flow carries
// nothing.
MICA_RAW void Jump::land_from_hop(Seat& here, Seat& left, void* left_at) noexcept {
  left.suspended = left_at;
  end_jump(here.strand, &left.strand);
  if (!left.block)
    token_acquire(here.block->core.simulation->enter_token());
  else if (!here.block)
    token_acquire(left.block->core.simulation->exit_token());
}

namespace {

#if defined(__x86_64__)
// jump_fcontext goes on with a jump and not with a return. Called, it would leave an address too
// many on the processor's own stack of return addresses, and every return on the way out of a
// switch would be predicted wrong (7 ns each). So it is entered by a jump too, with the address to
// go on at pushed by hand, below what a leaf function may keep under its stack pointer.
MICA_RAW inline fiber::transfer_t jump(fiber::fcontext_t to, void* data) noexcept {
  fiber::transfer_t arrival;
  asm volatile(
      "lea -128(%%rsp), %%rsp\n\t"
      "lea 1f(%%rip), %%rax\n\t"
      "push %%rax\n\t"
      "jmp jump_fcontext@PLT\n"
      "1:\n\t"
      "lea 128(%%rsp), %%rsp"
      : "=a"(arrival.fctx), "=d"(arrival.data), "+D"(to), "+S"(data)
      :
      : "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
        "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)",
        "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "memory", "cc");
  return arrival;
}
#else
MICA_RAW inline fiber::transfer_t jump(fiber::fcontext_t to, void* data) noexcept {
  return fiber::jump_fcontext(to, data);
}
#endif

// First code on the other flow. The old one is complete only once its context is published, and
// other processors may step between the two. A flow at DISPATCH_LEVEL stays on its processor, so
// one look at the block is enough.
MICA_RAW inline void land_from_change(fiber::transfer_t arrival) noexcept {
  Core& core = Machine::current().core;
  Seat& seat = *core.seat;
  end_jump(seat.strand, nullptr);
  token_acquire(&core);
  Machine::Context& left = *seat.leaving;
  if (--core.countdown <= 0) [[unlikely]]
    Machine::decide();
  left.saved.store(arrival.fctx, std::memory_order_release);
}

MICA_RAW void enter(fiber::transfer_t arrival) noexcept {
  Seat& seat = *Machine::current().core.seat;
  token_acquire(&seat);
  if (arrival.data)
    Jump::land_from_hop(seat, *static_cast<Seat*>(arrival.data), arrival.fctx);
  else
    land_from_change(arrival);
  Machine::Context& self = *seat.running;
  self.entry(self.argument);
  __builtin_trap();
}

MICA_RAW bool any(ExceptionState const& state) noexcept {
  return state.caught || state.uncaught;
}

// The copy in a flow that runs is empty: so where nobody handles an exception there is nothing to
// write.
MICA_RAW void exchange_exceptions(ExceptionState& running, Strand& out, Strand& in) noexcept {
  if (!any(running) && !any(in.exceptions)) [[likely]]
    return;
  out.exceptions = running;
  running = in.exceptions;
  in.exceptions = {};
}

// The seat goes on with another flow; the flow it had is saved into `from` once the other one runs.
MICA_RAW inline void change_flow(Seat& seat, Machine::Context& from, Machine::Context& to,
                                 void* target) noexcept {
  seat.leaving = &from;
  seat.running = &to;
#if defined(MICA_ASAN) || defined(MICA_TSAN)
  from.strand = seat.strand;
#endif
  order_switch(from, to);
  exchange_exceptions(*seat.exceptions, from.strand, to.strand);
#if defined(MICA_ASAN) || defined(MICA_TSAN)
  seat.strand = to.strand;
  token_release(&seat.block->core);
  token_release(seat.block->core.simulation->exit_token());
#endif
  begin_jump(from.strand, to.strand);
  land_from_change(jump(target, nullptr));
}

}  // namespace

MICA_RAW void Jump::hop(Seat& from, Seat& to) noexcept {
  Machine::current_processor = to.block;
  if (!from.block)
    token_release(to.block->core.simulation->enter_token());
  else
    token_release(from.block->core.simulation->exit_token());
  to.exceptions = from.exceptions;
  exchange_exceptions(*from.exceptions, from.strand, to.strand);
  begin_jump(from.strand, to.strand);
  fiber::transfer_t const arrival = jump(to.suspended, &from);
  land_from_hop(from, *static_cast<Seat*>(arrival.data), arrival.fctx);
}

void* Jump::fresh(hal::Stack stack) noexcept {
  return fiber::make_fcontext(static_cast<char*>(stack.base) + stack.bytes, stack.bytes, enter);
}

}  // namespace mica::hal_host

namespace mica {

using namespace hal_host;

MICA_RAW void NTAPI Machine::switch_context(Context& from, Context& to) noexcept {
  Core& core = current().core;
  if (--core.countdown <= 0) [[unlikely]]
    decide();
  if (core.level != dispatch_level) [[unlikely]]
    core.simulation->violation("a context switch at an IRQL other than DISPATCH_LEVEL");
  if (core.in_service) [[unlikely]]
    core.simulation->violation("a context switch before the end of the interrupt it was made for");
  void* const target = to.saved.load(std::memory_order_acquire);
  if (!target) [[unlikely]]
    core.simulation->violation("a switch to a context that is not saved");
  to.saved.store(nullptr, std::memory_order_relaxed);
  core.trace = std::rotl(core.trace, 5) + to.id;
  change_flow(*core.seat, from, to, target);
}

}  // namespace mica
