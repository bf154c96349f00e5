// The signals that faults of loaded images arrive as, while there are such images.
//
// Rules
//   While a TakesFaultSignals stands, SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP of the process
//   are the library's; what is not a System's goes to who had them before. An OS thread that runs a
//   System meanwhile has an alternate signal stack of ours.
#pragma once

#include <cstddef>

namespace mica::hal_host {

// Counted: the first one takes them, with the last one they are given back.
class [[nodiscard]] TakesFaultSignals {
 public:
  TakesFaultSignals();
  ~TakesFaultSignals();
  TakesFaultSignals(TakesFaultSignals const&) = delete;
  TakesFaultSignals& operator=(TakesFaultSignals const&) = delete;
};

// For the calling OS thread: if the signals are ours, what its handler stands on, and beneath that
// what a flow stands on whose own stack is full.
class [[nodiscard]] SignalStack {
 public:
  SignalStack() noexcept;
  ~SignalStack();
  SignalStack(SignalStack const&) = delete;
  SignalStack& operator=(SignalStack const&) = delete;

  // The top of the latter; null: the calling OS thread has none.
  [[nodiscard]] static std::byte* spare_top() noexcept;

 private:
  std::byte* memory_ = nullptr;
  std::byte* outer_spare_ = nullptr;
  void* before_ = nullptr;  // the alternate stack that there was: address...
  std::size_t before_bytes_ = 0;
  int before_flags_ = 0;
};

}  // namespace mica::hal_host
