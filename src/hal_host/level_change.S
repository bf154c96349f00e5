/* A change of the level in the place of `mov reg, cr8`, which a process may not do (emulation.hpp):
 * on the stack are the level and, above it, where the code goes on, with all registers and flags as
 * they were. mica_set_level sees to the extended ones.
 */
#if defined(__x86_64__)
        .text
        .globl mica_change_level
        .type mica_change_level, @function
mica_change_level:
        pushfq
        pushq %rbp
        movq %rsp, %rbp
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %rbx
        cld
        movq %rsp, %rbx
        andq $-16, %rsp
        movq 16(%rbp), %rdi
        call mica_set_level
        movq %rbx, %rsp
        popq %rbx
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rax
        popq %rbp
        popfq
        leaq 8(%rsp), %rsp
        ret
        .size mica_change_level, . - mica_change_level
#endif

        .section .note.GNU-stack, "", @progbits
