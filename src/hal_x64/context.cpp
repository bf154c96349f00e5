#include <machine.hpp>

#include "hal_x64/backtrace.hpp"

namespace mica {

namespace {

// What context.S pops, lowest address first; the entry's argument waits in rsi.
struct FirstFrame {
  alignas(16) std::uint64_t vectors[10][2];
  std::uint32_t mxcsr;
  std::uint32_t x87_control;
  std::uint64_t padding[2];
  std::uint64_t r15, r14, r13, r12, rsi, rdi, rbx, rbp;
  std::uint64_t start;
  std::uint64_t caller;  // none: backtraces end
};
static_assert(offsetof(FirstFrame, r15) == 184 && sizeof(FirstFrame) % 16 == 0);

extern "C" void mica_context_start() noexcept;

std::uint64_t top_of(hal::Stack stack) noexcept {
  return (reinterpret_cast<std::uint64_t>(stack.base) + stack.bytes) & ~std::uint64_t{15};
}

}  // namespace

void Machine::make_context(Context& context, hal::Stack stack, void(NTAPI* entry)(void*),
                           void* argument) noexcept {
  auto* const frame = reinterpret_cast<FirstFrame*>(top_of(stack) - sizeof(FirstFrame));
  *frame = FirstFrame{};
  frame->mxcsr = 0x1f80;
  frame->x87_control = 0x27f;  // NT's: 53 bits of precision, all exceptions masked
  frame->rsi = reinterpret_cast<std::uint64_t>(argument);
  frame->rbx = reinterpret_cast<std::uint64_t>(entry);
  frame->start = reinterpret_cast<std::uint64_t>(&mica_context_start);
  context.stack = frame;
}

void Machine::call_on_stack(hal::Stack stack, void(NTAPI* function)(void*),
                            void* argument) noexcept {
  hal_x64::mica_call_on_stack(top_of(stack), function, argument);
}

}  // namespace mica
