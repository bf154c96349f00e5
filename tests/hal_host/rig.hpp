// A bare simulation with no executive above it: each processor runs the body a test gave it, then
// idles.
//   Bodies are entered at DISPATCH_LEVEL on the processor's own stack. Inside them HOLDS(...)
//   checks: Catch2's own state belongs to the thread that runs the test.
#pragma once

#include <functional>
#include <memory>

#include "catch.hpp"
#include "hal_host/simulation.hpp"

namespace mica::hal_host_test {

using namespace mica::hal_host;

inline std::atomic<int> first_failed_line{0};

inline void note_check(bool holds, int line) noexcept {
  int none = 0;
  if (!holds) first_failed_line.compare_exchange_strong(none, line);
}

struct Options {
  unsigned processors = 1;
  std::uint64_t seed = 1;
  bool parallel = false;
  Policy* policy = nullptr;
  std::uint64_t step_limit = 1'000'000;
};

class Rig {
 public:
  explicit Rig(Options options)
      : options_{options}, random_{options.seed}, region_{Region::acquire(8 << 20)} {
    Setup setup;
    setup.handlers = &handlers;
    setup.processors = options.processors;
    setup.parallel = options.parallel;
    setup.policy = options.policy ? options.policy : &random_;
    setup.step_limit = options.step_limit;
    setup.region = region_;
    setup.shared_data = static_cast<KUSER_SHARED_DATA*>(region_->take_storage(page_size));
    setup.owner = this;
    blocks_ = static_cast<Machine::Processor*>(
        region_->take_storage(sizeof(Machine::Processor) * max_processors));
    for (unsigned i = 0; i < max_processors; ++i) {
      blocks_[i].pcr.Prcb.Number = static_cast<UCHAR>(i);
      stacks_[i] = region_->take_storage(Machine::stack_size);
    }
    simulation_ = std::make_unique<Simulation>(setup);
  }
  ~Rig() {
    simulation_.reset();
    Region::release(region_);
  }

  Ending run() {
    if (!booted_) simulation_->boot(blocks_[0], stack(0), first_code, nullptr);
    booted_ = true;
    Ending const ending = simulation_->run();
    if (int const line = first_failed_line.exchange(0)) FAIL_CHECK("HOLDS failed in line " << line);
    return ending;
  }
  [[nodiscard]] hal::Stack stack(unsigned number) const {
    return {stacks_[number], Machine::stack_size};
  }
  // A stack for a context of the test's own.
  [[nodiscard]] hal::Stack new_stack() {
    return {region_->take_storage(Machine::stack_size), Machine::stack_size};
  }
  [[nodiscard]] bool start(unsigned number) {
    return Machine::start_processor(blocks_[number], stack(number));
  }
  [[nodiscard]] Simulation& simulation() { return *simulation_; }
  [[nodiscard]] Region& region() { return *region_; }

  std::function<void()> body[max_processors];
  std::function<void()> on_dispatch, on_ipi, on_clock;

 private:
  static Rig& here() noexcept {
    return *static_cast<Rig*>(Machine::current().core.simulation->owner());
  }
  static void call(std::function<void()> const& function) {
    if (function) function();
  }
  static void NTAPI first_code(void*) { idle(); }
  static void NTAPI idle() {
    call(here().body[Machine::processor_number()]);
    Machine::lower(PASSIVE_LEVEL);
    for (;;) {
      Machine::disable_interrupts();
      Machine::halt();
    }
  }
  static void NTAPI apc() {}
  static void NTAPI dispatch() { call(here().on_dispatch); }
  static void NTAPI ipi() { call(here().on_ipi); }
  static void NTAPI clock(KIRQL) { call(here().on_clock); }
  static void NTAPI device(std::uint8_t) {}
  static void NTAPI fault(hal::Fault const&) { __builtin_trap(); }
  static PageNumber NTAPI table_page() { return no_page; }
  static constexpr hal::Handlers handlers{apc,    dispatch, ipi,   clock,
                                          device, idle,     fault, table_page};

  Options options_;
  RandomPolicy random_;
  Region* region_;
  Machine::Processor* blocks_ = nullptr;
  void* stacks_[max_processors]{};
  std::unique_ptr<Simulation> simulation_;
  bool booted_ = false;
};

}  // namespace mica::hal_host_test

#define HOLDS(...) ::mica::hal_host_test::note_check(static_cast<bool>(__VA_ARGS__), __LINE__)
