/* The smallest multiboot2 loader, so that the second way into an image is tried without another
 * boot loader: QEMU enters it by PVH, it enters the image it carries as [multiboot2] says. Compiled
 * for 32 bits, linked high enough to stay out of the image's way.
 */
#include <stdint.h>

__asm__(
    ".section .note.Xen, \"a\", @note\n"
    "  .align 4\n"
    "  .long 4, 4, 18\n" /* XEN_ELFNOTE_PHYS32_ENTRY */
    "  .asciz \"Xen\"\n"
    "  .long enter\n"
    ".section .rodata\n"
    "  .align 8\n"
    "image: .incbin \"" IMAGE
    "\"\n"
    "image_end:\n"
    ".bss\n"
    "  .align 16\n"
    "  .skip 16384\n"
    "stack_top:\n"
    ".text\n"
    ".globl enter\n"
    "enter:\n"
    "  movl $stack_top, %esp\n"
    "  pushl $0\n"
    "  pushl %ebx\n"
    "  call load\n"
    "  ud2\n"
    ".section .note.GNU-stack, \"\", @progbits\n"
    ".text\n");

extern uint8_t const image[], image_end[];

struct start_info {
  uint32_t magic, version, flags, modules;
  uint64_t module_list, command_line, rsdp, memory;
  uint32_t memory_entries;
};

struct elf64 {
  uint8_t identity[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, segments, sections;
  uint32_t flags;
  uint16_t header_bytes, segment_bytes, segment_count;
};

struct segment {
  uint32_t type, flags;
  uint64_t offset, virtual_address, physical_address, file_bytes, memory_bytes, alignment;
};

static uint8_t information[8192] __attribute__((aligned(8)));
static uint32_t used = 8;

static void copy(void* to, void const* from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) ((uint8_t volatile*)to)[i] = ((uint8_t const*)from)[i];
}
static void put32(uint32_t value) {
  copy(information + used, &value, 4);
  used += 4;
}
static void put_tag(uint32_t type, uint32_t extra_bytes, uint32_t extra0, uint32_t extra1,
                    void const* body, uint32_t bytes) {
  put32(type);
  put32(8 + extra_bytes + bytes);
  if (extra_bytes) {
    put32(extra0);
    put32(extra1);
  }
  copy(information + used, body, bytes);
  used = (used + bytes + 7) & ~7u;
}

static void load_segments(void) {
  struct elf64 const* const elf = (struct elf64 const*)image;
  for (uint32_t i = 0; i < elf->segment_count; ++i) {
    struct segment const* const part =
        (struct segment const*)(image + (uint32_t)elf->segments + i * elf->segment_bytes);
    if (part->type != 1) continue;
    uint8_t* const to = (uint8_t*)(uint32_t)part->physical_address;
    copy(to, image + (uint32_t)part->offset, (uint32_t)part->file_bytes);
    for (uint32_t at = (uint32_t)part->file_bytes; at < (uint32_t)part->memory_bytes; ++at) {
      ((uint8_t volatile*)to)[at] = 0;
    }
  }
}

/* The header is in the first 32 KiB, on a boundary of 8; its entry address tag says where to go. */
static uint32_t find_entry(void) {
  for (uint32_t at = 0; at < 32768 && image + at + 16 < image_end; at += 8) {
    uint32_t const* const header = (uint32_t const*)(image + at);
    if (header[0] != 0xe85250d6 || header[0] + header[1] + header[2] + header[3] != 0) continue;
    for (uint32_t tag = at + 16; tag < at + header[2];) {
      uint32_t const* const words = (uint32_t const*)(image + tag);
      if ((words[0] & 0xffff) == 3) return words[2];
      tag += (words[1] + 7) & ~7u;
    }
  }
  return 0;
}

__attribute__((noreturn, used)) void load(struct start_info const* start) {
  char const* const command_line = (char const*)(uint32_t)start->command_line;
  uint32_t length = 1;
  while (command_line && command_line[length - 1]) ++length;
  if (command_line) put_tag(1, 0, 0, 0, command_line, length);
  put_tag(6, 8, 24, 0, (void const*)(uint32_t)start->memory, start->memory_entries * 24);
  put_tag(14, 0, 0, 0, (void const*)(uint32_t)start->rsdp, 20);
  put_tag(0, 0, 0, 0, 0, 0);
  copy(information, &used, 4);
  load_segments();
  uint32_t const entry = find_entry();
  __asm__ volatile("jmp *%0" ::"r"(entry), "a"(0x36d76289), "b"(information));
  __builtin_unreachable();
}
