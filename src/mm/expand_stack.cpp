// Calls on another stack, where the one in use has too little left.
//   [MSDN KeExpandKernelStackAndCallout, KeExpandKernelStackAndCalloutEx]
#include <nt/mm.h>

#include "ke/boundary.hpp"
#include "ke/verifier.hpp"
#include "mm/state.hpp"

using namespace mica;

namespace mica::mm {
namespace {

constexpr ULONG most_expansions = 8;
// How long who may wait for a stack does: a tenth of a second.
constexpr int attempts = 10;
constexpr LONGLONG pause_100ns = 100'000;

// What lies between the request and the first frame of the callout: as much as
// MAXIMUM_EXPANSION_SIZE leaves of a large stack.
constexpr std::size_t overhead_bytes = KERNEL_LARGE_STACK_SIZE - MAXIMUM_EXPANSION_SIZE;

// At the top of each stack that another was expanded with; code begins below it.
struct Expansion {
  hal::Stack outer;
};

Expansion& expansion_of(hal::Stack stack) noexcept {
  auto* const top = static_cast<std::byte*>(stack.base) + stack.bytes;
  return *reinterpret_cast<Expansion*>(top - sizeof(Expansion));
}

struct Callout {
  PEXPAND_STACK_CALLOUT routine;
  PVOID parameter;
  hal::Stack stack;
  KIRQL level;
};

void NTAPI call(Callout const& callout) noexcept {
  ke::Thread& thread = ke::current_thread();
  // The stack that it may stand on is given back here, and nowhere else.
  ke::ExceptionBarrier const barrier;
  ++thread.callouts;
  callout.routine(callout.parameter);
  --thread.callouts;
  ke::require_unchanged_irql(callout.level, ke::Returned::callout,
                             reinterpret_cast<ULONG_PTR>(callout.routine), callout.parameter);
}

// Here as there the thread names the stack that it stands on, whoever interrupts it.
void NTAPI run(void* argument) noexcept {
  auto const& callout = *static_cast<Callout*>(argument);
  ke::Thread& thread = ke::current_thread();
  thread.stack_in_use = callout.stack;
  Machine::lower(callout.level);
  call(callout);
  static_cast<void>(Machine::raise(HIGH_LEVEL));
  thread.stack_in_use = expansion_of(callout.stack).outer;
}

void NTAPI run_on(hal::Stack stack, Callout callout) noexcept {
  expansion_of(stack).outer = ke::current_thread().stack_in_use;
  callout.stack = stack;
  static_cast<void>(Machine::raise(HIGH_LEVEL));
  Machine::call_on_stack({stack.base, stack.bytes - sizeof(Expansion)}, run, &callout);
  Machine::lower(callout.level);
}

[[nodiscard]] ULONG NTAPI expansions_of(ke::Thread const& thread) noexcept {
  ULONG count = 0;
  for (hal::Stack stack = thread.stack_in_use; stack.base != thread.stack.base; ++count)
    stack = expansion_of(stack).outer;
  return count;
}

[[nodiscard]] hal::Stack NTAPI allocate(bool waits) noexcept {
  Stacks& stacks = state().large_stacks;
  hal::Stack stack = stacks.allocate();
  for (int i = 0; waits && i < attempts && stack.base == nullptr; ++i) {
    LARGE_INTEGER pause;
    pause.QuadPart = -pause_100ns;
    static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &pause));
    stack = stacks.allocate();
  }
  return stack;
}

[[nodiscard]] std::size_t bytes_left() noexcept {
  return ke::as_parameter(__builtin_frame_address(0)) -
         ke::as_parameter(ke::current_thread().stack_in_use.base);
}

NTSTATUS NTAPI expand(Callout const& callout, SIZE_T size, bool waits) noexcept {
  if (bytes_left() >= size + overhead_bytes) {
    call(callout);
    return STATUS_SUCCESS;
  }
  if (expansions_of(ke::current_thread()) == most_expansions) return STATUS_STACK_OVERFLOW;
  hal::Stack const stack = allocate(waits);
  if (stack.base == nullptr) return STATUS_NO_MEMORY;
  run_on(stack, callout);
  state().large_stacks.release(stack);
  return STATUS_SUCCESS;
}

}  // namespace

void NTAPI free_stacks_of(ke::Thread& thread) noexcept {
  while (thread.stack_in_use.base != thread.stack.base) {
    hal::Stack const inner = thread.stack_in_use;
    thread.stack_in_use = expansion_of(inner).outer;
    state().large_stacks.release(inner);
  }
  free_stack(thread.stack);
  thread.stack = thread.stack_in_use = {};
}

}  // namespace mica::mm

NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                             SIZE_T Size) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Parameter);
  return KeExpandKernelStackAndCalloutEx(Callout, Parameter, Size, FALSE, nullptr);
}

NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                               SIZE_T Size, BOOLEAN Wait, PVOID) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Parameter);
  if (Size > MAXIMUM_EXPANSION_SIZE) return STATUS_INVALID_PARAMETER_3;
  if (Wait != FALSE && Machine::irql() == DISPATCH_LEVEL) return STATUS_INVALID_PARAMETER_4;
  return mm::expand({Callout, Parameter, {}, Machine::irql()}, Size, Wait != FALSE);
}
