#include "hal_host/jump.hpp"

#include <boost/context/detail/fcontext.hpp>

namespace mica::hal_host {
namespace fiber = boost::context::detail;

// A jump that hands over the OS thread carries the seat that was left; a change of flow carries nothing.
MICA_RAW void Jump::land_from_hop(Seat& here, Seat& left, void* left_at) noexcept {
  left.suspended = left_at;
  end_jump(here.strand, &left.strand);
  if (!left.block) token_acquire(&here.block->core.simulation->enter_token_);
  else if (!here.block) token_acquire(&left.block->core.simulation->exit_token_);
}

namespace {

// First code on the other flow. The old one is complete only once its context is published, and other
// processors may step between the two.
MICA_RAW void land_from_change(fiber::transfer_t arrival) noexcept {
  Seat& seat = *Machine::current().core.seat;
  end_jump(seat.strand, nullptr);
  token_acquire(&Machine::current().core);
  Machine::Context& left = *seat.leaving;
  Machine::point();
  left.saved.store(arrival.fctx, std::memory_order_release);
}

MICA_RAW void enter(fiber::transfer_t arrival) noexcept {
  Seat& seat = *Machine::current().core.seat;
  token_acquire(&seat);
  if (arrival.data) Jump::land_from_hop(seat, *static_cast<Seat*>(arrival.data), arrival.fctx);
  else land_from_change(arrival);
  Machine::Context& self = *seat.running;
  self.entry(self.argument);
  __builtin_trap();
}

MICA_RAW void exchange_exceptions(Seat& thread_of, Strand& out, Strand const& in) noexcept {
  out.exceptions = *thread_of.exceptions;
  *thread_of.exceptions = in.exceptions;
}

}  // namespace

MICA_RAW void Jump::hop(Seat& from, Seat& to) noexcept {
  Machine::current_processor = to.block;
  if (!from.block) token_release(&to.block->core.simulation->enter_token_);
  else token_release(&from.block->core.simulation->exit_token_);
  to.exceptions = from.exceptions;
  exchange_exceptions(from, from.strand, to.strand);
  begin_jump(from.strand, to.strand);
  fiber::transfer_t const arrival = fiber::jump_fcontext(to.suspended, &from);
  land_from_hop(from, *static_cast<Seat*>(arrival.data), arrival.fctx);
}

void* Jump::fresh(hal::Stack stack) noexcept {
  return fiber::make_fcontext(static_cast<char*>(stack.base) + stack.bytes, stack.bytes, enter);
}

MICA_RAW void Jump::change(Seat& seat, Machine::Context& from, Machine::Context& to, void* target) noexcept {
  seat.leaving = &from;
  seat.running = &to;
#if defined(MICA_ASAN) || defined(MICA_TSAN)
  from.strand = seat.strand;
  exchange_exceptions(seat, from.strand, to.strand);
  seat.strand = to.strand;
  token_release(&seat.block->core);
  token_release(&seat.block->core.simulation->exit_token_);
#else
  exchange_exceptions(seat, from.strand, to.strand);
#endif
  begin_jump(from.strand, to.strand);
  land_from_change(fiber::jump_fcontext(target, nullptr));
}

}  // namespace mica::hal_host
