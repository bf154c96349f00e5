/* Contexts: the stack pointer is the whole of a saved one, the rest lies on its stack.
 *
 * Saved is what a call preserves in the Microsoft convention: rbx, rbp, rdi, rsi, r12-r15, xmm6-15,
 * MXCSR and the x87 control word. The kernel is compiled without vector registers, but drivers are
 * not, and a switch happens inside their calls.
 * [MSDN, "x64 calling convention"]
 */
#define VECTORS_AND_CONTROL 184

        .text
        .code64
/* NTAPI void mica_switch_context(void** from, void* const* to): rcx, rdx */
        .globl mica_switch_context
        .type mica_switch_context, @function
mica_switch_context:
        pushq %rbp
        movq %rsp, %rbp
        pushq %rbx
        pushq %rdi
        pushq %rsi
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        subq $VECTORS_AND_CONTROL, %rsp
        movaps %xmm6, 0(%rsp)
        movaps %xmm7, 16(%rsp)
        movaps %xmm8, 32(%rsp)
        movaps %xmm9, 48(%rsp)
        movaps %xmm10, 64(%rsp)
        movaps %xmm11, 80(%rsp)
        movaps %xmm12, 96(%rsp)
        movaps %xmm13, 112(%rsp)
        movaps %xmm14, 128(%rsp)
        movaps %xmm15, 144(%rsp)
        stmxcsr 160(%rsp)
        fnstcw 164(%rsp)
        /* `from` is complete with this store, and stores are seen in their order: whoever learns
           from the code that continues that it may go on with `from` finds all of it. */
        movq %rsp, (%rcx)
        movq (%rdx), %rsp
        movaps 0(%rsp), %xmm6
        movaps 16(%rsp), %xmm7
        movaps 32(%rsp), %xmm8
        movaps 48(%rsp), %xmm9
        movaps 64(%rsp), %xmm10
        movaps 80(%rsp), %xmm11
        movaps 96(%rsp), %xmm12
        movaps 112(%rsp), %xmm13
        movaps 128(%rsp), %xmm14
        movaps 144(%rsp), %xmm15
        ldmxcsr 160(%rsp)
        fldcw 164(%rsp)
        addq $VECTORS_AND_CONTROL, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rsi
        popq %rdi
        popq %rbx
        popq %rbp
        ret
        .size mica_switch_context, . - mica_switch_context

/* The first code of a context: make_context put the entry into rbx and its argument into rsi. */
        .globl mica_context_start
        .type mica_context_start, @function
mica_context_start:
        movq %rsi, %rcx
        subq $32, %rsp                  /* the callee's home space; keeps the stack aligned */
        call *%rbx
        ud2
        .size mica_context_start, . - mica_context_start

/* NTAPI void mica_call_on_stack(void* top, void (*function)(void*), void* argument): rcx, rdx, r8.
 * backtrace.cpp knows that the frame it returns through lies on another stack. */
        .globl mica_call_on_stack
        .type mica_call_on_stack, @function
mica_call_on_stack:
        pushq %rbp
        movq %rsp, %rbp
        leaq -32(%rcx), %rsp            /* the callee's home space */
        movq %r8, %rcx
        call *%rdx
        movq %rbp, %rsp
        popq %rbp
        ret
        .size mica_call_on_stack, . - mica_call_on_stack

/* NTAPI bool mica_copy_guarded(void* to, void const* from, size_t bytes): rcx, rdx, r8. trap.cpp
 * finds the copying
   instruction in the table of guarded instructions and continues at the address beside it. */
        .globl mica_copy_guarded
        .type mica_copy_guarded, @function
mica_copy_guarded:
        movq %rdi, %r9
        movq %rsi, %r10
        movq %rcx, %rdi
        movq %rdx, %rsi
        movq %r8, %rcx
        movl $1, %eax
1:      rep movsb
3:      movq %r9, %rdi
        movq %r10, %rsi
        ret
2:      xorl %eax, %eax
        jmp 3b
        .size mica_copy_guarded, . - mica_copy_guarded

        .section mica_guarded, "a"
        .quad 1b, 2b

        .section .note.GNU-stack, "", @progbits
