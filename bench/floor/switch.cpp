#include "floor/switch.hpp"

#include <cstdint>

namespace mica::bench::floor {

[[gnu::naked]] void switch_stack(void**, void*) noexcept {
  asm(R"(
    push %rbp
    push %rbx
    push %rdi
    push %rsi
    push %r12
    push %r13
    push %r14
    push %r15
    sub $0xB8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movups %xmm6, 0x10(%rsp)
    movups %xmm7, 0x20(%rsp)
    movups %xmm8, 0x30(%rsp)
    movups %xmm9, 0x40(%rsp)
    movups %xmm10, 0x50(%rsp)
    movups %xmm11, 0x60(%rsp)
    movups %xmm12, 0x70(%rsp)
    movups %xmm13, 0x80(%rsp)
    movups %xmm14, 0x90(%rsp)
    movups %xmm15, 0xA0(%rsp)
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    movups 0x10(%rsp), %xmm6
    movups 0x20(%rsp), %xmm7
    movups 0x30(%rsp), %xmm8
    movups 0x40(%rsp), %xmm9
    movups 0x50(%rsp), %xmm10
    movups 0x60(%rsp), %xmm11
    movups 0x70(%rsp), %xmm12
    movups 0x80(%rsp), %xmm13
    movups 0x90(%rsp), %xmm14
    movups 0xA0(%rsp), %xmm15
    add $0xB8, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rsi
    pop %rdi
    pop %rbx
    pop %rbp
    pop %rcx
    jmp *%rcx
  )");
}

Stack::Stack(void (*entry)()) {
  constexpr std::size_t bytes = 64 * 1024;
  // As they are here: a switch that changes them costs ten times as much on some processors.
  std::uint64_t control_words = 0;
  asm("stmxcsr %0\n\tfnstcw 4+%0" : "+m"(control_words));
  constexpr std::size_t saved_words =
      8 + 0xB8 / sizeof(std::uint64_t);  // as switch_stack leaves them
  memory_ = std::make_unique<std::byte[]>(bytes);
  auto const end = reinterpret_cast<std::uintptr_t>(memory_.get()) + bytes;
  auto* top = reinterpret_cast<std::uint64_t*>(end & ~std::uintptr_t{15});
  *--top = 0;  // where a caller's return address would stand
  *--top = reinterpret_cast<std::uint64_t>(entry);
  top -= saved_words;
  *top = control_words;
  pointer = top;
}

}  // namespace mica::bench::floor
