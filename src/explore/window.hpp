// Which part of a run is explored.
//   A closed window answers every question in one way: processors step in turn, long, and
//   interrupts land at once. So what stands before and after the window is the same in every
//   execution, and what a policy may spend (preemptions, its length) is spent inside.
#pragma once

#include <mica/policy.hpp>

#include <cstdint>

namespace mica::explore {

class Window final : public Policy {
 public:
  explicit Window(Policy& inside) noexcept : inside_{inside} {}

  // From inside the run.
  void open() noexcept { open_ = true; }
  void close() noexcept { open_ = false; }

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

  // Same value: the same switches and interrupts, each after the same number of atomic operations.
  [[nodiscard]] std::uint64_t schedule() const noexcept { return schedule_; }
  // Questions with more than one answer which processor steps: the length that PCT wants to know.
  [[nodiscard]] std::uint32_t decisions() const noexcept { return decisions_; }

 private:
  void mix(std::uint64_t value) noexcept;

  Policy& inside_;
  bool open_ = false;
  std::uint64_t first_point_ = 0;
  std::uint64_t schedule_ = 0xcbf29ce484222325;
  std::uint32_t decisions_ = 0;
};

}  // namespace mica::explore
