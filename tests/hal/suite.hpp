// The seam's contract as a suite that both machines pass (src/hal/machine_concept.hpp has the
// contract in words).
//
// It runs below ke, on a bare machine: its handlers, processors, pages and stacks are its own. A
// machine's runner boots it as it would boot the executive (compare src/init/start.hpp):
//   1. prepare(processors) on any thread of control: forgets the last run, fills the blocks.
//   2. The machine runs with handlers() and processor_block(n); start() is entered on processor 0's
//      boot stack at DISPATCH_LEVEL with interrupts enabled.
//   3. The suite starts the other processors, runs every case, prints a line for each to
//      Machine::debug_output and ends with Machine::stop: `passed`, or `failed` when a check did
//      not hold. A fault ends it with `bugcheck`.
// The runner varies what the suite cannot: 1 to 16 processors, seeds, policies, parallel mode. It
// needs 3 MiB of physical memory and 8 stacks more than processors. One run at a time in a process.
//
// Rules for cases: a body runs on processor 0 at PASSIVE_LEVEL with interrupts enabled and leaves
// it so; the other processors wait for jobs. A loop that waits does so through Machine::await
// (await_at_least here). No case assumes how fast time passes. Hooks run at their interrupt's level
// and are reset after each case.
#pragma once

#include <machine.hpp>

#include <span>

namespace mica::hal_suite {

// ---- For the runner
void NTAPI prepare(unsigned processors) noexcept;
[[nodiscard]] Machine::Processor& NTAPI processor_block(unsigned number) noexcept;
[[nodiscard]] hal::Handlers const& NTAPI handlers() noexcept;
[[noreturn]] void NTAPI start() noexcept;

struct Case;
// The same with cases of the runner's own after the common ones.
[[noreturn]] void start_with(std::span<Case const> more) noexcept;

// ---- For cases
struct Case {
  char const* name;
  void (*body)();
  unsigned processors = 1;  // with fewer the case is not run
};

// One list for each file of cases.
[[nodiscard]] std::span<Case const> irql_cases() noexcept;
[[nodiscard]] std::span<Case const> delivery_cases() noexcept;
[[nodiscard]] std::span<Case const> device_cases() noexcept;
[[nodiscard]] std::span<Case const> apc_cases() noexcept;
[[nodiscard]] std::span<Case const> context_cases() noexcept;
[[nodiscard]] std::span<Case const> extended_cases() noexcept;
[[nodiscard]] std::span<Case const> processor_cases() noexcept;
[[nodiscard]] std::span<Case const> clock_cases() noexcept;
[[nodiscard]] std::span<Case const> idle_cases() noexcept;
[[nodiscard]] std::span<Case const> memory_cases() noexcept;
[[nodiscard]] std::span<Case const> flush_cases() noexcept;
[[nodiscard]] std::span<Case const> diagnosis_cases() noexcept;

using Count = std::atomic<std::uint32_t>;

// Records whether a check held. Any processor, any IRQL.
void check(bool holds, char const* expression, char const* file, int line) noexcept;
void print(char const* text) noexcept;

// What the handlers call, on whichever processor; null: nothing.
struct Hooks {
  void (*apc)() = nullptr;
  void (*dispatch)() = nullptr;
  void (*ipi)() = nullptr;
  void (*clock)() = nullptr;
  void (*device)(std::uint8_t vector) = nullptr;
};
void set_hooks(Hooks const& hooks) noexcept;
// The level that the last clock interrupt found, on whichever processor.
[[nodiscard]] KIRQL last_interrupted() noexcept;
// From now on Handlers::table_page has none.
void refuse_table_pages(bool refuse) noexcept;

// Runs `job` on another processor at PASSIVE_LEVEL; begin returns at once, finish waits for its
// end.
void begin(unsigned processor, void (*job)()) noexcept;
void finish(unsigned processor) noexcept;
// Runs `job` on every processor, this one included, and waits until all ended.
void run_everywhere(void (*job)()) noexcept;

// Waits until the count has reached `value`.
void await_at_least(Count const& count, std::uint32_t value) noexcept;

// A physical page with its bytes zero. Never given back: a case asks for few.
[[nodiscard]] PageNumber new_page() noexcept;
// `pages` pages of system space that nothing is mapped at, on a boundary of `alignment` bytes.
[[nodiscard]] std::byte* new_addresses(std::size_t pages,
                                       std::size_t alignment = page_size) noexcept;
// One of four stacks that cases share.
[[nodiscard]] hal::Stack spare_stack(unsigned index) noexcept;

inline constexpr unsigned most_processors = 16;

// Raised while it lives.
class [[nodiscard]] Raised {
 public:
  explicit Raised(KIRQL level) noexcept : old_{Machine::raise(level)} {}
  ~Raised() { Machine::lower(old_); }
  Raised(Raised const&) = delete;
  Raised& operator=(Raised const&) = delete;

 private:
  KIRQL old_;
};

}  // namespace mica::hal_suite

#define HAL_CHECK(...) \
  ::mica::hal_suite::check(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
