/* What every import leads through: an ImportCall on the stack, which says what the caller's
 * registers were, while the routine runs.
 *
 * NTAPI, with the ImportStub in r10: the arguments are the routine's. Its result passes through.
 * The caller's return address stays where it is, and the routine is called and returned from: so
 * the processor predicts both, and a shadow stack agrees. The price is that arguments on the stack
 * are copied, as many as there may be.
 */
#if defined(__x86_64__)
#include "ldr/import_stub.h"

#include <current_thread.h>

#define HOME 32
#define RETURN_ADDRESS 8
#define STACK_ARGUMENTS (MICA_CALL_RBP + 8 + RETURN_ADDRESS + HOME)

        .text
/* `room` is for the routine's home space and arguments: below the ImportCall, which rax names
 * then. */
        .macro ENTER_CALL room
        .cfi_startproc
        pushq %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq %rsp, %rbp
        .cfi_def_cfa_register %rbp
        subq $(MICA_CALL_RBP + \room), %rsp
        leaq \room(%rsp), %rax
        movq %rbx, MICA_CALL_REGISTERS(%rax)
        movq %rsi, MICA_CALL_REGISTERS + 8(%rax)
        movq %rdi, MICA_CALL_REGISTERS + 16(%rax)
        movq %r12, MICA_CALL_REGISTERS + 24(%rax)
        movq %r13, MICA_CALL_REGISTERS + 32(%rax)
        movq %r14, MICA_CALL_REGISTERS + 40(%rax)
        movq %r15, MICA_CALL_REGISTERS + 48(%rax)
        movaps %xmm6, MICA_CALL_VECTORS(%rax)
        movaps %xmm7, MICA_CALL_VECTORS + 16(%rax)
        movaps %xmm8, MICA_CALL_VECTORS + 32(%rax)
        movaps %xmm9, MICA_CALL_VECTORS + 48(%rax)
        movaps %xmm10, MICA_CALL_VECTORS + 64(%rax)
        movaps %xmm11, MICA_CALL_VECTORS + 80(%rax)
        movaps %xmm12, MICA_CALL_VECTORS + 96(%rax)
        movaps %xmm13, MICA_CALL_VECTORS + 112(%rax)
        movaps %xmm14, MICA_CALL_VECTORS + 128(%rax)
        movaps %xmm15, MICA_CALL_VECTORS + 144(%rax)
        movq %r10, MICA_CALL_STUB(%rax)
        LOAD_CURRENT_THREAD %r11
        movq %r11, MICA_CALL_THREAD(%rax)
        movl $0, MICA_CALL_KIND(%rax)
        movl MICA_THREAD_APC_DISABLE(%r11), %r10d
        movl %r10d, MICA_CALL_APC_DISABLE(%rax)
        movq MICA_THREAD_BOUNDARIES(%r11), %r10
        movq %r10, MICA_CALL_OUTER(%rax)
        movq %rax, MICA_THREAD_BOUNDARIES(%r11)
        .endm

/* `call` is where the ImportCall is, from rsp; rax is the routine's result. */
        .macro LEAVE_CALL call
        movq MICA_CALL_THREAD + \call(%rsp), %r11
        movq MICA_CALL_OUTER + \call(%rsp), %r10
        movq %r10, MICA_THREAD_BOUNDARIES(%r11)
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .endm

        .macro COPY_ARGUMENTS
        .set argument, 0
        .rept MICA_STACK_ARGUMENTS
        movq STACK_ARGUMENTS + argument(%rax), %r11
        movq %r11, HOME + argument(%rsp)
        .set argument, argument + 8
        .endr
        .endm

#define ROOM (HOME + 8 * MICA_STACK_ARGUMENTS)
#define VARIABLE_ROOM (HOME + 8 * MICA_VARIABLE_STACK_ARGUMENTS)

        .globl mica_call_import
        .type mica_call_import, @function
mica_call_import:
        ENTER_CALL ROOM
        COPY_ARGUMENTS
        movq MICA_CALL_STUB(%rax), %r10
        call *MICA_STUB_ROUTINE(%r10)
        LEAVE_CALL ROOM
        .size mica_call_import, . - mica_call_import

/* As many as there may be, but not from beyond the end of the stack of the thread in r11. */
        .macro COPY_VARIABLE_ARGUMENTS
        movq MICA_THREAD_STACK_BASE(%r11), %r10
        addq MICA_THREAD_STACK_BYTES(%r11), %r10
        leaq STACK_ARGUMENTS(%rax), %r11
        subq %r11, %r10
        shrq $3, %r10
        movl $MICA_VARIABLE_STACK_ARGUMENTS, %r11d
        cmpq %r11, %r10
        cmovaq %r11, %r10
1:      decq %r10
        js 2f
        movq STACK_ARGUMENTS(%rax, %r10, 8), %r11
        movq %r11, HOME(%rsp, %r10, 8)
        jmp 1b
2:
        .endm

        .globl mica_call_variable_import
        .type mica_call_variable_import, @function
mica_call_variable_import:
        ENTER_CALL VARIABLE_ROOM
        COPY_VARIABLE_ARGUMENTS
        movq MICA_CALL_STUB(%rax), %r10
        call *MICA_STUB_ROUTINE(%r10)
        LEAVE_CALL VARIABLE_ROOM
        .size mica_call_variable_import, . - mica_call_variable_import

/* Its watch is told before and after, at the level of the call. */
        .macro TELL_WATCH what
        movq MICA_CALL_STUB(%rcx), %r10
        movq MICA_STUB_WATCH(%r10), %r10
        call *\what(%r10)
        .endm

        .globl mica_call_watched_import
        .type mica_call_watched_import, @function
mica_call_watched_import:
        ENTER_CALL VARIABLE_ROOM
        movq %rcx, MICA_CALL_ARGUMENTS(%rax)
        movq %rdx, MICA_CALL_ARGUMENTS + 8(%rax)
        movq %r8, MICA_CALL_ARGUMENTS + 16(%rax)
        movq %r9, MICA_CALL_ARGUMENTS + 24(%rax)
        movq %rax, %rcx
        TELL_WATCH MICA_WATCH_ENTERED
        leaq VARIABLE_ROOM(%rsp), %rax
        movq MICA_CALL_THREAD(%rax), %r11
        COPY_VARIABLE_ARGUMENTS
        movq MICA_CALL_ARGUMENTS(%rax), %rcx
        movq MICA_CALL_ARGUMENTS + 8(%rax), %rdx
        movq MICA_CALL_ARGUMENTS + 16(%rax), %r8
        movq MICA_CALL_ARGUMENTS + 24(%rax), %r9
        movq MICA_CALL_STUB(%rax), %r10
        call *MICA_STUB_ROUTINE(%r10)
        leaq VARIABLE_ROOM(%rsp), %rcx
        movq %rax, MICA_CALL_RESULT(%rcx)
        TELL_WATCH MICA_WATCH_LEFT
        movq MICA_CALL_RESULT + VARIABLE_ROOM(%rsp), %rax
        LEAVE_CALL VARIABLE_ROOM
        .size mica_call_watched_import, . - mica_call_watched_import

        .globl mica_call_imports_end
mica_call_imports_end:
#endif

        .section .note.GNU-stack, "", @progbits
