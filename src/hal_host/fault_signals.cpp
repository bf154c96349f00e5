#include "hal_host/fault_signals.hpp"

#include <mica/fault.hpp>

#include <sys/mman.h>

#include <atomic>
#include <iterator>
#include <mutex>

#include "hal_host/sanitizers.hpp"

namespace mica::hal_host {
namespace {

constexpr int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

constexpr std::size_t signal_bytes = 64 * 1024;  // a signal's frame holds every register there is
constexpr std::size_t spare_bytes = 256 * 1024;

// What was there before; read by the handler while it is ours.
struct Before {
  std::mutex mutex;
  unsigned users;
  std::atomic<bool> taken;
  struct sigaction actions[std::size(numbers)];
};
constinit Before before{};

constinit thread_local std::byte* spare = nullptr;

[[nodiscard]] struct sigaction const& action_before(int number) noexcept {
  std::size_t index = 0;
  while (numbers[index] != number) ++index;
  return before.actions[index];
}

// Whoever had it before does with it what it would have done. Its default happens as the fault does
// again, or as the signal is sent again.
void hand_on(int number, siginfo_t* information, void* context) noexcept {
  struct sigaction const& action = action_before(number);
  if ((action.sa_flags & SA_SIGINFO) != 0) return action.sa_sigaction(number, information, context);
  if (action.sa_handler == SIG_IGN && information->si_code <= 0) return;
  if (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
    return action.sa_handler(number);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(number, &by_default, nullptr);
  if (information->si_code <= 0 || number == SIGTRAP) static_cast<void>(::raise(number));
}

void on_signal(int number, siginfo_t* information, void* context) noexcept {
  if (information->si_code > 0 && take_fault(*information, context)) return;
  hand_on(number, information, context);
}

}  // namespace

TakesFaultSignals::TakesFaultSignals() {
  std::lock_guard const guard{before.mutex};
  if (before.users++ != 0) return;
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (std::size_t i = 0; i < std::size(numbers); ++i)
    ::sigaction(numbers[i], nullptr, &before.actions[i]);
  for (int const number : numbers) ::sigaction(number, &action, nullptr);
  before.taken = true;
}

TakesFaultSignals::~TakesFaultSignals() {
  std::lock_guard const guard{before.mutex};
  if (--before.users != 0) return;
  before.taken = false;
  for (std::size_t i = 0; i < std::size(numbers); ++i)
    ::sigaction(numbers[i], &before.actions[i], nullptr);
}

SignalStack::SignalStack() noexcept {
  if (!before.taken) return;
  void* const memory = ::mmap(nullptr, signal_bytes + spare_bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  memory_ = static_cast<std::byte*>(memory);
  stack_t stack{}, outer{};
  stack.ss_sp = memory_ + spare_bytes;
  stack.ss_size = signal_bytes;
  ::sigaltstack(&stack, &outer);
  before_ = outer.ss_sp;
  before_bytes_ = outer.ss_size;
  before_flags_ = outer.ss_flags;
  outer_spare_ = spare;
  spare = memory_ + spare_bytes;
}

SignalStack::~SignalStack() {
  if (memory_ == nullptr) return;
  spare = outer_spare_;
  stack_t outer{};
  outer.ss_sp = before_;
  outer.ss_size = before_bytes_;
  outer.ss_flags = before_flags_;
  ::sigaltstack(&outer, nullptr);
  ::munmap(memory_, signal_bytes + spare_bytes);
}

std::byte* SignalStack::spare_top() noexcept {
  return spare;
}

}  // namespace mica::hal_host
