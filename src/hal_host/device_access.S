/* Where code goes on that accesses a device (device_access.hpp): with its frame in rdi, on its own
 * stack below that, with its registers but for these two and the flags.
 */
#if defined(__x86_64__)

/* Of an AccessFrame. */
        .set RSP_OF, 32
        .set RSI_OF, 48
        .set FLAGS_OF, 128
        .set INSTRUCTION_OF, 136

/* What code may have below its stack pointer. */
        .set RED_ZONE, 128

        .macro LOAD frame
        movq 0(\frame), %rax
        movq 8(\frame), %rcx
        movq 16(\frame), %rdx
        movq 24(\frame), %rbx
        movq 40(\frame), %rbp
        movq RSI_OF(\frame), %rsi
        movq 64(\frame), %r8
        movq 72(\frame), %r9
        movq 80(\frame), %r10
        movq 88(\frame), %r11
        movq 96(\frame), %r12
        movq 104(\frame), %r13
        movq 112(\frame), %r14
        movq 120(\frame), %r15
        .endm

        .text
        .globl mica_access_device
        .type mica_access_device, @function
mica_access_device:
/* Who walks the stack finds the code that accesses the device. */
        pushq INSTRUCTION_OF(%rdi)
        pushq %rbp
        movq %rsp, %rbp
        pushq %rdi
        andq $-16, %rsp
        call mica_perform_access
        movq -8(%rbp), %rdi
/* Just below what the code may have there: where it goes on, flags, rdi. */
        movq RSP_OF(%rdi), %rcx
        leaq -(RED_ZONE + 8)(%rcx), %rcx
        movq INSTRUCTION_OF(%rdi), %rax
        movq %rax, 0(%rcx)
        movq FLAGS_OF(%rdi), %rax
        movq %rax, -8(%rcx)
        movq 56(%rdi), %rax
        movq %rax, -16(%rcx)
        LOAD %rdi
        movq RSP_OF(%rdi), %rsp
        leaq -(RED_ZONE + 24)(%rsp), %rsp
        popq %rdi
        popfq
        ret $RED_ZONE
        .size mica_access_device, . - mica_access_device

/* mica_execute_copy(frame, code): executes `code`, which returns, with the registers and flags of
 * the frame but for rsp, and stores there what they are then.
 */
        .globl mica_execute_copy
        .type mica_execute_copy, @function
mica_execute_copy:
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        pushq %rdi
        pushq %rsi
        pushq FLAGS_OF(%rdi)
        popfq
        LOAD %rdi
        movq 56(%rdi), %rdi
        call *(%rsp)
        pushfq
        pushq %rdi
        movq 24(%rsp), %rdi
        movq %rax, 0(%rdi)
        movq %rcx, 8(%rdi)
        movq %rdx, 16(%rdi)
        movq %rbx, 24(%rdi)
        movq %rbp, 40(%rdi)
        movq %rsi, RSI_OF(%rdi)
        movq %r8, 64(%rdi)
        movq %r9, 72(%rdi)
        movq %r10, 80(%rdi)
        movq %r11, 88(%rdi)
        movq %r12, 96(%rdi)
        movq %r13, 104(%rdi)
        movq %r14, 112(%rdi)
        movq %r15, 120(%rdi)
        popq 56(%rdi)
        popq FLAGS_OF(%rdi)
        cld
        addq $16, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        ret
        .size mica_execute_copy, . - mica_execute_copy
#endif

        .section .note.GNU-stack, "", @progbits
