// Page faults, from the signal handler of whoever embeds the library.
#include <mica/fault.hpp>

#include "hal_host/simulation.hpp"

#if defined(__x86_64__)
#include <ucontext.h>

namespace mica {
namespace {

using namespace hal_host;

constexpr std::uint32_t page_fault_vector = 14;
// Of the error code. [SDM 3A, "Page-Fault Exceptions"]
constexpr std::uint64_t write_access = 2, instruction_fetch = 16;

// What the interrupted flow goes on with, on its own stack: never comes back to where it was.
[[noreturn]] void enter_fault(std::uint64_t address, std::uint64_t instruction,
                              std::uint64_t error_code, std::uint64_t frame,
                              std::uint64_t stack) noexcept {
  hal::Fault const fault{.kind = hal::FaultKind::page_fault,
                         .write = (error_code & write_access) != 0,
                         .execute = (error_code & instruction_fetch) != 0,
                         .irql = Machine::irql(),
                         .vector = page_fault_vector,
                         .error_code = error_code,
                         .address = address,
                         .instruction = instruction,
                         .stack = stack,
                         .frame = frame,
                         .registers = nullptr};
  Machine::current().core.simulation->handlers().fault(fault);
  __builtin_trap();  // the handler never returns
}

}  // namespace

// Arguments travel in registers: the handler's own frame begins where the interrupted flow's stack
// ends, so there is no room for them in memory.
bool take_fault(siginfo_t const& information, void* context) noexcept {
  if (Machine::current_processor == nullptr) return false;
  if (!Machine::current().core.simulation->region().contains(information.si_addr)) return false;
  constexpr greg_t red_zone = 128, alignment = 16, return_address = 8;
  greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  greg_t const stack = registers[REG_RSP];
  registers[REG_RDI] = reinterpret_cast<greg_t>(information.si_addr);
  registers[REG_RSI] = registers[REG_RIP];
  registers[REG_RDX] = registers[REG_ERR];
  registers[REG_RCX] = registers[REG_RBP];
  registers[REG_R8] = stack;
  registers[REG_RSP] = ((stack - red_zone) & -alignment) - return_address;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&enter_fault);
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
