/* Where another processor wakes up: real mode -> long mode -> the kernel's own addresses.
 *
 * [mica_trampoline, mica_trampoline_end) is copied to TRAMPOLINE (layout.hpp: trampoline_address),
 * which the start-up IPI names. The page tables it enters with map that page, read-only, besides
 * the kernel; once at the kernel's own addresses it loads the kernel's root. processors.cpp fills
 * mica_trampoline_root in the copy and mica_processor_start.
 */
#include "long_mode.h"

#define TRAMPOLINE 0x8000
#define AT(symbol) ((symbol)-mica_trampoline+TRAMPOLINE)  /* one macro operand: no spaces */

        .section .rodata.trampoline, "a"
        .globl mica_trampoline, mica_trampoline_root, mica_trampoline_end
        .code16
mica_trampoline:
        cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        lgdtl AT(trampoline_gdt_pointer)
        enable_long_mode AT(mica_trampoline_root)
        ljmpl $CODE, $AT(trampoline_long)
        .code64
trampoline_long:
        leave_low_addresses trampoline_high
        .align 8
trampoline_gdt:
        first_gdt
trampoline_gdt_pointer:
        .short trampoline_gdt_pointer - trampoline_gdt - 1
        .long AT(trampoline_gdt)
        .align 4
mica_trampoline_root:
        .long 0
mica_trampoline_end:

        .text
trampoline_high:
        movq mica_processor_start, %rax         /* root */
        movq %rax, %cr3
        movq mica_processor_start + 8, %rsp     /* stack top */
        movq mica_processor_start + 16, %rdi    /* block */
        xorl %ebp, %ebp                         /* where backtraces end */
        call mica_processor_entry
        ud2

        .section .note.GNU-stack, "", @progbits
