// What a machine calls: the way up through the seam.
//   Registered once per System by init, before any interrupt can arrive.
//   Each handler names the IRQL it is entered at; it returns at the same IRQL.
#pragma once

#include <nt/ntdef.h>

#include "base/types.hpp"

struct _CONTEXT;

namespace mica::hal {

enum class FaultKind : std::uint8_t {
  page_fault,  // an access that no mapping allows
  invalid_opcode,
  divide_error,
  general_protection,
  stack_overflow,  // the guard page under a kernel stack
  breakpoint,
  machine_check,
  double_fault,
  other,  // `vector` says which
};

// A fault in kernel mode, as the machine saw it.
struct Fault {
  FaultKind kind;
  bool write;    // page_fault: a store (else a load or a fetch)
  bool execute;  // page_fault: an instruction fetch
  KIRQL irql;    // when it happened
  std::uint32_t vector;
  std::uint64_t error_code;
  std::uint64_t address;      // page_fault: the address that was referenced
  std::uint64_t instruction;  // where
  std::uint64_t stack;
  std::uint64_t frame;
  // rax rcx rdx rbx rsp rbp rsi rdi r8..r15 rflags, as the processor numbers them; null where the
  // machine has none.
  std::uint64_t const* registers;
  // All of what was interrupted, on its stack, for who may go on from there; null: the machine
  // cannot say. Who takes the fault may change it.
  struct _CONTEXT* context = nullptr;
};

struct Handlers {
  // Software interrupt at APC_LEVEL; entered at APC_LEVEL, may wait and switch contexts.
  void(NTAPI* apc)();
  // Software interrupt at DISPATCH_LEVEL; entered at DISPATCH_LEVEL, may switch contexts.
  void(NTAPI* dispatch)();
  // Another processor asked for attention; entered at IPI_LEVEL, must not switch contexts.
  void(NTAPI* ipi)();
  // The armed moment has come; entered at CLOCK_LEVEL, must not switch contexts. `interrupted` is
  // the level of what it interrupted.
  void(NTAPI* clock)(KIRQL interrupted);
  // A device's interrupt of that vector; entered at level vector >> 4, must not switch contexts.
  void(NTAPI* device)(std::uint8_t vector);
  // The first code of each processor: its idle thread, entered at DISPATCH_LEVEL on the stack that
  // start_processor was given. Never returns.
  void(NTAPI* idle)();
  // A fault that no recovery was registered for; entered at the IRQL of the fault. Never returns.
  void(NTAPI* fault)(Fault const&);
  // A zeroed page for the machine's own page tables, or no_page.
  PageNumber(NTAPI* table_page)();
  // Whether a fault of that instruction, with that stack pointer, is the kernel's, where the
  // machine has others beside it; asked in the middle of the fault: takes no lock. Null: no fault
  // is, but of the kernel's memory.
  bool(NTAPI* takes_fault)(std::uint64_t instruction, std::uint64_t stack) = nullptr;
};

}  // namespace mica::hal
