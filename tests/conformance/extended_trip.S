/* void mica_test_extended_trip(Trip* trip), of the System V convention: fills registers, calls a
 * save, fills them otherwise, turns a while, calls the restore, and says what is in them then.
 * Register 3 is the caller's to save in both conventions, 9 is not in NT's. extended_state.cpp has
 * the fields and their offsets. Elsewhere than on x86-64 nothing is offered, and it is not called.
 */
#if defined(__x86_64__)
        .text
        .globl mica_test_extended_trip
        .type mica_test_extended_trip, @function
mica_test_extended_trip:
        pushq %rbp
        movq %rsp, %rbp
        pushq %rbx
        pushq %r12
        andq $-64, %rsp
        subq $64, %rsp
        movq %rdi, %rbx
        movdqu 64(%rbx), %xmm3
        movdqu 96(%rbx), %xmm9
        cmpq $0, 32(%rbx)
        je 1f
        vmovdqu 64(%rbx), %ymm3
        vmovdqu 96(%rbx), %ymm9
1:      fldl 192(%rbx)
        movq 0(%rbx), %rcx
        movq 8(%rbx), %rdx
        callq *16(%rbx)
        movl %eax, 40(%rbx)
        fstp %st(0)
        fldpi
        movdqu 128(%rbx), %xmm3
        movdqu 128(%rbx), %xmm9
        cmpq $0, 32(%rbx)
        je 2f
        vmovdqu 128(%rbx), %ymm3
        vmovdqu 128(%rbx), %ymm9
2:      movq 48(%rbx), %r12
3:      decq %r12
        jg 3b
        movdqu %xmm3, 160(%rbx)
        cmpq $0, 32(%rbx)
        je 4f
        vmovdqu %ymm3, 160(%rbx)
4:      movq 8(%rbx), %rcx
        callq *24(%rbx)
        fstpl 192(%rbx)
        movdqu %xmm3, 64(%rbx)
        movdqu %xmm9, 96(%rbx)
        cmpq $0, 32(%rbx)
        je 5f
        vmovdqu %ymm3, 64(%rbx)
        vmovdqu %ymm9, 96(%rbx)
        vzeroupper
5:      leaq -16(%rbp), %rsp
        popq %r12
        popq %rbx
        popq %rbp
        ret
#endif

        .section .note.GNU-stack, "", %progbits
