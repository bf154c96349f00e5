// Which agent runs on each processor.
//   The machine tells of switches and of interrupts (hal_host/order.hpp); a window that is closed
//   hears of them too, so that an open one begins with what is so.
//   An interrupt at DISPATCH_LEVEL may switch contexts in its midst, so it belongs to the thread on
//   whose stack it runs: each thread has one such agent besides itself. Interrupts above never
//   switch: they belong to their processor and level.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hal_host/simulation.hpp"

namespace mica::explore {

// The name of an agent, the same in every execution of a schedule.
struct Agent {
  std::uint32_t key = 0;

  [[nodiscard]] static Agent thread(std::uint64_t context_id) noexcept {
    return {first_thread + 2 * static_cast<std::uint32_t>(context_id)};
  }
  [[nodiscard]] static Agent idle(unsigned processor) noexcept { return {2 * processor}; }
  [[nodiscard]] static Agent interrupt(unsigned processor, KIRQL level) noexcept {
    return {first_interrupt + processor * levels + level};
  }
  // The dispatch interrupt on the stack of this thread.
  [[nodiscard]] Agent dispatch() const noexcept { return {key | 1}; }
  [[nodiscard]] std::string name() const;
  friend bool operator==(Agent, Agent) = default;

 private:
  static constexpr std::uint32_t levels = 16;
  static constexpr std::uint32_t first_interrupt = 2 * hal_host::max_processors;
  static constexpr std::uint32_t first_thread = first_interrupt + hal_host::max_processors * levels;
};

class Flows {
 public:
  // Before a System starts: every processor enters on its idle thread.
  void reset() noexcept {
    for (unsigned i = 0; i < hal_host::max_processors; ++i) running_[i] = Agent::idle(i);
    left_.clear();
  }
  [[nodiscard]] Agent on(unsigned processor) const noexcept { return running_[processor]; }
  void run(unsigned processor, Agent agent) noexcept { running_[processor] = agent; }

  // The processor goes from one context to another; what it left goes on as what it was.
  void change(unsigned processor, std::uint64_t from_id, std::uint64_t to_id);

 private:
  [[nodiscard]] Agent& left_by(unsigned processor, std::uint64_t context_id);

  Agent running_[hal_host::max_processors];
  std::vector<Agent> left_;  // by key / 2: what a suspended context was doing
};

}  // namespace mica::explore
