// The host machine: a library inside a Linux process. See hal/machine_concept.hpp for the contract.
//   A kernel thread is a fiber, a processor a seat in a Simulation, IRQL a field of the processor's
//   block. Every seam call is a scheduling point: other processors may step there, and interrupts
//   may land. Code must read current() afresh after one: below DISPATCH_LEVEL the thread may be on
//   another processor by then. Blocks are touched only by the OS thread that steps their processor,
//   so nothing here is atomic.
#pragma once

#include <atomic>
#include <bit>
#include <type_traits>

#include "hal/machine_concept.hpp"
#include "hal_host/order.hpp"
#include "hal_host/sanitizers.hpp"
#include "hal_host/strand.hpp"

namespace mica {

namespace hal_host {

class Simulation;
struct Seat;

// What the machine keeps in each processor's block. Interrupt sets are bit masks by IRQL.
struct Core {
  std::int32_t countdown;    // scheduling points until the simulation decides again
  std::uint32_t pending;     // arrived, not yet delivered
  std::uint32_t in_service;  // delivered, and their end not yet signalled
  KIRQL level;
  bool masked;          // disable_interrupts
  std::uint64_t trace;  // running hash of what this processor did since the last decision
  std::byte* direct;    // where physical address 0 would be mapped
  Seat* seat;
  Simulation* simulation;
};

// A word in memory and the value it must leave: what a processor that spins waits for.
struct Guard {
  void const* word;
  std::uint64_t seen;
  unsigned bytes;  // 1, 4 or 8

  template <class Place, class Word>
  [[nodiscard]] static Guard of(Place const* place, Word seen) noexcept {
    static_assert(sizeof(Place) == sizeof(Word) &&
                  (sizeof(Word) == 1 || sizeof(Word) == 4 || sizeof(Word) == 8));
    Guard guard{place, 0, sizeof(Word)};
    __builtin_memcpy(&guard.seen, &seen, sizeof seen);
    return guard;
  }
  [[nodiscard]] MICA_RAW bool open() const noexcept {
    switch (bytes) {
      case 1:
        return __atomic_load_n(static_cast<std::uint8_t const*>(word), __ATOMIC_RELAXED) != seen;
      case 4:
        return __atomic_load_n(static_cast<std::uint32_t const*>(word), __ATOMIC_RELAXED) != seen;
      default:
        return __atomic_load_n(static_cast<std::uint64_t const*>(word), __ATOMIC_RELAXED) != seen;
    }
  }
};

// A flow of control that may be switched from and to.
struct Context {
  std::atomic<void*> saved;  // null: saved nowhere
  void(NTAPI* entry)(void*);
  void* argument;
  std::uint64_t id;  // counted per System: what a trace calls it
  hal_host::Strand strand;
};

inline constexpr KIRQL apc_level = 1;
inline constexpr KIRQL dispatch_level = 2;
inline constexpr KIRQL first_device_level = 3;
inline constexpr KIRQL last_device_level = 12;
inline constexpr KIRQL entry_level = 12;  // where a run enters the kernel from outside
inline constexpr KIRQL clock_level = 13;
inline constexpr KIRQL ipi_level = 14;

[[nodiscard]] constexpr std::uint32_t level_bit(KIRQL level) noexcept {
  return 1u << level;
}

// Somebody called into the kernel on a thread that runs no System: says so and aborts.
[[noreturn]] void NTAPI stop_outside() noexcept;
// The executive asked for a software interrupt below DISPATCH_LEVEL: its run ends with that.
[[noreturn]] void NTAPI stop_low_request() noexcept;

#if defined(MICA_ASAN) || defined(MICA_TSAN)
inline constexpr std::size_t kernel_stack_bytes = 256 * 1024;
#else
inline constexpr std::size_t kernel_stack_bytes = 64 * 1024;
#endif

}  // namespace hal_host

struct Machine {
  struct Processor {
    KPCR pcr;
    hal_host::Core core;
  };

  using Context = hal_host::Context;

  static constexpr std::size_t stack_size = hal_host::kernel_stack_bytes;
  static constexpr std::size_t stack_guard = 64 * 1024;

