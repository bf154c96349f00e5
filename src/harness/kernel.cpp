#include "harness/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/recorder.hpp"
#include "harness/recording_watch.hpp"
#include "init/start.hpp"

namespace mica {
namespace {

std::unique_ptr<Policy> make_policy(Config const& config) {
  if (config.schedule == Schedule::pct)
    return std::make_unique<hal_host::PctPolicy>(config.seed, config.pct_depth, config.pct_length);
  return std::make_unique<hal_host::RandomPolicy>(config.seed, config.time_jumps);
}

void NTAPI enter_executive(void*) {
  init::start();
}

// What the executive calls for a check that failed.
void take_failure(char const* expression, char const* file, int line) {
  static_cast<System::Kernel*>(Machine::current().core.simulation->owner())
      ->record_failure(expression, file, line);
}

void NTAPI tell_connected(std::uint8_t vector, bool connected) {
  static_cast<System::Kernel*>(Machine::current().core.simulation->owner())
      ->bus.connected(vector, connected);
}

}  // namespace

System::Kernel::Kernel(Config given)
    : config{std::move(given)},
      command_line{config.verifier == Verifier::off ? config.options
                                                    : config.options + " verifier"},
      bus{config.trace} {}

System::Kernel::~Kernel() {
  shut_down();
  if (region) hal_host::Region::release(region);
}

bool System::Kernel::boot() {
  if (!region) region = hal_host::Region::acquire(config.memory_bytes);
  if (!region) return false;
  unsigned const processors = std::clamp(config.processors, 1u, hal_host::max_processors);
  state = static_cast<init::State*>(region->take_storage(sizeof(init::State)));
  session = static_cast<harness::Session*>(region->take_storage(sizeof(harness::Session)));
  void* const shared_data = region->take_storage(sizeof(KUSER_SHARED_DATA));
  if (!state || !session || !shared_data) return false;
  if (!config.policy) own_policy = make_policy(config);
  hal_host::Setup setup;
  setup.handlers = &init::handlers();
  setup.processors = processors;
  setup.parallel = config.mode == Mode::parallel;
  setup.policy = config.policy ? config.policy : own_policy.get();
  setup.step_limit = config.step_limit;
  setup.log_limit_bytes = config.log_limit_bytes;
  setup.patches = config.privileged == Privileged::patched;
  setup.region = region;
  setup.shared_data = static_cast<KUSER_SHARED_DATA*>(shared_data);
  setup.command_line = command_line.c_str();
  setup.ram_disk = config.ram_disk;
  setup.bus = &bus;
  setup.owner = this;
  simulation.emplace(setup);
  bus.serve(&*simulation);
  session->simulation = &*simulation;
  state->main = harness::session_main;
  state->argument = session;
  state->tests.failed = take_failure;
  if (!config.ram_disk.empty()) fault_signals.emplace();  // drivers may be loaded from there
  init::prepare(*state, processors, region->boot_stack());
  state->ke.vector_connected = tell_connected;
  if (config.trace) {
    for (ke::Processor& each : state->ke.processors) each.listener = &config.trace->recorder();
    state->ldr.watch = &harness::recording_watch;
  }
  simulation->boot(init::processor_block(*state, 0), region->boot_stack(), enter_executive,
                   nullptr);
  return true;
}

// Flows of control that still stand are abandoned: nothing unwinds them.
void System::Kernel::shut_down() noexcept {
  bus.serve(nullptr);
  bus.clear();
  simulation.reset();
  fault_signals.reset();
  own_policy.reset();
  session = nullptr;
  state = nullptr;
}

void System::Kernel::record_failure(char const* expression, char const* file, int line) {
  std::lock_guard const guard{failures_mutex};
  failures.push_back(fmt::format("{}:{}: {}", file, line, expression));
}

}  // namespace mica
