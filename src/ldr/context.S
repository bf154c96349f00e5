/* Registers from and to a CONTEXT, whose layout src/abi/layout/exception.inc pins.
 */
#if defined(__x86_64__)
#define FLAGS 48
#define MXCSR 52
#define SEGMENTS 56 /* cs ds es fs gs ss */
#define EFLAGS 68
#define RAX 120
#define RCX 128
#define RDX 136
#define RBX 144
#define RSP 152
#define RBP 160
#define RSI 168
#define RDI 176
#define R8 184
#define RIP 248
#define LEGACY_MXCSR 280
#define XMM 416

#define CONTEXT_FULL_AND_SEGMENTS 0x10000f
#define RETURN_ADDRESS 8

        .macro EACH_VECTOR move
        .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        \move \number
        .endr
        .endm
        .macro STORE_VECTOR number
        movaps %xmm\number, XMM + 16 * \number(%rcx)
        .endm
        .macro LOAD_VECTOR number
        movaps XMM + 16 * \number(%rcx), %xmm\number
        .endm

        .text
/* NTAPI void RtlCaptureContext(PCONTEXT context): rcx */
        .globl RtlCaptureContext
        .type RtlCaptureContext, @function
RtlCaptureContext:
        pushfq
        movq %rax, RAX(%rcx)
        movq %rcx, RCX(%rcx)
        movq %rdx, RDX(%rcx)
        movq %rbx, RBX(%rcx)
        movq %rbp, RBP(%rcx)
        movq %rsi, RSI(%rcx)
        movq %rdi, RDI(%rcx)
        .irp number, 8, 9, 10, 11, 12, 13, 14, 15
        movq %r\number, R8 + 8 * (\number - 8)(%rcx)
        .endr
        EACH_VECTOR STORE_VECTOR
        stmxcsr MXCSR(%rcx)
        stmxcsr LEGACY_MXCSR(%rcx)
        movw %cs, SEGMENTS(%rcx)
        movw %ds, SEGMENTS + 2(%rcx)
        movw %es, SEGMENTS + 4(%rcx)
        movw %fs, SEGMENTS + 6(%rcx)
        movw %gs, SEGMENTS + 8(%rcx)
        movw %ss, SEGMENTS + 10(%rcx)
        movl $CONTEXT_FULL_AND_SEGMENTS, FLAGS(%rcx)
        popq %rax
        movl %eax, EFLAGS(%rcx)
        movq (%rsp), %rax
        movq %rax, RIP(%rcx)
        leaq RETURN_ADDRESS(%rsp), %rax
        movq %rax, RSP(%rcx)
        movq RAX(%rcx), %rax
        ret
        .size RtlCaptureContext, . - RtlCaptureContext

/* NTAPI void mica_restore_context(CONTEXT const* context): rcx. By the return of an interrupt,
 * which sets everything at once, and leaves alone what lies below the stack pointer it goes on
 * with. */
        .globl mica_restore_context
        .type mica_restore_context, @function
mica_restore_context:
        EACH_VECTOR LOAD_VECTOR
        ldmxcsr MXCSR(%rcx)
        movq %ss, %rax
        pushq %rax
        pushq RSP(%rcx)
        movl EFLAGS(%rcx), %eax
        pushq %rax
        movq %cs, %rax
        pushq %rax
        pushq RIP(%rcx)
        movq RAX(%rcx), %rax
        movq RDX(%rcx), %rdx
        movq RBX(%rcx), %rbx
        movq RBP(%rcx), %rbp
        movq RSI(%rcx), %rsi
        movq RDI(%rcx), %rdi
        .irp number, 8, 9, 10, 11, 12, 13, 14, 15
        movq R8 + 8 * (\number - 8)(%rcx), %r\number
        .endr
        movq RCX(%rcx), %rcx
        iretq
        .size mica_restore_context, . - mica_restore_context
#endif

        .section .note.GNU-stack, "", @progbits
