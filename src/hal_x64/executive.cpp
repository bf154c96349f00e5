// mica.elf: the executive as what boots. The one System of a booted machine lives here.
#include "hal_x64/payload.hpp"
#include "hal_x64/stacks.hpp"
#include "init/state.hpp"

namespace mica::hal_x64::payload {

namespace {

// All zero is how a State begins (init/start.hpp); nothing runs before main that could construct
// it.
alignas(init::State) constinit std::byte storage[sizeof(init::State)]{};

init::State& system_state() noexcept {
  return *reinterpret_cast<init::State*>(storage);
}

}  // namespace

hal::Handlers const& prepare(unsigned processors) noexcept {
  init::prepare(system_state(), processors, {boot_stack.bytes, sizeof boot_stack.bytes});
  return init::handlers();
}

Machine::Processor& processor_block(unsigned number) noexcept {
  return init::processor_block(system_state(), number);
}

unsigned time_rate() noexcept {
  return init::time_rate();
}

void start() noexcept {
  init::start();
}

}  // namespace mica::hal_x64::payload
