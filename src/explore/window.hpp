// Which part of a run is explored.
//   A closed window answers every question in one way: processors step in turn, long, and
//   interrupts land at once; no race is looked for. So what stands before and after the window is
//   the same in every execution, and what a policy may spend (preemptions, its length) is spent
//   inside.
#pragma once

#include <mica/policy.hpp>

#include <cstdint>

namespace mica::explore {

class Detector;

class Window final : public Policy {
 public:
  // `detector`: told when the window opens; null: races are not looked for.
  Window(Policy& inside, Detector* detector) noexcept : inside_{inside}, detector_{detector} {}
  ~Window() override { close(); }
  Window(Window const&) = delete;
  Window& operator=(Window const&) = delete;

  // From inside the run.
  void open() noexcept;
  void close() noexcept;

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

  // Same value: the same switches and interrupts, each after the same number of atomic operations.
  [[nodiscard]] std::uint64_t schedule() const noexcept { return schedule_; }
  // Questions with more than one answer which processor steps: the length that PCT wants to know.
  [[nodiscard]] std::uint32_t decisions() const noexcept { return decisions_; }

 private:
  void mix(std::uint64_t value) noexcept;

  Policy& inside_;
  Detector* detector_;
  bool open_ = false;
  std::uint64_t first_point_ = 0;
  std::uint64_t schedule_ = 0xcbf29ce484222325;
  std::uint32_t decisions_ = 0;
};

}  // namespace mica::explore
