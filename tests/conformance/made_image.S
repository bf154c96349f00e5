/* An image of a few functions, as a compiler for Windows would write them, with what it says of
 * them for unwinding: everything in one piece, so that addresses are offsets in it. exception.cpp
 * calls them. NTAPI. Elsewhere than on x86-64 there is none.
 */
#if defined(__x86_64__)
#define AT(label) .long label - mica_test_image
#define ENTRY(name) AT(name##_begin); AT(name##_end); AT(name##_info)
#define PUSH(offset, number) .byte offset, number << 4
#define ALLOCATE(offset, bytes) .byte offset, ((bytes - 8) / 8) << 4 | 2
#define SET_FRAME(offset) .byte offset, 3
#define SAVE(offset, number, where) .byte offset, number << 4 | 4; .short where / 8
#define SAVE_VECTOR(offset, number, where) .byte offset, number << 4 | 8; .short where / 16
#define INFO(flags, name, slots, frame) \
        .byte 1 | flags << 3, name##_body - name##_begin, slots, frame
#define BOTH_HANDLERS 3
#define CHAINED 4

        .text
        .balign 16
        .globl mica_test_image, mica_test_image_functions, mica_test_image_functions_end
        .globl mica_test_image_end
mica_test_image:
        .skip 16, 0xCC                  /* nothing of interest is where others have headers */
mica_test_image_functions:
        ENTRY(frame)
        ENTRY(part)
        ENTRY(try)
        ENTRY(finally)
mica_test_image_functions_end:

frame_info:
        INFO(0, frame, 8, 5 | 2 << 4)
        SAVE_VECTOR(21, 6, 48)
        SAVE(16, 6, 40)
        SET_FRAME(11)
        ALLOCATE(6, 72)
        PUSH(2, 3)
        PUSH(1, 5)
        .balign 4
/* Of the rest of that function, which saves nothing more. */
part_info:
        .byte 1 | CHAINED << 3, 0, 0, 5 | 2 << 4
        ENTRY(frame)
try_info:
        INFO(BOTH_HANDLERS, try, 2, 0)
        ALLOCATE(5, 32)
        PUSH(1, 3)
        AT(handler)
        .long 1
        AT(try_scope)
        AT(try_scope_end)
        .long 1
        AT(try_target)
finally_info:
        INFO(BOTH_HANDLERS, finally, 2, 0)
        ALLOCATE(5, 48)
        PUSH(1, 3)
        AT(handler)
        .long 1
        AT(finally_scope)
        AT(finally_scope_end)
        AT(termination)
        .long 0

/* VOID mica_test_frame(ROUTINE* routine): calls routine(rsp) with registers full of what is wrong
 * for its caller. */
        .globl mica_test_frame, mica_test_frame_called, mica_test_frame_popping
        .globl mica_test_frame_pushed, mica_test_frame_part
mica_test_frame:
frame_begin:
        pushq %rbp
        pushq %rbx
mica_test_frame_pushed:
        subq $72, %rsp
        leaq 32(%rsp), %rbp
        movq %rsi, 40(%rsp)
        movaps %xmm6, 48(%rsp)
frame_body:
        movq %rcx, %rax
        movq %rsp, %rcx
        xorl %ebx, %ebx
        xorl %esi, %esi
        pxor %xmm6, %xmm6
        call *%rax
mica_test_frame_called:
        movaps 48(%rsp), %xmm6
        movq 40(%rsp), %rsi
        jmp part_begin
        nop
frame_end:
part_begin:
mica_test_frame_part:
        nop
        leaq 40(%rbp), %rsp
mica_test_frame_popping:
        popq %rbx
        popq %rbp
        ret
part_end:

/* ULONG64 mica_test_try(ROUTINE* routine, PVOID argument): calls it in a __try whose __except says
 * the exception's code. */
        .globl mica_test_try
mica_test_try:
try_begin:
        pushq %rbx
        subq $32, %rsp
try_body:
        movq %rcx, %rax
        movq %rdx, %rcx
try_scope:
        call *%rax
        nop
try_scope_end:
        xorl %eax, %eax
try_target:
        movl %eax, %eax
        addq $32, %rsp
        popq %rbx
        ret
try_end:

/* VOID mica_test_finally(struct { ROUTINE* routine; PVOID argument; LONG count; }*): calls it in a
 * __try whose __finally counts. */
        .globl mica_test_finally
mica_test_finally:
finally_begin:
        pushq %rbx
        subq $48, %rsp
finally_body:
        movq %rcx, 32(%rsp)
        movq (%rcx), %rax
        movq 8(%rcx), %rcx
finally_scope:
        call *%rax
        nop
finally_scope_end:
        movq %rsp, %rdx
        call termination
        addq $48, %rsp
        popq %rbx
        ret
finally_end:
termination:
        movq 32(%rdx), %rax
        incl 16(%rax)
        ret

/* ULONG mica_test_read(ULONG const*): makes no frame. */
        .globl mica_test_read
mica_test_read:
        movl (%rcx), %eax
        ret

/* struct { RtlUnwindEx* unwind; ULONG64 value; }*: leaves itself for the __except of its caller. */
        .globl mica_test_unwind
mica_test_unwind:
        movq (%rcx), %rax
        movq 8(%rcx), %r9
        leaq 8(%rsp), %rcx
        leaq try_target(%rip), %rdx
        xorl %r8d, %r8d
        jmp *%rax

handler:
        jmp __C_specific_handler
mica_test_image_end:
#endif

        .section .note.GNU-stack, "", @progbits