  // ---- Processor
  MICA_RAW static Processor& current() noexcept {
    Processor* const processor = current_processor;
    if (!processor) [[unlikely]]
      hal_host::stop_outside();
    return *processor;
  }
  MICA_RAW static PKTHREAD current_thread() noexcept { return current().pcr.Prcb.CurrentThread; }
  MICA_RAW static ULONG processor_number() noexcept { return current().pcr.Prcb.Number; }
  static ULONG NTAPI processor_count() noexcept;
  static bool NTAPI start_processor(Processor& processor, hal::Stack stack) noexcept;
  static void NTAPI send_ipi(unsigned number) noexcept;
  static constexpr std::uint8_t first_device_vector = hal_host::first_device_level << 4;
  static constexpr std::uint8_t last_device_vector = hal_host::last_device_level << 4 | 0xf;
  static void NTAPI request_interrupt(unsigned number, std::uint8_t vector) noexcept;
  static void NTAPI freeze_others() noexcept;
  static void NTAPI halt() noexcept;
  template <class Word>
  static void await(std::atomic<Word> const& word, std::type_identity_t<Word> seen) noexcept {
    await(hal_host::Guard::of(&word, seen));
  }
  template <class Word>
  static void await(std::atomic_ref<Word> const& word, std::type_identity_t<Word> seen) noexcept {
    await(hal_host::Guard::of(std::bit_cast<Word const*>(word), seen));
  }

  // ---- IRQL
  MICA_RAW static KIRQL irql() noexcept { return current().core.level; }

  MICA_RAW static KIRQL raise(KIRQL level) noexcept {
    point();
    hal_host::Core& core = current().core;
    KIRQL const old = core.level;
    core.level = level;
#if defined(MICA_TSAN)
    if (old < hal_host::dispatch_level && level >= hal_host::dispatch_level)
      hal_host::token_acquire(&core);
#endif
    hal_host::order_raised();
    return old;
  }

  MICA_RAW static void lower(KIRQL level) noexcept {
    hal_host::Core& core = current().core;
#if defined(MICA_TSAN)
    if (level < hal_host::dispatch_level && core.level >= hal_host::dispatch_level)
      hal_host::token_release(&core);
#endif
    hal_host::order_lowered();
    core.level = level;
    if (core.pending >> level > 1) [[unlikely]]
      deliver();
    point();
  }

  MICA_RAW static void request_apc() noexcept {
    request_software(hal_host::apc_level);
  }
  MICA_RAW static void request_dispatch() noexcept {
    request_software(hal_host::dispatch_level);
  }

  MICA_RAW static bool disable_interrupts() noexcept {
    point();
    hal_host::Core& core = current().core;
    bool const enabled = !core.masked;
    core.masked = true;
    hal_host::token_acquire(&core);
    hal_host::order_raised();
    return enabled;
  }

  MICA_RAW static void restore_interrupts(bool enabled) noexcept {
    hal_host::Core& core = current().core;
    hal_host::token_release(&core);
    hal_host::order_lowered();
    core.masked = !enabled;
    if (core.pending >> core.level > 1) [[unlikely]]
      deliver();
    point();
  }

  // ---- Context
  static void NTAPI make_context(Context& context, hal::Stack stack, void(NTAPI* entry)(void*),
                                 void* argument) noexcept;
  static void NTAPI switch_context(Context& from, Context& to) noexcept;
  static void NTAPI release_context(Context& context) noexcept;
  static void NTAPI call_on_stack(hal::Stack stack, void(NTAPI* function)(void*),
                                  void* argument) noexcept;
  static std::uint64_t NTAPI extended_features() noexcept;
  static std::size_t NTAPI extended_area_bytes() noexcept;
  static void NTAPI save_extended(void* area, std::uint64_t features) noexcept;
  static void NTAPI restore_extended(void const* area, std::uint64_t features) noexcept;

  // ---- Time
  static InterruptTime NTAPI interrupt_time() noexcept;
  static std::uint64_t NTAPI performance_counter() noexcept;
  static std::uint64_t performance_frequency() noexcept {
    return 10'000'000;
  }
  static std::uint64_t NTAPI boot_system_time_100ns() noexcept;
  static void NTAPI arm_clock(InterruptTime due) noexcept;
  static void NTAPI stall(unsigned microseconds) noexcept;
  static KUSER_SHARED_DATA* NTAPI shared_user_data() noexcept;

