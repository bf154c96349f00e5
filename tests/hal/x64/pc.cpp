#include "pc.hpp"

#include <string_view>

#include "hal_x64/instructions.hpp"
#include "hal_x64/stacks.hpp"

namespace mica::hal_suite {

namespace {

using namespace hal_x64;

void selectors() {
  run_everywhere([] {
    std::uint16_t code, stack, task;
    asm volatile("mov %%cs, %0; mov %%ss, %1; str %2" : "=r"(code), "=r"(stack), "=r"(task));
    HAL_CHECK(code == 0x10);   // KGDT64_R0_CODE
    HAL_CHECK(stack == 0x18);  // KGDT64_R0_DATA
    HAL_CHECK(task == 0x40);   // KGDT64_SYS_TSS
  });
}

void inline_reads() {
  run_everywhere([] {
    Raised const raised{DISPATCH_LEVEL};
    std::uint64_t self, prcb, level;
    std::uint32_t number;
    asm volatile("mov %%gs:0x18, %0; mov %%gs:0x20, %1; movzwl %%gs:0x184, %2; mov %%cr8, %3"
                 : "=r"(self), "=r"(prcb), "=r"(number), "=r"(level));
    HAL_CHECK(self == reinterpret_cast<std::uint64_t>(&Machine::current()));
    HAL_CHECK(prcb == self + 0x180);
    HAL_CHECK(number == Machine::processor_number());  // 16 bits: byte 0x185 is zero
    HAL_CHECK(level == DISPATCH_LEVEL);
    HAL_CHECK(read_msr(msr_gs_base) == self);
  });
}

void protections_are_on() {
  run_everywhere([] {
    Cpuid const features = cpuid(7);
    std::uint64_t const control = read_cr4();
    HAL_CHECK((control >> 6 & 1) != 0);                          // machine checks
    HAL_CHECK((control >> 11 & 1) == (features.ecx >> 2 & 1));   // UMIP
    HAL_CHECK((control >> 20 & 1) == (features.ebx >> 7 & 1));   // SMEP
    HAL_CHECK((control >> 21 & 1) == (features.ebx >> 20 & 1));  // SMAP
    std::uint64_t cr0;
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    HAL_CHECK((cr0 >> 16 & 1) != 0);  // write protection
  });
}

bool readable(void const* address) {
  std::byte copy{};
  return Machine::copy_guarded(&copy, address, 1);
}

void guards() {
  HAL_CHECK(!readable(boot_stack.guard) && !readable(boot_stack.guard + page_size - 1));
  HAL_CHECK(readable(boot_stack.bytes));
  for (auto const& stacks : fault_stacks) {
    for (auto const& stack : stacks) HAL_CHECK(!readable(stack.guard) && readable(stack.bytes));
  }
}

void nothing_else_is_mapped() {
  for (std::uint64_t address = 0; address < boot_window_bytes; address += std::uint64_t{1} << 20) {
    HAL_CHECK(!readable(reinterpret_cast<void const*>(address)));
  }
  HAL_CHECK(!readable(reinterpret_cast<void const*>(trampoline_address)));
  // Its own code is not writable by another way.
  HAL_CHECK(!readable(
      Machine::direct(PhysicalAddress{reinterpret_cast<std::uint64_t>(&guards) - kernel_base})));
}

void shared_data() {
  HAL_CHECK(reinterpret_cast<std::uint64_t>(Machine::shared_user_data()) == 0xfffff78000000000);
  auto* const bytes = reinterpret_cast<std::byte*>(Machine::shared_user_data());
  for (std::size_t i = 0; i < page_size; ++i) {
    if (bytes[i] != std::byte{}) HAL_CHECK(!"the shared page is not zero");
  }
}

void calendar() {
  constexpr std::uint64_t day = 864'000'000'000;
  std::uint64_t const days = Machine::boot_system_time_100ns() / day;
  HAL_CHECK(days >= 153'034 && days < 153'034 + 80 * 366);  // from 2020 on
}

[[gnu::noinline]] std::size_t trace(std::uint64_t* addresses) {
  std::size_t const count = Machine::backtrace(0, addresses, 8);
  asm volatile("" ::: "memory");
  return count;
}

void exact_names() {
  std::uint64_t addresses[8];
  HAL_CHECK(trace(addresses) >= 4);
  constexpr std::string_view expected[] = {"hal_suite::trace", "hal_suite::exact_names",
                                           "hal_suite::run"};
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    hal::SymbolName const symbol = Machine::symbol_name(addresses[i]);
    HAL_CHECK(symbol.name && symbol.name == expected[i] && symbol.offset > 0);
  }
  HAL_CHECK(!Machine::symbol_name(~std::uint64_t{0}).name);
  HAL_CHECK(!Machine::symbol_name(reinterpret_cast<std::uint64_t>(&boot_stack)).name);
}

constexpr Case cases[] = {
    {"pc: NT's selectors", selectors},
    {"pc: what drivers read inline", inline_reads},
    {"pc: write protection, SMEP, SMAP, UMIP and machine checks are on where there",
     protections_are_on},
    {"pc: a guard page under every stack of the machine's", guards},
    {"pc: the low addresses and the kernel's own pages are mapped nowhere else",
     nothing_else_is_mapped},
    {"pc: the shared page is where drivers read it, zero at first", shared_data},
    {"pc: the calendar clock is read", calendar},
    {"pc: backtraces have names", exact_names},
    {"pc: vector registers survive interrupts", vectors_survive_interrupts},
    {"pc: vector registers survive switches", vectors_survive_switches},
};

}  // namespace

std::span<Case const> pc_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
