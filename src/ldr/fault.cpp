// Faults that a loaded image may handle: those of its own code, and those of the executive on what
// the image gave it.
#include "ke/apc_disable.hpp"
#include "ke/exception.hpp"
#include "ldr/dispatch.hpp"

namespace mica::ldr {
namespace {

constexpr ULONG interrupt_flag = 0x200;
// What ExceptionInformation says of an access violation.  [MSDN EXCEPTION_RECORD]
constexpr ULONG_PTR read_access = 0, write_access = 1, execute_access = 8, unknown_address = ~0ULL;

// A page fault there is no exception, whoever runs: the memory of the kernel is there or is not
// touched. [MSDN Bug Check 0x50]
[[nodiscard]] bool is_kernel_address(std::uint64_t address) noexcept {
  constexpr unsigned user_bits = 47;
  hal::VirtualRange const space = Machine::system_space();
  return address >> user_bits != 0 || address - ke::as_parameter(space.base) < space.bytes;
}

// Whether an image's code called what has that stack pointer, and nothing since. What else stands
// there may be what a compiler guards.
[[nodiscard]] __attribute__((no_sanitize("address"))) bool image_called(
    std::uint64_t stack) noexcept {
  std::uint64_t caller = 0;
  if (!current_stack().has(stack)) return false;
  std::memcpy(&caller, reinterpret_cast<void const*>(stack), sizeof caller);
  return find_image(caller) != nullptr;
}

// An image called the executive, which touched what it was given: nothing is held that nobody would
// release. Spin locks are held at DISPATCH_LEVEL, what one waits for keeps APCs away.
[[nodiscard]] bool touched_argument(hal::Fault const& fault) noexcept {
  ke::Thread const& thread = ke::current_thread();
  ke::Boundary const* const call = thread.boundaries;
  return call != nullptr && call->kind == ke::BoundaryKind::import && fault.irql < DISPATCH_LEVEL &&
         ke::apc_disable_count(thread) == call->apc_disable;
}

void describe(hal::Fault const& fault, EXCEPTION_RECORD& record) noexcept {
  record.ExceptionAddress = reinterpret_cast<PVOID>(fault.context->Rip);
  if (record.ExceptionCode != STATUS_ACCESS_VIOLATION) return;
  bool const paging = fault.kind == hal::FaultKind::page_fault;
  record.NumberParameters = 2;
  record.ExceptionInformation[0] = fault.execute ? execute_access
                                   : fault.write ? write_access
                                                 : read_access;
  record.ExceptionInformation[1] = paging ? fault.address : unknown_address;
}

}  // namespace

void NTAPI take_fault(hal::Fault const& fault) noexcept {
  NTSTATUS const status = ke::exception_of(fault);
  if (fault.context == nullptr || status == STATUS_SUCCESS) return;
  bool const wild = fault.execute && image_called(fault.context->Rsp);
  if (!wild && find_image(fault.instruction) == nullptr && !touched_argument(fault)) return;
  bool const paging = fault.kind == hal::FaultKind::page_fault;
  if (paging && (fault.irql >= DISPATCH_LEVEL || is_kernel_address(fault.address))) return;
  CONTEXT& context = *fault.context;
  // The processor is behind the instruction, NT is not.
  if (status == STATUS_BREAKPOINT) --context.Rip;
  EXCEPTION_RECORD record{};
  record.ExceptionCode = status;
  describe(fault, record);
  if ((context.EFlags & interrupt_flag) != 0) Machine::restore_interrupts(true);
  dispatch({record, context, wild});
  resume(context);
}

bool NTAPI takes_fault(std::uint64_t instruction, std::uint64_t stack) noexcept {
  ke::Boundary const* const call = ke::current_thread().boundaries;
  return find_image(instruction) != nullptr || image_called(stack) ||
         (call != nullptr && call->kind == ke::BoundaryKind::import);
}

}  // namespace mica::ldr
