#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <optional>

#include "explore/strategy.hpp"
#include "hal_host/policy.hpp"

namespace mica::explore {
namespace {

constexpr unsigned deepest = 5;

// Answers by a policy that a seed makes.
class ByPolicy : public Strategy {
 public:
  [[nodiscard]] Schedule schedule() const override { return schedule_; }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::processor) ++decisions_;
    if (pct_) return pct_->choose(kind, candidates);
    return random_->choose(kind, candidates);
  }

 protected:
  explicit ByPolicy(bool time_jumps) noexcept : time_jumps_{time_jumps} {}
  void begin(Schedule const& schedule) {
    schedule_ = schedule;
    decisions_ = 0;
    pct_.reset();
    random_.reset();
    if (schedule.kind == Schedule::Kind::pct)
      pct_.emplace(schedule.seed, schedule.depth, schedule.length);
    else
      random_.emplace(schedule.seed, time_jumps_);
  }
  [[nodiscard]] std::uint32_t decisions() const noexcept { return decisions_; }

 private:
  bool time_jumps_;
  Schedule schedule_;
  std::uint32_t decisions_ = 0;
  std::optional<hal_host::PctPolicy> pct_;
  std::optional<hal_host::RandomPolicy> random_;
};

class Seeded final : public ByPolicy {
 public:
  Seeded(bool time_jumps, Seeds const& seeds) noexcept
      : ByPolicy{time_jumps},
        seeds_{seeds},
        seed_{seeds.first + seeds.shard.number - 1 - seeds.shard.count} {}
  // The first execution of PCT has no change of priorities: its length does not matter, and is what
  // others use.
  [[nodiscard]] bool next_execution() override {
    length_ = std::max(length_, decisions());
    seed_ += seeds_.shard.count;
    bool const uniform =
        seeds_.method == Method::random || (seeds_.method == Method::seeded && seed_ % 2 == 0);
    unsigned const depth = length_ == 0 ? 1 : 1 + static_cast<unsigned>(seed_ / 2 % deepest);
    begin(uniform ? Schedule::random(seed_) : Schedule::pct(seed_, depth, length_));
    return true;
  }
  [[nodiscard]] Reach reach() const override { return {decisions(), {}}; }
  [[nodiscard]] std::string save() const override {
    return fmt::format("{} {}", seed_, std::max(length_, decisions()));
  }
  [[nodiscard]] bool load(std::istream& saved) override {
    return static_cast<bool>(saved >> seed_ >> length_);
  }

 private:
  Seeds seeds_;
  std::uint64_t seed_;
  std::uint32_t length_ = 0;
};

class Again final : public ByPolicy {
 public:
  Again(Schedule const& schedule, bool time_jumps) : ByPolicy{time_jumps}, wanted_{schedule} {}
  [[nodiscard]] bool next_execution() override {
    if (done_) return false;
    begin(wanted_);
    return done_ = true;
  }

 private:
  Schedule wanted_;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<Strategy> seeded(bool time_jumps, Seeds const& seeds) {
  return std::make_unique<Seeded>(time_jumps, seeds);
}

std::unique_ptr<Strategy> replay(Schedule const& schedule, bool time_jumps) {
  return schedule.kind == Schedule::Kind::steps ? replay_steps(schedule, time_jumps)
                                                : replay_seed(schedule, time_jumps);
}

std::unique_ptr<Strategy> replay_seed(Schedule const& schedule, bool time_jumps) {
  return std::make_unique<Again>(schedule, time_jumps);
}

}  // namespace mica::explore
