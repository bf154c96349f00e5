// The suite's side of the upward way, and its tiny processors.
#include "state.hpp"

namespace mica::hal_suite {

namespace {

void call(std::atomic<void (*)()> const& hook) noexcept {
  if (auto const function = hook.load(std::memory_order_acquire)) function();
}

void NTAPI on_apc() {
  HAL_CHECK(Machine::irql() == APC_LEVEL);
  call(state.apc);
  HAL_CHECK(Machine::irql() == APC_LEVEL);
}

void NTAPI on_dispatch() {
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  call(state.dispatch);
}

void NTAPI on_ipi() {
  HAL_CHECK(Machine::irql() == IPI_LEVEL);
  call(state.ipi);
  HAL_CHECK(Machine::irql() == IPI_LEVEL);
}

void NTAPI on_clock(KIRQL interrupted) {
  HAL_CHECK(Machine::irql() == CLOCK_LEVEL);
  HAL_CHECK(interrupted < CLOCK_LEVEL);
  state.clock_interrupted.store(interrupted, std::memory_order_release);
  call(state.clock);
  HAL_CHECK(Machine::irql() == CLOCK_LEVEL);
}

void NTAPI on_device(std::uint8_t vector) {
  HAL_CHECK(Machine::irql() == vector >> 4);
  if (auto const function = state.device.load(std::memory_order_acquire)) function(vector);
  HAL_CHECK(Machine::irql() == vector >> 4);
}

void NTAPI on_idle() {
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  ULONG const number = Machine::processor_number();
  HAL_CHECK(&Machine::current() == &state.blocks[number]);
  Machine::lower(PASSIVE_LEVEL);
  state.idle_entered.fetch_add(1, std::memory_order_release);
  Mailbox& mailbox = state.mailboxes[number];
  for (std::uint32_t next = 1;; ++next) {
    await_at_least(mailbox.wanted, next);
    mailbox.job.load(std::memory_order_acquire)();
    HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
    HAL_CHECK(Machine::processor_number() == number);
    mailbox.ended.store(next, std::memory_order_release);
  }
}

void NTAPI on_fault(hal::Fault const& fault) {
  Machine::freeze_others();
  hal::SymbolName const where = Machine::symbol_name(fault.instruction);
  print("fault in ");
  print(where.name ? where.name : "unknown code");
  print("\n");
  Machine::stop(hal::Verdict::bugcheck);
}

PageNumber NTAPI table_page() {
  return state.refuse_tables.load() ? no_page : new_page();
}

constexpr hal::Handlers all{on_apc,    on_dispatch, on_ipi,   on_clock,
                            on_device, on_idle,     on_fault, table_page};

}  // namespace

hal::Handlers const& NTAPI handlers() noexcept {
  return all;
}

void set_hooks(Hooks const& hooks) noexcept {
  state.apc.store(hooks.apc, std::memory_order_release);
  state.dispatch.store(hooks.dispatch, std::memory_order_release);
  state.ipi.store(hooks.ipi, std::memory_order_release);
  state.clock.store(hooks.clock, std::memory_order_release);
  state.device.store(hooks.device, std::memory_order_release);
}

KIRQL last_interrupted() noexcept {
  return state.clock_interrupted.load(std::memory_order_acquire);
}

void refuse_table_pages(bool refuse) noexcept {
  state.refuse_tables.store(refuse);
}

void await_at_least(Count const& count, std::uint32_t value) noexcept {
  for (;;) {
    std::uint32_t const seen = count.load(std::memory_order_acquire);
    if (static_cast<std::int32_t>(seen - value) >= 0) return;
    Machine::await(count, seen);
  }
}

void begin(unsigned processor, void (*job)()) noexcept {
  Mailbox& mailbox = state.mailboxes[processor];
  mailbox.job.store(job, std::memory_order_relaxed);
  mailbox.wanted.fetch_add(1, std::memory_order_release);
}

void finish(unsigned processor) noexcept {
  Mailbox const& mailbox = state.mailboxes[processor];
  await_at_least(mailbox.ended, mailbox.wanted.load(std::memory_order_relaxed));
}

void run_everywhere(void (*job)()) noexcept {
  for (unsigned number = 1; number < state.processors; ++number) begin(number, job);
  job();
  for (unsigned number = 1; number < state.processors; ++number) finish(number);
}

}  // namespace mica::hal_suite
