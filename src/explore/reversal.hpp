// Which pairs of steps of an execution race, and who must go first for the other order.
//   Happens-before of an execution: the steps of one process in their order, and any two that
//   conflict. A process is a processor, or time. Two steps race when one happens before the other
//   and nothing stands between. [Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order
//   reduction", POPL 2014: source sets]
#pragma once

#include <array>
#include <unordered_map>

#include "explore/dependence.hpp"
#include "hal_host/simulation.hpp"

namespace mica::explore {

// Time is a process of its own.
inline constexpr unsigned time_process = hal_host::max_processors;
inline constexpr unsigned most_processes = time_process + 1;

struct Transition {
  unsigned process;
  Footprint footprint;  // settled
};

// A process that could not go on after the first `after` steps, or did not, for what the guard
// holds.
struct Stuck {
  unsigned process;
  std::size_t after;
  Footprint guard;
};

// Instead of the step at `at` one of these processes must go first: a process that is among them
// and was asked for already will do, else any that can; best the one that raced.
struct Reversal {
  std::size_t at;
  std::uint32_t initials;  // mask
  unsigned raced;
};

class Order {
 public:
  // `blind`: a read and a write after it do not race (dpor.hpp).
  explicit Order(bool blind) noexcept : blind_{blind} {}

  [[nodiscard]] std::vector<Reversal> reversals(std::vector<Transition> const& steps,
                                                std::vector<Stuck> const& stuck);

 private:
  // How many steps of the execution had been made when a process did the last one that is known.
  using Knowledge = std::array<std::uint32_t, most_processes>;
  struct Record {
    std::uint32_t step;
    std::uint8_t bytes;
    bool writes;
  };

  [[nodiscard]] std::vector<std::uint32_t> partners(unsigned process,
                                                    Footprint const& footprint) const;
  [[nodiscard]] Knowledge join(Knowledge known, std::vector<std::uint32_t> const& partners) const;
  [[nodiscard]] bool knows(Knowledge const& known, std::uint32_t step) const noexcept {
    return known[(*steps_)[step].process] > step;
  }
  void reverse(std::uint32_t at, std::uint32_t end, unsigned process, Knowledge const& known);
  void consider(std::uint32_t end, unsigned process, Knowledge const& known,
                std::vector<std::uint32_t> const& partners);
  void remember(std::uint32_t step);

  bool blind_;
  std::vector<Transition> const* steps_ = nullptr;
  std::vector<Knowledge> known_;  // by each step, itself included
  Knowledge latest_[most_processes];
  std::unordered_map<std::uintptr_t, std::vector<Record>> cells_;
  std::vector<Reversal> reversals_;
};

}  // namespace mica::explore
