/* What both ways into long mode share: the first processor's (boot.S) and the others'
 * (trampoline.S). For assembler sources.
 */
#define CODE 0x10
#define DATA 0x18

/* The GDT until segments.cpp loads the processor's own: NT's kernel selectors. Descriptors are
 * marked accessed, so that the processor does not write them.
 */
        .macro first_gdt
        .quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
        .endm

/* Paging on, with the tables whose root is the operand; a far jump to CODE must follow. */
        .macro enable_long_mode root:req
        movl %cr4, %eax
        orl $0x620, %eax                /* PAE, OSFXSR, OSXMMEXCPT */
        movl %eax, %cr4
        movl \root, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx          /* EFER: LME, NXE */
        rdmsr
        orl $0x900, %eax
        wrmsr
        movl $0x80010033, %eax          /* PG, WP, NE, ET, MP, PE */
        movl %eax, %cr0
        .endm

/* The first code in 64 bits: on to the kernel's own addresses. */
        .macro leave_low_addresses target:req
        movl $DATA, %eax
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movabsq $\target, %rax
        jmpq *%rax
        .endm
