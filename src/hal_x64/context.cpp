#include <machine.hpp>

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

}  // namespace

void Machine::make_context(Context& context, hal::Stack stack, void(NTAPI* entry)(void*),
                           void* argument) noexcept {
  auto const top = (reinterpret_cast<std::uint64_t>(stack.base) + stack.bytes) & ~std::uint64_t{15};
  auto* const frame = reinterpret_cast<FirstFrame*>(top - sizeof(FirstFrame));
  *frame = FirstFrame{};
  frame->mxcsr = 0x1f80;
  frame->x87_control = 0x27f;  // NT's: 53 bits of precision, all exceptions masked
  frame->rsi = reinterpret_cast<std::uint64_t>(argument);
  frame->rbx = reinterpret_cast<std::uint64_t>(entry);
  frame->start = reinterpret_cast<std::uint64_t>(&mica_context_start);
  context.stack = frame;
}

}  // namespace mica
