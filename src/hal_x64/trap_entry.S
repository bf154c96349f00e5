/* The way into trap(): every vector has a stub; all build one TrapFrame (trap.hpp) on the stack.
 *
 * xmm0-5 and MXCSR are saved here because drivers, which an interrupt may interrupt or call, use
 * them while the kernel does not: its compiler knows no vector registers. xmm6-15 survive every
 * call in the Microsoft convention.
 * The pair pushed before the call looks like a stack frame of the interrupted code: backtraces go
 * through it.
 */
        .altmacro
        .macro STUB number
        .align 16
        /* These push an error code themselves. [SDM 3A, "Exception and Interrupt Reference"] */
        .if (\number == 8) || ((\number >= 10) && (\number <= 14)) || (\number == 17)
        .elseif \number == 21
        .else
        pushq $0
        .endif
        pushq $\number
        jmp trap_common
        .endm

        .text
        .globl mica_trap_stubs
        .align 16
mica_trap_stubs:
        .set number, 0
        .rept 256
        STUB %number
        .set number, number + 1
        .endr

#define VECTORS_AND_MXCSR 112
trap_common:
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rbx
        pushq %rbp
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        subq $VECTORS_AND_MXCSR, %rsp
        movaps %xmm0, 0(%rsp)
        movaps %xmm1, 16(%rsp)
        movaps %xmm2, 32(%rsp)
        movaps %xmm3, 48(%rsp)
        movaps %xmm4, 64(%rsp)
        movaps %xmm5, 80(%rsp)
        stmxcsr 96(%rsp)
        ldmxcsr default_mxcsr
        cld
        movq %rsp, %rdi
        movq %rsp, %rbx                 /* survives the call */
        pushq VECTORS_AND_MXCSR + 17 * 8(%rdi)  /* the interrupted instruction */
        pushq %rbp
        movq %rsp, %rbp
        call mica_trap
        movq %rbx, %rsp
        movaps 0(%rsp), %xmm0
        movaps 16(%rsp), %xmm1
        movaps 32(%rsp), %xmm2
        movaps 48(%rsp), %xmm3
        movaps 64(%rsp), %xmm4
        movaps 80(%rsp), %xmm5
        ldmxcsr 96(%rsp)
        addq $VECTORS_AND_MXCSR, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rbp
        popq %rbx
        popq %rdx
        popq %rcx
        popq %rax
        addq $16, %rsp                  /* vector, error code */
        iretq

        .section .rodata
        .align 4
default_mxcsr:
        .long 0x1f80

        .section .note.GNU-stack, "", @progbits
