/* From the boot loader to C++: 32 bits without paging -> long mode -> the kernel's own addresses.
 *
 * Two ways in, one image. PVH: EBX = start info [xen, "x86/HVM direct boot ABI"]. Multiboot2: EAX =
 * magic, EBX = boot information [multiboot2, "I386 machine state"]. Both enter with flat 32-bit
 * segments, paging and interrupts off.
 *
 * The page tables made here map the first 4 GiB at their own addresses and the first GiB at
 * KERNEL_BASE; paging.cpp replaces them. Selectors are the final ones, so that no later load of the
 * GDT needs a far jump.
 */
#include "long_mode.h"

#define KERNEL_BASE 0xffffffff80000000

        .section .note.Xen, "a", @note
        .align 4
        .long 4                         /* bytes of the name */
        .long 8                         /* of the descriptor: QEMU reads 8 from an ELF64 */
        .long 18                        /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .quad mica_pvh_entry
        .align 4

        .section .multiboot2, "a"
        .align 8
header: .long 0xe85250d6, 0, header_end - header, -(0xe85250d6 + (header_end - header))
        .short 3, 0                     /* entry address */
        .long 12
        .long mica_multiboot2_entry
        .align 8
        .short 0, 0                     /* end */
        .long 8
header_end:

        .section .boot.text, "ax"
        .code32
        .globl mica_pvh_entry, mica_multiboot2_entry
mica_pvh_entry:
        xorl %eax, %eax                 /* boot_info.cpp tells the two apart by their magic */
mica_multiboot2_entry:
        cli
        cld
        movl %eax, boot_magic
        movl %ebx, boot_information
        movl $(low_table + 3), root_table
        movl $(high_table + 3), root_table + 511 * 8
        movl $(page_directories + 0x0003), low_table
        movl $(page_directories + 0x1003), low_table + 8
        movl $(page_directories + 0x2003), low_table + 16
        movl $(page_directories + 0x3003), low_table + 24
        movl $(page_directories + 0x0003), high_table + 510 * 8
        movl $page_directories, %edi
        movl $0x83, %eax                /* present, writable, 2 MiB */
        movl $2048, %ecx
1:      movl %eax, (%edi)
        movl $0, 4(%edi)
        addl $0x200000, %eax
        addl $8, %edi
        decl %ecx
        jnz 1b
        enable_long_mode $root_table
        lgdt gdt_pointer
        ljmp $CODE, $2f
        .code64
2:      leave_low_addresses high_entry

        .align 8
gdt:    first_gdt
gdt_pointer:
        .short gdt_pointer - gdt - 1
        .long gdt

        .section .boot.bss, "aw", @nobits
        .align 4096
root_table:             .skip 4096
low_table:              .skip 4096
high_table:             .skip 4096
page_directories:       .skip 4096 * 4
boot_information:       .skip 4
boot_magic:             .skip 4

        .text
        .code64
high_entry:
        movq mica_boot_stack_top, %rsp
        xorl %ebp, %ebp                 /* where backtraces end */
        movl boot_magic, %edi
        movl boot_information, %esi
        call mica_boot
        ud2

        .section .note.GNU-stack, "", @progbits
