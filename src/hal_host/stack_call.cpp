// The seam's call on another stack. Both ways lead over at DISPATCH_LEVEL or above: the flow that
// goes there stays on its processor while it does.
#include "hal_host/simulation.hpp"

#if defined(MICA_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif
#if !defined(__x86_64__)
#include <boost/context/detail/fcontext.hpp>
#endif

namespace mica::hal_host {
namespace {

struct Call {
  hal::Stack stack;
  void(NTAPI* function)(void*);
  void* argument;
  Strand caller;  // of the flow, while it is on the stack it came from
};

// The flow keeps its strand, which others copy when they switch: only the stack in it changes.
MICA_RAW void stand_on(void const* bottom, std::size_t bytes, Strand const* outer) noexcept {
  Seat& seat = *Machine::current().core.seat;
  auto const move = [&](Strand& strand) {
    strand.bottom = bottom;
    strand.bytes = bytes;
    strand.outer = outer;
  };
  move(seat.flow());
  move(seat.strand);
}

// AddressSanitizer is told of each move right before it, and first thing after it.
MICA_RAW void leave(Call& call) noexcept {
  call.caller = Machine::current().core.seat->flow();
#if defined(MICA_ASAN)
  __sanitizer_start_switch_fiber(&call.caller.fake_stack, call.stack.base, call.stack.bytes);
#endif
}

MICA_RAW void arrive(Call const& call) noexcept {
#if defined(MICA_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  stand_on(call.stack.base, call.stack.bytes, &call.caller);
}

MICA_RAW void turn_back([[maybe_unused]] Call const& call) noexcept {
#if defined(MICA_ASAN)
  __sanitizer_start_switch_fiber(nullptr, call.caller.bottom, call.caller.bytes);
#endif
}

MICA_RAW void come_back(Call const& call) noexcept {
#if defined(MICA_ASAN)
  __sanitizer_finish_switch_fiber(call.caller.fake_stack, nullptr, nullptr);
#endif
  stand_on(call.caller.bottom, call.caller.bytes, call.caller.outer);
}

}  // namespace

extern "C" MICA_RAW [[gnu::used]] void mica_run_call(void* argument) noexcept {
  Call& call = *static_cast<Call*>(argument);
  arrive(call);
  call.function(call.argument);
  turn_back(call);
}

#if defined(__x86_64__)
// The frame says where its caller is, so unwinders go through it from one stack to the other.
extern "C" void mica_move_to_stack(void* top, void* call) noexcept;
asm(R"(
        .text
        .type mica_move_to_stack, @function
mica_move_to_stack:
        .cfi_startproc
        pushq %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq %rdi, %rsp
        movq %rsi, %rdi
        call mica_run_call
        movq %rbp, %rsp
        popq %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size mica_move_to_stack, . - mica_move_to_stack
)");
#else
namespace fiber = boost::context::detail;

// The flow goes on there as a fiber of its own, which ends by going back.
MICA_RAW void enter_stack(fiber::transfer_t arrival) noexcept {
  mica_run_call(arrival.data);
  static_cast<void>(fiber::jump_fcontext(arrival.fctx, nullptr));
}

MICA_RAW void mica_move_to_stack(void* top, void* call) noexcept {
  hal::Stack const stack = static_cast<Call*>(call)->stack;
  static_cast<void>(
      fiber::jump_fcontext(fiber::make_fcontext(top, stack.bytes, enter_stack), call));
}
#endif

}  // namespace mica::hal_host

namespace mica {

using namespace hal_host;

MICA_RAW void NTAPI Machine::call_on_stack(hal::Stack stack, void(NTAPI* function)(void*),
                                           void* argument) noexcept {
  if (current().core.level < dispatch_level) [[unlikely]]
    current().core.simulation->violation("a call on another stack below DISPATCH_LEVEL");
  Call call{stack, function, argument, {}};
  auto const top = reinterpret_cast<std::uintptr_t>(stack.base) + stack.bytes;
  leave(call);
  mica_move_to_stack(reinterpret_cast<void*>(top & ~std::uintptr_t{15}), &call);
  come_back(call);
}

}  // namespace mica
