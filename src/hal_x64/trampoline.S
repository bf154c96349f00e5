/* Where another processor wakes up: real mode -> long mode -> the kernel's own addresses.
 *
 * [mica_trampoline, mica_trampoline_end) is copied to TRAMPOLINE (layout.hpp: trampoline_address),
 * which the start-up IPI names. The page tables it enters with map that page, read-only, besides
 * the kernel; once at the kernel's own addresses it loads the kernel's root. processors.cpp fills
 * mica_trampoline_root in the copy and mica_processor_start. Descriptors are marked accessed, so
 * that the processor does not write them.
 */
#define TRAMPOLINE 0x8000
#define AT(symbol) ((symbol) - mica_trampoline + TRAMPOLINE)
#define CODE 0x10
#define DATA 0x18

        .section .rodata.trampoline, "a"
        .globl mica_trampoline, mica_trampoline_root, mica_trampoline_end
        .code16
mica_trampoline:
        cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        lgdtl AT(trampoline_gdt_pointer)
        movl %cr4, %eax
        orl $0x620, %eax                /* PAE, OSFXSR, OSXMMEXCPT */
        movl %eax, %cr4
        movl AT(mica_trampoline_root), %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx          /* EFER: LME, NXE */
        rdmsr
        orl $0x900, %eax
        wrmsr
        movl $0x80010033, %eax          /* PG, WP, NE, ET, MP, PE */
        movl %eax, %cr0
        ljmpl $CODE, $AT(trampoline_long)
        .code64
trampoline_long:
        movl $DATA, %eax
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movabsq $trampoline_high, %rax
        jmpq *%rax
        .align 8
trampoline_gdt:
        .quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
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
