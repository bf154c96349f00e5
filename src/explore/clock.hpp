// Vector clocks with two components for each agent.
//   An agent is a kernel thread, or an interrupt; never a processor. What it does below
//   DISPATCH_LEVEL counts in its PASSIVE component, what it does from there on in its DISPATCH one.
//   So IRQL can order what is done at DISPATCH_LEVEL on one processor without hiding races below.
#pragma once

#include <cstdint>
#include <cstring>

namespace mica::explore {

using Epoch = std::int32_t;

inline constexpr unsigned max_agents = 64;
inline constexpr unsigned max_components = 2 * max_agents;

// Component 2n is agent n's PASSIVE one, 2n + 1 its DISPATCH one.
[[nodiscard]] constexpr unsigned component_of(unsigned agent, bool at_dispatch) noexcept {
  return 2 * agent + (at_dispatch ? 1 : 0);
}

class Clock {
 public:
  [[nodiscard]] Epoch at(unsigned component) const noexcept { return epochs_[component]; }
  void set(unsigned component, Epoch epoch) noexcept { epochs_[component] = epoch; }
  void advance(unsigned component) noexcept { ++epochs_[component]; }
  void clear() noexcept { std::memset(epochs_, 0, sizeof epochs_); }
  void copy(Clock const& other, unsigned components) noexcept {
    std::memcpy(epochs_, other.epochs_, components * sizeof(Epoch));
  }

  // `components`: how many are in use, in either clock.
  void join(Clock const& other, unsigned components) noexcept {
    for (unsigned i = 0; i < components; i += lanes) store(i, larger(load(i), other.load(i)));
  }
  void join_dispatch(Clock const& other, unsigned components) noexcept {
    constexpr Lane dispatch{0, -1, 0, -1};
    for (unsigned i = 0; i < components; i += lanes)
      store(i, larger(load(i), other.load(i) & dispatch));
  }

 private:
  static constexpr unsigned lanes = 4;
  using Lane [[gnu::vector_size(lanes * sizeof(Epoch))]] = Epoch;

  [[nodiscard]] static Lane larger(Lane a, Lane b) noexcept { return a > b ? a : b; }
  [[nodiscard]] Lane load(unsigned i) const noexcept {
    Lane lane;
    std::memcpy(&lane, epochs_ + i, sizeof lane);
    return lane;
  }
  void store(unsigned i, Lane lane) noexcept { std::memcpy(epochs_ + i, &lane, sizeof lane); }

  Epoch epochs_[max_components] = {};
};

}  // namespace mica::explore
