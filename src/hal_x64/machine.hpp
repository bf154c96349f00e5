// The x64 machine: a PC. See hal/machine_concept.hpp for the contract.
//   IRQL is CR8, interrupts are the local APIC's, a processor's block is at GS. What is hot is an
//   instruction or two; everything else is NTAPI and stands in the file its comment names.
#pragma once

#include "hal/machine_concept.hpp"
#include "hal_x64/layout.hpp"

namespace mica {

struct Machine {
  struct Processor {
    KPCR pcr;
    // When Handlers::clock is due; 0: not armed. Written with interrupts disabled.
    std::uint64_t armed_100ns;
    std::uint32_t apic_id;
  };

  // Everything else is on its stack (context.S).
  struct Context {
    void* stack;
  };

  static constexpr std::size_t stack_size = 0x6000;  // NT's
  static constexpr std::size_t stack_guard = page_size;

  // ---- Processor (processors.cpp)
  static Processor& current() noexcept {
    Processor* block;
    asm volatile("mov %%gs:0x18, %0" : "=r"(block));
    return *block;
  }
  static PKTHREAD current_thread() noexcept {
    PKTHREAD thread;
    asm volatile("mov %%gs:0x188, %0" : "=r"(thread));
    return thread;
  }
  static ULONG processor_number() noexcept {
    ULONG number;
    asm volatile("movzbl %%gs:0x184, %0" : "=r"(number));
    return number;
  }
  static ULONG NTAPI processor_count() noexcept;
  static bool NTAPI start_processor(Processor& processor, hal::Stack stack) noexcept;
  static void NTAPI send_ipi(unsigned number) noexcept;
  static constexpr std::uint8_t first_device_vector = hal_x64::vector_first_device;
  static constexpr std::uint8_t last_device_vector = hal_x64::vector_last_device;
  static void NTAPI request_interrupt(unsigned number, std::uint8_t vector) noexcept;
  static void NTAPI freeze_others() noexcept;
  // Interrupts are recognised only after the instruction that follows sti. [SDM 2B, "STI"]
  static void halt() noexcept { asm volatile("sti; hlt" ::: "memory"); }
  template <class Atomic, class Value>
  static void await(Atomic const&, Value) noexcept {
    asm volatile("pause");
  }

  // ---- IRQL
  static KIRQL irql() noexcept {
    std::uint64_t level;
    asm volatile("mov %%cr8, %0" : "=r"(level)::"memory");
    return static_cast<KIRQL>(level);
  }
  static KIRQL raise(KIRQL level) noexcept {
    KIRQL const old = irql();
    asm volatile("mov %0, %%cr8" ::"r"(std::uint64_t{level}) : "memory");
    return old;
  }
  // The processor takes what it withheld before the next instruction.
  static void lower(KIRQL level) noexcept {
    asm volatile("mov %0, %%cr8" ::"r"(std::uint64_t{level}) : "memory");
  }
  static void NTAPI request_apc() noexcept;
  static void NTAPI request_dispatch() noexcept;
  static bool disable_interrupts() noexcept {
    std::uint64_t flags;
    asm volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
    return (flags & interrupt_flag) != 0;
  }
  static void restore_interrupts(bool enabled) noexcept {
    if (enabled) asm volatile("sti" ::: "memory");
  }

  // ---- Context (context.cpp)
  static void NTAPI make_context(Context& context, hal::Stack stack, void(NTAPI* entry)(void*),
                                 void* argument) noexcept;
  static void switch_context(Context& from, Context& to) noexcept {
    save_and_continue(&from.stack, &to.stack);
  }
  static void release_context(Context&) noexcept {}
  static void NTAPI call_on_stack(hal::Stack stack, void(NTAPI* function)(void*),
                                  void* argument) noexcept;
  static std::uint64_t NTAPI extended_features() noexcept;
  static std::size_t NTAPI extended_area_bytes() noexcept;
  static void NTAPI save_extended(void* area, std::uint64_t features) noexcept;
  static void NTAPI restore_extended(void const* area, std::uint64_t features) noexcept;

  // ---- Time (clock.cpp)
  static InterruptTime NTAPI interrupt_time() noexcept;
  static std::uint64_t NTAPI performance_counter() noexcept;
  static std::uint64_t NTAPI performance_frequency() noexcept;
  static std::uint64_t NTAPI boot_system_time_100ns() noexcept;
  static void NTAPI arm_clock(InterruptTime due) noexcept;
  static void NTAPI stall(unsigned microseconds) noexcept;
  static KUSER_SHARED_DATA* shared_user_data() noexcept {
    return reinterpret_cast<KUSER_SHARED_DATA*>(shared_data);
  }

  // ---- Memory (paging.cpp, flush.cpp)
  static std::span<hal::PageRange const> NTAPI physical_memory() noexcept;
  static hal::VirtualRange NTAPI system_space() noexcept;
  static std::byte* direct(PhysicalAddress address) noexcept {
    return reinterpret_cast<std::byte*>(direct_map + address.value);
  }
  static bool NTAPI map(void* address, PageNumber page, hal::Protection protection) noexcept;
  static void NTAPI unmap(void* address) noexcept;
  static void NTAPI protect(void* address, hal::Protection protection) noexcept;
  static void NTAPI flush(void* address, std::size_t pages) noexcept;
  static constexpr bool memory_is_short() noexcept { return false; }
  static bool copy_guarded(void* to, void const* from, std::size_t bytes) noexcept {
    return guarded_copy(to, from, bytes);
  }
  // std::atomic's would become a library call with g++.
  static bool compare_exchange_16(std::uint64_t* target, std::uint64_t* expected,
                                  std::uint64_t const* desired) noexcept {
    bool swapped;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(swapped), "+m"(*reinterpret_cast<__int128*>(target)), "+a"(expected[0]),
                   "+d"(expected[1])
                 : "b"(desired[0]), "c"(desired[1])
                 : "memory");
    return swapped;
  }

  // ---- World (console.cpp, main.cpp)
  static void NTAPI debug_output(char const* text, std::size_t bytes) noexcept;
  static int NTAPI debug_input() noexcept;
  static char const* NTAPI command_line() noexcept;
  static std::span<std::byte const> NTAPI ram_disk() noexcept;
  [[noreturn]] static void NTAPI stop(hal::Verdict verdict) noexcept;

  // ---- Diagnosis (backtrace.cpp)
  static std::size_t NTAPI backtrace(std::uint64_t frame, std::uint64_t* addresses,
                                     std::size_t capacity) noexcept;
  static hal::SymbolName NTAPI symbol_name(std::uint64_t address) noexcept;

 private:
  static constexpr std::uint64_t interrupt_flag = 0x200;
  static constexpr std::uint64_t direct_map = hal_x64::direct_base;
  static constexpr std::uint64_t shared_data = hal_x64::shared_data_base;

  // context.S
  static void NTAPI save_and_continue(void** from, void* const* to) noexcept
      asm("mica_switch_context");
  static bool NTAPI guarded_copy(void* to, void const* from, std::size_t bytes) noexcept
      asm("mica_copy_guarded");
};

static_assert(hal::MachineLike<Machine>);
static_assert(offsetof(KPCR, Self) == 0x18 && offsetof(KPCR, Prcb) == 0x180);
static_assert(offsetof(KPCR, Prcb.Number) == 0x184 && offsetof(KPCR, Prcb.CurrentThread) == 0x188);

}  // namespace mica
