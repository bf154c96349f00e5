#include "faults.hpp"

#include <cstring>
#include <string_view>

#include "hal_x64/layout.hpp"
#include "state.hpp"

namespace mica::hal_suite {

namespace {

constexpr char option[] = "fault=";

// ---- The other processors count where only an NMI reaches them.
Count counted[most_processors];

void NTAPI count_for_ever() {
  Machine::raise(HIGH_LEVEL);
  (void)Machine::disable_interrupts();
  Count& mine = counted[Machine::processor_number()];
  for (std::uint32_t seen = 0;; ++seen) {
    Machine::await(mine, seen);
    mine.fetch_add(1);
  }
}

bool all_stand_still() noexcept {
  std::uint32_t before[most_processors];
  for (unsigned i = 0; i < most_processors; ++i) before[i] = counted[i].load();
  Machine::stall(20'000);
  for (unsigned i = 0; i < most_processors; ++i) {
    if (counted[i].load() != before[i]) return false;
  }
  return true;
}

char const* name_of(hal::FaultKind kind) noexcept {
  constexpr char const* names[] = {"page_fault",         "invalid_opcode", "divide_error",
                                   "general_protection", "stack_overflow", "breakpoint",
                                   "machine_check",      "double_fault",   "other"};
  return names[static_cast<unsigned>(kind)];
}

void NTAPI report(hal::Fault const& fault) {
  bool const masked = !Machine::disable_interrupts();
  Machine::freeze_others();
  Machine::freeze_others();  // a bugcheck inside a bugcheck
  print(all_stand_still() ? "others stand still, " : "OTHERS GO ON, ");
  print(masked ? "interrupts are off, " : "INTERRUPTS ARE ON, ");
  print(fault.irql == DISPATCH_LEVEL ? "at DISPATCH_LEVEL\n" : "AT ANOTHER LEVEL\n");
  print(name_of(fault.kind));
  print(fault.write ? " write" : "");
  print(fault.execute ? " execute" : "");
  print(fault.address == 0x1234 ? " at 1234" : "");
  print(fault.registers[4] == fault.stack ? "\n" : " WRONG REGISTERS\n");
  std::uint64_t addresses[64] = {fault.instruction};
  std::size_t const count = 1 + Machine::backtrace(fault.frame, addresses + 1, 63);
  for (std::size_t i = 0; i < count; ++i) {
    hal::SymbolName const symbol = Machine::symbol_name(addresses[i]);
    print(symbol.name ? symbol.name : "?");
    print("\n");
  }
  Machine::stop(hal::Verdict::bugcheck);
}

// ---- The faults
// The compiler knows too much about null, and about what may not be written.
std::uint64_t hidden(std::uint64_t address) noexcept {
  asm volatile("" : "+r"(address));
  return address;
}
char volatile& at(std::uint64_t address) noexcept {
  return *reinterpret_cast<char volatile*>(hidden(address));
}
void call(std::uint64_t address) noexcept {
  reinterpret_cast<void (*)()>(hidden(address))();
}

void read_null() {
  [[maybe_unused]] char const value = at(0x1234);
}
void write_null() {
  at(0x1234) = 1;
}
void write_code() {
  at(reinterpret_cast<std::uint64_t>(&write_code)) = 1;
}
void write_constant() {
  at(reinterpret_cast<std::uint64_t>(&option)) = 1;
}
void execute_data() {
  call(reinterpret_cast<std::uint64_t>(counted));
}
void execute_direct() {
  auto const page = Machine::physical_memory().front().first;
  call(reinterpret_cast<std::uint64_t>(Machine::direct(address_of(page))));
}
void read_low_memory() {
  [[maybe_unused]] char const value = at(hal_x64::trampoline_address);
}
void not_canonical() {
  at(0x0001'0000'0000'0000) = 1;
}
void divide() {
  asm volatile("xor %%edx, %%edx; mov $1, %%eax; div %%edx" ::: "eax", "edx");
}
void no_instruction() {
  asm volatile("ud2");
}
void breakpoint() {
  asm volatile("int3");
}
void machine_check() {
  asm volatile("int $18");
}
[[gnu::noinline]] unsigned recurse(unsigned depth) {
  unsigned volatile space[64];
  space[depth % 64] = depth;
  return depth == 0 ? 0 : recurse(depth + 1) + space[depth % 64];
}
void overflow() {
  (void)recurse(1);
}

struct Named {
  char const* name;
  void (*make)();
};
constexpr Named faults[] = {
    {"read_null", read_null},
    {"write_null", write_null},
    {"write_code", write_code},
    {"write_constant", write_constant},
    {"execute_data", execute_data},
    {"execute_direct", execute_direct},
    {"read_low_memory", read_low_memory},
    {"not_canonical", not_canonical},
    {"divide", divide},
    {"no_instruction", no_instruction},
    {"breakpoint", breakpoint},
    {"machine_check", machine_check},
    {"overflow", overflow},
};

}  // namespace

bool fault_wanted() noexcept {
  return std::memcmp(Machine::command_line(), option, sizeof option - 1) == 0;
}

hal::Handlers const& fault_handlers() noexcept {
  static constexpr hal::Handlers all{
      .apc = []() NTAPI {},
      .dispatch = []() NTAPI {},
      .ipi = []() NTAPI {},
      .clock = [](KIRQL) NTAPI {},
      .device = [](std::uint8_t) NTAPI {},
      .idle = count_for_ever,
      .fault = report,
      .table_page = []() NTAPI -> PageNumber { return new_page(); },
  };
  return all;
}

void make_fault() noexcept {
  take_pages();
  Machine::lower(PASSIVE_LEVEL);
  for (unsigned number = 1; number < Machine::processor_count(); ++number) {
    HAL_CHECK(Machine::start_processor(processor_block(number), make_stack()));
    await_at_least(counted[number], 1);
  }
  Machine::raise(DISPATCH_LEVEL);
  for (Named const& fault : faults) {
    if (std::string_view{fault.name} == Machine::command_line() + sizeof option - 1) {
      call(reinterpret_cast<std::uint64_t>(fault.make));
    }
  }
  print("no fault\n");
  Machine::stop(hal::Verdict::failed);
}

}  // namespace mica::hal_suite
