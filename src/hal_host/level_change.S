/* Changes of the level in the place of `mov cr8, register` (level_change.hpp): on the stack are
 * where to return to and, above that, the level; all registers and flags are as they were.
 * mica_set_level sees to the extended ones.
 */
#if defined(__x86_64__)
#include "hal_host/level_change.h"

/* Of the stack, with flags, rax and rcx on it. */
#define RETURN 24
#define LEVEL 32

        .macro BEGIN name
        .globl \name
        .type \name, @function
\name:
        pushfq
        pushq %rax
        pushq %rcx
        .endm

        .macro END
        popq %rcx
        popq %rax
        popfq
        ret $8
        .endm

/* The driver goes on at the address in rax: who walks the stack is to find its frame there. */
        .macro CHANGE_LEVEL
        movq LEVEL(%rsp), %rcx
        pushq %rax
        pushq %rbp
        movq %rsp, %rbp
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
        movl %ecx, %edi
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
        popq %rbp
        leaq 8(%rsp), %rsp
        END
        .endm

        .macro CHANGE_PATCHED_LEVEL
        movq RETURN(%rsp), %rax
        andq $-MICA_PATCH_BYTES, %rax
        movq MICA_PATCH_NEXT(%rax), %rax
        CHANGE_LEVEL
        .endm

        .macro REFUSE
        addq $MICA_PATCH_REFUSED, RETURN(%rsp)
        END
        .endm

        .set HIGH_LEVEL, 15

        .text
        BEGIN mica_change_level
        movq RETURN(%rsp), %rax
        CHANGE_LEVEL
        .size mica_change_level, . - mica_change_level

        BEGIN mica_change_patched_level
        cmpq $HIGH_LEVEL, LEVEL(%rsp)
        ja 1f
        CHANGE_PATCHED_LEVEL
1:      REFUSE
        .size mica_change_patched_level, . - mica_change_patched_level

        BEGIN mica_change_patched_level_quickly
        movq LEVEL(%rsp), %rax
        cmpq $HIGH_LEVEL, %rax
        ja 2f
        movq _ZN4mica7Machine17current_processorE@gottpoff(%rip), %rcx
        movq %fs:(%rcx), %rcx
        cmpl $0, MICA_PROCESSOR_PENDING(%rcx)
        jne 1f
        cmpl $1, MICA_PROCESSOR_COUNTDOWN(%rcx)
        jle 1f
        decl MICA_PROCESSOR_COUNTDOWN(%rcx)
        movb %al, MICA_PROCESSOR_LEVEL(%rcx)
        END
1:      CHANGE_PATCHED_LEVEL
2:      REFUSE
        .size mica_change_patched_level_quickly, . - mica_change_patched_level_quickly
#endif

        .section .note.GNU-stack, "", @progbits
