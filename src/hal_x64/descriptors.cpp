#include "hal_x64/descriptors.hpp"

#include "hal_x64/stacks.hpp"

namespace mica::hal_x64 {

constinit BootStack boot_stack{};
constinit FaultStackArea fault_stacks[maximum_processors][fault_stack_count]{};

namespace {

// [SDM 3A, "64-Bit Mode IDT"]
struct [[gnu::packed]] Gate {
  std::uint16_t offset_low;
  std::uint16_t selector;
  std::uint8_t stack;  // IST number, 0: the current one
  std::uint8_t type;
  std::uint16_t offset_middle;
  std::uint32_t offset_high;
  std::uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

// [SDM 3A, "Task Management in 64-bit Mode"]
struct [[gnu::packed]] TaskState {
  std::uint32_t reserved0;
  std::uint64_t stack[3];  // by privilege level
  std::uint64_t reserved1;
  std::uint64_t fault_stack[7];  // IST1 upward
  std::uint64_t reserved2;
  std::uint16_t reserved3;
  std::uint16_t io_map;
};
static_assert(sizeof(TaskState) == 104);

struct [[gnu::packed]] TablePointer {
  std::uint16_t limit;
  std::uint64_t base;
};

struct Segments {
  std::uint64_t slot[0x60 / 8];
};

constinit Gate gates[256]{};
constinit TaskState task_states[maximum_processors]{};
constinit Segments segments[maximum_processors]{};

extern "C" std::byte const mica_trap_stubs[];  // 16 bytes each: trap_entry.S

constexpr std::uint8_t interrupt_gate = 0x8e;  // present, ring 0, masks interrupts

unsigned stack_number(unsigned vector) noexcept {
  switch (vector) {
    case vector_double_fault:
      return stack_of_double_fault + 1;
    case vector_nmi:
      return stack_of_nmi + 1;
    case vector_machine_check:
      return stack_of_machine_check + 1;
    default:
      return 0;
  }
}

Segments make_segments(TaskState const& task) noexcept {
  auto const base = reinterpret_cast<std::uint64_t>(&task);
  Segments result{};
  result.slot[selector_kernel_code / 8] = 0x00209b0000000000;
  result.slot[selector_kernel_data / 8] = 0x00cf93000000ffff;
  result.slot[selector_user_code32 / 8] = 0x00cffb000000ffff;
  result.slot[selector_user_data / 8] = 0x00cff3000000ffff;
  result.slot[selector_user_code / 8] = 0x0020fb0000000000;
  result.slot[selector_user_teb32 / 8] = 0x0040f30000003c00;
  result.slot[selector_task / 8] = (sizeof(TaskState) - 1) | ((base & 0xffffff) << 16) |
                                   (std::uint64_t{0x89} << 40) | ((base >> 24 & 0xff) << 56);
  result.slot[selector_task / 8 + 1] = base >> 32;
  return result;
}

}  // namespace

void fill_interrupt_table() noexcept {
  for (unsigned vector = 0; vector < 256; ++vector) {
    auto const stub = reinterpret_cast<std::uint64_t>(mica_trap_stubs + std::size_t{16} * vector);
    gates[vector] = {.offset_low = static_cast<std::uint16_t>(stub),
                     .selector = selector_kernel_code,
                     .stack = static_cast<std::uint8_t>(stack_number(vector)),
                     .type = interrupt_gate,
                     .offset_middle = static_cast<std::uint16_t>(stub >> 16),
                     .offset_high = static_cast<std::uint32_t>(stub >> 32),
                     .reserved = 0};
  }
}

void load_descriptors(unsigned number) noexcept {
  TaskState& task = task_states[number];
  for (unsigned i = 0; i < fault_stack_count; ++i) {
    task.fault_stack[i] = reinterpret_cast<std::uint64_t>(fault_stacks[number][i].top());
  }
  task.io_map = sizeof(TaskState);  // none
  segments[number] = make_segments(task);

  TablePointer const segment_table{sizeof(Segments) - 1,
                                   reinterpret_cast<std::uint64_t>(&segments[number])};
  TablePointer const gate_table{sizeof gates - 1, reinterpret_cast<std::uint64_t>(gates)};
  asm volatile("lgdt %0" ::"m"(segment_table) : "memory");
  asm volatile("mov %0, %%ss" ::"r"(std::uint32_t{selector_kernel_data}));
  asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" ::"r"(0));
  asm volatile("ltr %w0" ::"r"(std::uint32_t{selector_task}) : "memory");
  asm volatile("lidt %0" ::"m"(gate_table) : "memory");
}

}  // namespace mica::hal_x64
