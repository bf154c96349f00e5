// Faults of kernel code, from a signal handler: the library's while images are loaded, else that of
// whoever embeds it.
#include <nt/rtl/exception.h>
#include <mica/fault.hpp>

#include "hal_host/device_access.hpp"
#include "hal_host/emulation.hpp"
#include "hal_host/fault_signals.hpp"
#include "hal_host/patch.hpp"
#include "hal_host/simulation.hpp"
#include "hal_host/stack_room.hpp"

#if defined(__x86_64__)
#include <ucontext.h>

#include <algorithm>
#include <cstring>

namespace mica {
namespace {

using namespace hal_host;

constexpr std::uint64_t divide_vector = 0, breakpoint_vector = 3, opcode_vector = 6,
                        protection_vector = 13, page_fault_vector = 14;
// Of the error code. [SDM 3A, "Page-Fault Exceptions"]
constexpr std::uint64_t write_access = 2, instruction_fetch = 16;

// What the interrupted flow goes on with, on its own stack.
struct Site {
  CONTEXT context;
  std::uint64_t address;
  std::uint64_t error_code;
  std::uint64_t vector;
  bool stack_is_full;  // then this is not its own
};

hal::FaultKind kind_of(Site const& site) noexcept {
  if (site.stack_is_full) return hal::FaultKind::stack_overflow;
  switch (site.vector) {
    case divide_vector:
      return hal::FaultKind::divide_error;
    case breakpoint_vector:
      return hal::FaultKind::breakpoint;
    case opcode_vector:
      return hal::FaultKind::invalid_opcode;
    case protection_vector:
      return hal::FaultKind::general_protection;
    case page_fault_vector:
      return hal::FaultKind::page_fault;
    default:
      return hal::FaultKind::other;
  }
}

// Never comes back to where it was, unless the executive goes on there by itself.
[[noreturn]] void enter_fault(Site& site) noexcept {
  CONTEXT& context = site.context;
  bool const paging = site.vector == page_fault_vector;
  std::uint64_t const registers[] = {
      context.Rax, context.Rcx, context.Rdx, context.Rbx, context.Rsp,   context.Rbp,
      context.Rsi, context.Rdi, context.R8,  context.R9,  context.R10,   context.R11,
      context.R12, context.R13, context.R14, context.R15, context.EFlags};
  hal::Fault const fault{.kind = kind_of(site),
                         .write = paging && (site.error_code & write_access) != 0,
                         .execute = paging && (site.error_code & instruction_fetch) != 0,
                         .irql = Machine::irql(),
                         .vector = static_cast<std::uint32_t>(site.vector),
                         .error_code = site.error_code,
                         .address = site.address,
                         .instruction = context.Rip,
                         .stack = context.Rsp,
                         .frame = context.Rbp,
                         .registers = registers,
                         .context = site.stack_is_full ? nullptr : &context};
  Machine::current().core.simulation->handlers().fault(fault);
  __builtin_trap();  // the handler never returns
}

void fill(CONTEXT& context, mcontext_t const& machine) noexcept {
  // As the processor numbers them.
  constexpr int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                             REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                             REG_R12, REG_R13, REG_R14, REG_R15};
  std::memset(static_cast<void*>(&context), 0, sizeof context);
  context.ContextFlags = CONTEXT_FULL;
  ULONG64* to = &context.Rax;
  for (int const number : general) *to++ = static_cast<ULONG64>(machine.gregs[number]);
  context.Rip = static_cast<ULONG64>(machine.gregs[REG_RIP]);
  context.EFlags = static_cast<ULONG>(machine.gregs[REG_EFL]);
  context.MxCsr = context.FltSave.MxCsr = machine.fpregs->mxcsr;
  std::memcpy(&context.Xmm0, machine.fpregs->_xmm, sizeof machine.fpregs->_xmm);
}

// What is left when the stack is full: it never goes on.
[[nodiscard]] Site* room_elsewhere() noexcept {
  std::byte* const top = SignalStack::spare_top();
  return top != nullptr ? reinterpret_cast<Site*>(top - 2 * sizeof(Site)) : nullptr;
}

[[nodiscard]] bool is_the_kernels(siginfo_t const& information, std::uint64_t instruction,
                                  std::uint64_t stack) noexcept {
  Simulation& simulation = *Machine::current().core.simulation;
  auto const takes_fault = simulation.handlers().takes_fault;
  if (takes_fault != nullptr && takes_fault(instruction, stack)) return true;
  return information.si_signo == SIGSEGV && simulation.region().contains(information.si_addr);
}

// In the place of an instruction that a process may not execute, or that accesses a device. False:
// it is none.
[[nodiscard]] bool perform(mcontext_t& machine, void const* address,
                           Patch const* patched) noexcept {
  auto const site = static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
  Decoded decoded;
  bool const is_code = patched != nullptr ? decode(patched->original, patched->length, decoded)
                                          : decode(site, decoded);
  if (!is_code) return false;
  if (begin_access(machine, decoded, address)) return true;
  if (!emulate(machine, decoded)) return false;
  if (patched == nullptr) patch(site, decoded);
  return true;
}

}  // namespace

bool take_fault(siginfo_t const& information, void* context) noexcept {
  if (Machine::current_processor == nullptr) return false;
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  Patch const* const patched = Machine::current().core.simulation->region().patches().at(
      static_cast<std::uint64_t>(machine.gregs[REG_RIP]));
  if (patched != nullptr) leave_patch(machine, *patched);
  auto const instruction = static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
  auto const stack = static_cast<std::uint64_t>(machine.gregs[REG_RSP]);
  if (!is_the_kernels(information, instruction, stack)) return false;
  if (information.si_signo == SIGSEGV && perform(machine, information.si_addr, patched))
    return true;
  auto* site = reinterpret_cast<Site*>(room_on_stack(stack, sizeof(Site)));
  bool const full = site == nullptr;
  if (full) site = room_elsewhere();
  if (site == nullptr) return false;
  fill(site->context, machine);
  site->address = reinterpret_cast<std::uint64_t>(information.si_addr);
  site->error_code = static_cast<std::uint64_t>(machine.gregs[REG_ERR]);
  site->vector = static_cast<std::uint64_t>(machine.gregs[REG_TRAPNO]);
  site->stack_is_full = full;
  constexpr greg_t return_address = 8, flags_of_direction_and_step = 0x500;
  machine.gregs[REG_RDI] = reinterpret_cast<greg_t>(site);
  machine.gregs[REG_RSP] = reinterpret_cast<greg_t>(site) - return_address;
  // Nobody called enter_fault: who walks the stack ends there.
  *reinterpret_cast<std::uint64_t*>(machine.gregs[REG_RSP]) = 0;
  machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(&enter_fault);
  machine.gregs[REG_EFL] &= ~flags_of_direction_and_step;
  return true;
}

}  // namespace mica

#else

namespace mica {

bool take_fault(siginfo_t const&, void*) noexcept {
  return false;
}

}  // namespace mica

#endif
