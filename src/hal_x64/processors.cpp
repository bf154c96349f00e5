#include "hal_x64/processors.hpp"

#include <cstring>

#include "hal_x64/apic.hpp"
#include "hal_x64/descriptors.hpp"
#include "hal_x64/extended_state.hpp"
#include "hal_x64/instructions.hpp"
#include "hal_x64/paging.hpp"
#include "hal_x64/trap.hpp"

namespace mica {

namespace hal_x64 {

// What a starting processor needs to reach C++: trampoline.S reads it in this order. One starts at
// a time.
struct ProcessorStart {
  std::uint64_t root;
  std::byte* stack_top;
  Machine::Processor* block;
};
extern "C" {
constinit ProcessorStart mica_processor_start{};
}

namespace {

constinit Topology topology_{};
constinit std::atomic<std::uint32_t> online{0};

extern "C" std::byte const mica_trampoline[], mica_trampoline_root[], mica_trampoline_end[];

void place_trampoline() noexcept {
  std::byte* const place = Machine::direct(PhysicalAddress{trampoline_address});
  std::memcpy(place, mica_trampoline,
              static_cast<std::size_t>(mica_trampoline_end - mica_trampoline));
  std::uint32_t const root = trampoline_root();
  std::memcpy(place + (mica_trampoline_root - mica_trampoline), &root, sizeof root);
}

// Generous: many emulated processors may share one real one. Time that an emulator counts itself
// passes quickly.
bool came_up(std::uint32_t bit) noexcept {
  constexpr unsigned step_microseconds = 100, steps = 100'000;
  for (unsigned i = 0; i < steps; ++i) {
    if (online.load(std::memory_order_acquire) & bit) return true;
    Machine::stall(step_microseconds);
  }
  return false;
}

void enable_protections() noexcept {
  constexpr std::uint64_t machine_check = 1 << 6, umip = 1 << 11, smep = 1 << 20, smap = 1 << 21;
  Cpuid const features = cpuid(7);
  std::uint64_t bits = machine_check;
  if (features.ebx >> 7 & 1) bits |= smep;
  if (features.ebx >> 20 & 1) bits |= smap;
  if (features.ecx >> 2 & 1) bits |= umip;
  write_cr4(read_cr4() | bits);
}

}  // namespace

void set_topology(Topology const& topology) noexcept {
  topology_ = topology;
}
std::uint32_t online_processors() noexcept {
  return online.load(std::memory_order_acquire);
}
std::uint32_t apic_id_of(unsigned number) noexcept {
  return topology_.apic_ids[number];
}
std::uint32_t processor_tag() noexcept {
  return (cpuid(1).ebx >> 24) + 1;
}

void set_up_processor(Machine::Processor& block) noexcept {
  unsigned const number = block.pcr.Prcb.Number;
  enable_protections();
  enable_extended_state();
  load_descriptors(number);
  block.pcr.Self = &block.pcr;
  block.pcr.CurrentPrcb = &block.pcr.Prcb;
  block.apic_id = topology_.apic_ids[number];
  write_msr(msr_gs_base, reinterpret_cast<std::uint64_t>(&block));
  apic::enable();
  write_cr8(DISPATCH_LEVEL);
  constexpr std::uint32_t default_mxcsr = 0x1f80;
  asm volatile("fninit; ldmxcsr %0" ::"m"(default_mxcsr));
  online.fetch_or(1u << number, std::memory_order_acq_rel);
}

// The first C++ of a started processor: trampoline.S.
extern "C" [[noreturn]] void mica_processor_entry(Machine::Processor& block) noexcept {
  set_up_processor(block);
  enable_interrupts();
  handlers().idle();
  __builtin_unreachable();
}

}  // namespace hal_x64

ULONG Machine::processor_count() noexcept {
  return hal_x64::topology_.processors;
}

bool Machine::start_processor(Processor& processor, hal::Stack stack) noexcept {
  unsigned const number = processor.pcr.Prcb.Number;
  std::uint32_t const apic_id = hal_x64::apic_id_of(number);
  hal_x64::place_trampoline();
  hal_x64::mica_processor_start = {hal_x64::kernel_root(),
                                   static_cast<std::byte*>(stack.base) + stack.bytes, &processor};
  hal_x64::apic::send_init(apic_id);
  stall(10'000);
  hal_x64::apic::send_startup(apic_id, hal_x64::trampoline_address);
  if (hal_x64::came_up(1u << number)) return true;
  hal_x64::apic::send_init(apic_id);  // wherever it is, it stays there
  return false;
}

void Machine::send_ipi(unsigned number) noexcept {
  hal_x64::apic::send(hal_x64::apic_id_of(number), hal_x64::vector_ipi);
}

void Machine::request_interrupt(unsigned number, std::uint8_t vector) noexcept {
  hal_x64::apic::send(hal_x64::apic_id_of(number), vector);
}

void Machine::request_apc() noexcept {
  hal_x64::apic::send_self(hal_x64::vector_apc);
}

void Machine::request_dispatch() noexcept {
  hal_x64::apic::send_self(hal_x64::vector_dispatch);
}

}  // namespace mica
