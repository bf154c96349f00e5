/* Whether there is room on the stack for a frame of rax bytes: each of its pages is touched, from
 * the top, so that what has no room faults at the guard page and nowhere below it. Compilers call
 * it before they make a frame of a page or more; all registers stay as they were, flags do not.
 *                                           [MSDN "x64 prolog and epilog", "_chkstk Routine"]
 */
#if defined(__x86_64__)
        .text
        .globl MicaRuntime___chkstk
        .type MicaRuntime___chkstk, @function
MicaRuntime___chkstk:
        .cfi_startproc
        pushq %rcx
        .cfi_adjust_cfa_offset 8
        pushq %rax
        .cfi_adjust_cfa_offset 8
        leaq 24(%rsp), %rcx
1:      cmpq $4096, %rax
        jb 2f
        subq $4096, %rcx
        testb %cl, (%rcx)
        subq $4096, %rax
        jmp 1b
2:      subq %rax, %rcx
        testb %cl, (%rcx)
        popq %rax
        .cfi_adjust_cfa_offset -8
        popq %rcx
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size MicaRuntime___chkstk, . - MicaRuntime___chkstk
#endif
        .section .note.GNU-stack, "", @progbits
