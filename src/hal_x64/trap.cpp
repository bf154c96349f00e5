#include "hal_x64/trap.hpp"

#include <nt/rtl/exception.h>

#include <algorithm>
#include <iterator>

#include "hal_x64/apic.hpp"
#include "hal_x64/backtrace.hpp"
#include "hal_x64/clock.hpp"
#include "hal_x64/flush.hpp"
#include "hal_x64/instructions.hpp"
#include "hal_x64/layout.hpp"
#include "hal_x64/processors.hpp"

namespace mica::hal_x64 {

namespace {

constinit hal::Handlers const* registered = nullptr;

// An instruction that may fault, and where to go on when it does: context.S writes the table.
struct Guarded {
  std::uint64_t instruction;
  std::uint64_t landing;
};
extern "C" Guarded const __start_mica_guarded[];
extern "C" Guarded const __stop_mica_guarded[];

bool recover(TrapFrame& frame) noexcept {
  if (frame.vector != vector_page_fault && frame.vector != vector_general_protection) return false;
  for (Guarded const* entry = __start_mica_guarded; entry != __stop_mica_guarded; ++entry) {
    if (entry->instruction != frame.rip) continue;
    frame.rip = entry->landing;
    return true;
  }
  return false;
}

// A page fault whose own frame did not fit on the stack became a double fault; the address it
// failed at is near the stack pointer.
bool is_stack_overflow(TrapFrame const& frame, std::uint64_t address) noexcept {
  return frame.vector == vector_double_fault && frame.rsp - address + page_size < 2 * page_size;
}

hal::FaultKind kind_of(TrapFrame const& frame, std::uint64_t address) noexcept {
  switch (frame.vector) {
    case 0:
      return hal::FaultKind::divide_error;
    case vector_breakpoint:
      return hal::FaultKind::breakpoint;
    case vector_invalid_opcode:
      return hal::FaultKind::invalid_opcode;
    case vector_general_protection:
      return hal::FaultKind::general_protection;
    case vector_page_fault:
      return hal::FaultKind::page_fault;
    case vector_machine_check:
      return hal::FaultKind::machine_check;
    case vector_double_fault:
      return is_stack_overflow(frame, address) ? hal::FaultKind::stack_overflow
                                               : hal::FaultKind::double_fault;
    default:
      return hal::FaultKind::other;
  }
}

// Of the vector registers that trap_entry.S does not save: this kernel's compiler knows none.
void store_nonvolatile_vectors(M128A* to) noexcept {
  asm volatile(
      "movaps %%xmm6, 0(%0)\n\tmovaps %%xmm7, 16(%0)\n\tmovaps %%xmm8, 32(%0)\n\t"
      "movaps %%xmm9, 48(%0)\n\tmovaps %%xmm10, 64(%0)\n\tmovaps %%xmm11, 80(%0)\n\t"
      "movaps %%xmm12, 96(%0)\n\tmovaps %%xmm13, 112(%0)\n\tmovaps %%xmm14, 128(%0)\n\t"
      "movaps %%xmm15, 144(%0)"
      :
      : "r"(to)
      : "memory");
}

void fill(CONTEXT& context, TrapFrame const& frame) noexcept {
  context = {};
  context.ContextFlags = CONTEXT_FULL;
  std::uint64_t const registers[] = {
      frame.rax, frame.rcx, frame.rdx, frame.rbx, frame.rsp, frame.rbp, frame.rsi, frame.rdi,
      frame.r8,  frame.r9,  frame.r10, frame.r11, frame.r12, frame.r13, frame.r14, frame.r15};
  std::copy(std::begin(registers), std::end(registers), &context.Rax);
  context.Rip = frame.rip;
  context.EFlags = static_cast<ULONG>(frame.rflags);
  context.SegCs = static_cast<USHORT>(frame.cs);
  context.SegSs = static_cast<USHORT>(frame.ss);
  context.MxCsr = context.FltSave.MxCsr = static_cast<ULONG>(frame.mxcsr);
  __builtin_memcpy(&context.Xmm0, frame.vectors, sizeof frame.vectors);
  store_nonvolatile_vectors(&context.Xmm6);
}

void fault(TrapFrame& frame) noexcept {
  std::uint64_t const address = read_cr2();
  if (recover(frame)) return;
  std::uint64_t const registers[] = {frame.rax, frame.rcx,   frame.rdx, frame.rbx, frame.rsp,
                                     frame.rbp, frame.rsi,   frame.rdi, frame.r8,  frame.r9,
                                     frame.r10, frame.r11,   frame.r12, frame.r13, frame.r14,
                                     frame.r15, frame.rflags};
  // The frame that the function did not make.
  std::uint64_t caller[2] = {frame.rbp, 0};
  bool const made_up =
      runs_without_frame(frame.rip) &&
      Machine::copy_guarded(&caller[1], reinterpret_cast<void const*>(frame.rsp), sizeof caller[1]);
  constexpr std::uint64_t write_access = 2,
                          instruction_fetch = 16;  // [SDM 3A, "Page-Fault Exceptions"]
  bool const paging = frame.vector == vector_page_fault;
  CONTEXT context;
  fill(context, frame);
  hal::Fault const what{.kind = kind_of(frame, address),
                        .write = paging && (frame.error_code & write_access) != 0,
                        .execute = paging && (frame.error_code & instruction_fetch) != 0,
                        .irql = Machine::irql(),
                        .vector = static_cast<std::uint32_t>(frame.vector),
                        .error_code = frame.error_code,
                        .address = address,
                        .instruction = frame.rip,
                        .stack = frame.rsp,
                        .frame = made_up ? reinterpret_cast<std::uint64_t>(caller) : frame.rbp,
                        .registers = registers,
                        .context = &context};
  registered->fault(what);
}

// Delivery: the level becomes the interrupt's and its end is signalled before the handler runs,
// which may switch contexts; the level on return is the interrupted code's, on whichever processor
// that goes on.
template <class Handler>
void deliver(std::uint8_t vector, Handler handler) noexcept {
  std::uint64_t const interrupted = read_cr8();
  write_cr8(vector >> 4);
  apic::end_of_interrupt();
  handler(static_cast<KIRQL>(interrupted));
  write_cr8(interrupted);
}

template <class Handler, class... Arguments>
void with_interrupts(Handler handler, Arguments... arguments) noexcept {
  enable_interrupts();
  handler(arguments...);
  mask_interrupts();
}

void device(std::uint8_t vector) noexcept {
  deliver(vector, [vector](KIRQL) { with_interrupts(registered->device, vector); });
}

}  // namespace

void set_handlers(hal::Handlers const& handlers) noexcept {
  registered = &handlers;
}
hal::Handlers const& handlers() noexcept {
  return *registered;
}

extern "C" void mica_trap(TrapFrame& frame) noexcept {
  switch (frame.vector) {
    case vector_apc:
      return deliver(vector_apc, [](KIRQL) { with_interrupts(registered->apc); });
    case vector_dispatch:
      return deliver(vector_dispatch, [](KIRQL) { with_interrupts(registered->dispatch); });
    case vector_ipi:
      return deliver(vector_ipi, [](KIRQL) { with_interrupts(registered->ipi); });
    case vector_flush:
      return deliver(vector_flush, [](KIRQL) { answer_flush(); });
    case vector_clock:
      return deliver(vector_clock, [](KIRQL interrupted) {
        if (clock_is_due()) with_interrupts(registered->clock, interrupted);
      });
    case vector_spurious:
      return;  // has no end of interrupt [SDM 3A, "Spurious Interrupt"]
    case vector_nmi:
      stop_if_frozen();
      return fault(frame);
    default:
      if (frame.vector < vector_first_device || frame.vector > vector_last_device)
        return fault(frame);
      return device(static_cast<std::uint8_t>(frame.vector));
  }
}

}  // namespace mica::hal_x64
