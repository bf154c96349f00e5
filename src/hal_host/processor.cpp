// The seam's processor and time groups: the parts that are not inline.
#include "hal_host/simulation.hpp"

#include <unistd.h>

#include <cstdlib>

namespace mica {

using namespace hal_host;

namespace {
Simulation& simulation() noexcept {
  return *Machine::current().core.simulation;
}
}  // namespace

void NTAPI hal_host::stop_outside() noexcept {
  static constexpr char message[] =
      "mica: an NT routine was called outside System::run: this thread runs no System\n";
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, message, sizeof message - 1);
  std::abort();
}

void NTAPI hal_host::stop_low_request() noexcept {
  simulation().violation("a request of a software interrupt below DISPATCH_LEVEL");
}

void NTAPI Machine::decide() noexcept {
  simulation().decide();
}

ULONG NTAPI Machine::processor_count() noexcept {
  return simulation().processors();
}

bool NTAPI Machine::start_processor(Processor& processor, hal::Stack stack) noexcept {
  point();
  return simulation().start(processor, stack);
}

void NTAPI Machine::send_ipi(unsigned number) noexcept {
  point();
  simulation().request(number, ipi_level);
  point();
}

void NTAPI Machine::request_interrupt(unsigned number, std::uint8_t vector) noexcept {
  point();
  simulation().request_device(number, vector);
  point();
}

void NTAPI Machine::freeze_others() noexcept {
  point();
  simulation().freeze_others();
}

void NTAPI Machine::halt() noexcept {
  simulation().halt();
}

void NTAPI Machine::await_word(Guard const& guard) noexcept {
  simulation().await(guard);
}

InterruptTime NTAPI Machine::interrupt_time() noexcept {
  point();
  return {simulation().now_100ns()};
}

std::uint64_t NTAPI Machine::performance_counter() noexcept {
  point();
  return simulation().now_100ns();
}

// 1 January 2021, for every System: a run depends on nothing but its configuration.
std::uint64_t NTAPI Machine::boot_system_time_100ns() noexcept {
  return 132'539'328'000'000'000;
}

void NTAPI Machine::arm_clock(InterruptTime due) noexcept {
  simulation().arm(due.value_100ns);
  point();
}

void NTAPI Machine::stall(unsigned microseconds) noexcept {
  simulation().spend(std::uint64_t{microseconds} * 10);
  point();
}

KUSER_SHARED_DATA* NTAPI Machine::shared_user_data() noexcept {
  return simulation().shared_data();
}

char const* NTAPI Machine::command_line() noexcept {
  return simulation().command_line();
}

std::span<std::byte const> NTAPI Machine::ram_disk() noexcept {
  return simulation().ram_disk();
}

void NTAPI Machine::debug_output(char const* text, std::size_t bytes) noexcept {
  point();
  simulation().write_log(text, bytes);
}

void NTAPI Machine::stop(hal::Verdict verdict) noexcept {
  simulation().end({End::stopped, verdict, ""});
}

}  // namespace mica
