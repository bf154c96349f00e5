// The policies that come with the machine; the interface is mica/policy.hpp.
#pragma once

#include <mica/policy.hpp>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace mica::hal_host {

// xorshift64*, seeded through splitmix so that neighbouring seeds differ.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept;
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    std::uint64_t const high = (state_ * 0x2545f4914f6cdd1d) >> 32;
    return static_cast<std::uint32_t>((high * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

// Uniform choice. How often it decides differs from seed to seed, from every point to one in 64.
class RandomPolicy final : public Policy {
 public:
  explicit RandomPolicy(std::uint64_t seed, bool time_jumps = false) noexcept;
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

 private:
  Random random_;
  std::uint32_t mean_gap_;
  bool time_jumps_;
};

// Probabilistic concurrency testing: the enabled processor of highest priority steps; at `depth -
// 1` points, drawn among the first `length` that had a choice, the one that runs falls below all
// others.
// One that runs for long while others could spins for what they have to do: it falls too.
//   [Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs",
//   ASPLOS 2010]
class PctPolicy final : public Policy {
 public:
  PctPolicy(std::uint64_t seed, unsigned depth, std::uint32_t length) noexcept;
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

 private:
  static constexpr unsigned max_depth = 8;
  static constexpr std::uint32_t patience = 2000;
  Random random_;
  std::array<std::int32_t, 32> priorities_{};
  std::array<std::uint32_t, max_depth> change_points_{};
  unsigned changes_;
  std::uint32_t decisions_ = 0;
  std::uint32_t last_ = 0;
  std::uint32_t in_a_row_ = 0;
  std::int32_t lowest_ = -static_cast<std::int32_t>(max_depth);
};

// Writes down what another policy answers.
class RecordingPolicy final : public Policy {
 public:
  explicit RecordingPolicy(Policy& inner) noexcept : inner_{inner} {}
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    choices_.push_back(inner_.choose(kind, candidates));
    return choices_.back();
  }
  [[nodiscard]] std::vector<std::uint32_t> const& choices() const noexcept { return choices_; }

 private:
  Policy& inner_;
  std::vector<std::uint32_t> choices_;
};

// Answers from a recorded trace; past its end the first candidate.
class ReplayPolicy final : public Policy {
 public:
  explicit ReplayPolicy(std::vector<std::uint32_t> choices) noexcept
      : choices_{std::move(choices)} {}
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

 private:
  std::vector<std::uint32_t> choices_;
  std::size_t next_ = 0;
};

}  // namespace mica::hal_host
