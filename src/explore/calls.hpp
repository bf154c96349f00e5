// A driver's image under exploration: it is not instrumented, so what is explored of it is where it
// calls what it imports, where such a call returns, and where the kernel calls it and comes back.
//
// Rules
//   One lives as long as its System; images that were loaded before it are not heard.
#pragma once

#include "explore/window.hpp"
#include "ldr/import_stub.hpp"
#include "trace/callback.hpp"

namespace mica::explore {

class Calls : private trace::Listener {
 public:
  explicit Calls(Window& window) noexcept;
  Calls(Calls const&) = delete;
  Calls& operator=(Calls const&) = delete;

  // Inside the System, IRQL PASSIVE_LEVEL: from now on each of these is a scheduling point.
  void hear() noexcept;

 private:
  static ldr::ImportWatch const watch_;

  [[nodiscard]] static Calls& here() noexcept;
  static void NTAPI called(ldr::ImportCall& call) noexcept;
  static void NTAPI returned(ldr::ImportCall& call) noexcept;
  static void const* NTAPI every(std::string_view name) noexcept;
  static std::uint64_t NTAPI entered(trace::Listener& listener, trace::Callback callback,
                                     void const* routine, std::uint64_t const* arguments,
                                     unsigned count) noexcept;
  static void NTAPI left(trace::Listener& listener, trace::Callback callback, std::uint64_t number,
                         std::uint64_t result) noexcept;

  Window& window_;
};

}  // namespace mica::explore