  // ---- Memory
  static std::span<hal::PageRange const> NTAPI physical_memory() noexcept;
  static hal::VirtualRange NTAPI system_space() noexcept;
  MICA_RAW static std::byte* direct(PhysicalAddress address) noexcept {
    return current().core.direct + address.value;
  }
  static bool NTAPI map(void* address, PageNumber page, hal::Protection protection) noexcept;
  static void NTAPI unmap(void* address) noexcept;
  static void NTAPI protect(void* address, hal::Protection protection) noexcept;
  static void NTAPI flush(void* address, std::size_t pages) noexcept;
  static bool memory_is_short() noexcept {
    return hal_host::memory_is_short();
  }
  static bool NTAPI copy_guarded(void* to, void const* from, std::size_t bytes) noexcept;
  static bool compare_exchange_16(std::uint64_t* target, std::uint64_t* expected,
                                  std::uint64_t const* desired) noexcept;

  // ---- World
  static void NTAPI debug_output(char const* text, std::size_t bytes) noexcept;
  static int debug_input() noexcept {
    return -1;
  }
  static char const* NTAPI command_line() noexcept;
  static std::span<std::byte const> NTAPI ram_disk() noexcept;
  [[noreturn]] static void NTAPI stop(hal::Verdict verdict) noexcept;

  // ---- Diagnosis
  static std::size_t NTAPI backtrace(std::uint64_t frame, std::uint64_t* addresses,
                                     std::size_t capacity) noexcept;
  static hal::SymbolName NTAPI symbol_name(std::uint64_t address) noexcept;

  // ---- Below the seam
  MICA_RAW static void request_software(KIRQL level) noexcept {
    hal_host::Core& core = current().core;
    if (core.level < hal_host::dispatch_level) [[unlikely]]
      hal_host::stop_low_request();
    core.pending |= hal_host::level_bit(level);
    core.trace = std::rotl(core.trace, 5) + 1;
    hal_host::order_request(processor_number(), level);
    point();
  }
  // A scheduling point of the seam.
  MICA_RAW static void point() noexcept {
    if (--current().core.countdown <= 0) [[unlikely]]
      decide();
  }
  static void NTAPI decide() noexcept;
  MICA_RAW static void await(hal_host::Guard const& guard) noexcept {
    hal_host::order_await(guard);
    point();
    if (!guard.open()) [[unlikely]]
      await_word(guard);
    hal_host::order_awaited();
  }
  static void NTAPI await_word(hal_host::Guard const& guard) noexcept;
  static void NTAPI deliver() noexcept;

  // Its value is read afresh after every switch and its address never taken: fibers move between OS
  // threads, and compilers keep addresses of thread-local variables in registers.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local Processor* current_processor;
};

#if defined(__x86_64__)
MICA_RAW inline bool Machine::compare_exchange_16(std::uint64_t* target, std::uint64_t* expected,
                                                  std::uint64_t const* desired) noexcept {
  point();
  hal_host::order_write(target, 16);
  hal_host::token_release(target);
  bool swapped;
  asm volatile("lock cmpxchg16b %1"
               : "=@ccz"(swapped), "+m"(*reinterpret_cast<__int128*>(target)), "+a"(expected[0]),
                 "+d"(expected[1])
               : "b"(desired[0]), "c"(desired[1])
               : "memory");
  hal_host::token_acquire(target);
  hal_host::order_exchange_16(target);
  return swapped;
}
#else
inline bool Machine::compare_exchange_16(std::uint64_t* target, std::uint64_t* expected,
                                         std::uint64_t const* desired) noexcept {
  point();
  hal_host::order_write(target, 16);
  hal_host::token_release(target);
  __int128 wanted, old;
  __builtin_memcpy(&old, expected, 16);
  __builtin_memcpy(&wanted, desired, 16);
  bool const swapped = __atomic_compare_exchange(reinterpret_cast<__int128*>(target), &old, &wanted,
                                                 false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  __builtin_memcpy(expected, &old, 16);
  hal_host::token_acquire(target);
  hal_host::order_exchange_16(target);
  return swapped;
}
#endif

static_assert(hal::MachineLike<Machine>);

}  // namespace mica
