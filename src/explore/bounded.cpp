#include <algorithm>
#include <utility>

#include "explore/plain.hpp"
#include "explore/strategy.hpp"

namespace mica::explore {
namespace {

class Bounded final : public Strategy {
 public:
  Bounded(unsigned first, unsigned bound, bool time_jumps) noexcept
      : bound_{bound}, time_jumps_{time_jumps}, allowed_{first} {}

  [[nodiscard]] bool next_execution() override {
    asked_ = spent_ = 0;
    plain_.begin();
    if (!begun_) return begun_ = true;
    while (!path_.empty()) {
      if (turn(path_.back())) return true;
      path_.pop_back();
    }
    return ++allowed_ <= bound_;
  }

  [[nodiscard]] Schedule schedule() const override {
    std::vector<Deviation> deviations;
    for (std::uint32_t at = 0; at < path_.size(); ++at)
      if (path_[at].choice != path_[at].plain) deviations.push_back({at, path_[at].choice});
    return Schedule::steps(std::move(deviations));
  }

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::gap || (kind == Choice::time && !time_jumps_)) return 0;
    if (asked_ == path_.size()) {
      Question const question = plain_.judge(kind, candidates);
      path_.push_back({question.plain, question.plain, candidates.count, 0, question.cost, spent_});
    }
    Node const& node = path_[asked_++];
    if (node.choice != node.plain) spent_ += node.cost;
    std::uint32_t const choice = node.choice < candidates.count ? node.choice : 0;
    plain_.answered(kind, candidates, choice);
    return choice;
  }

 private:
  struct Node {
    std::uint32_t choice;
    std::uint32_t plain;
    std::uint32_t count;
    std::uint32_t next;  // the first that was not tried, the plain one aside
    unsigned cost;       // of any but the plain one
    unsigned spent;      // before it
  };

  // To the next answer that the bound leaves room for. False: there is none.
  [[nodiscard]] bool turn(Node& node) const noexcept {
    if (node.next == node.plain) ++node.next;
    if (node.next >= node.count || node.spent + node.cost > allowed_) return false;
    node.choice = node.next++;
    return true;
  }

  unsigned bound_;
  bool time_jumps_;
  bool begun_ = false;
  unsigned allowed_;
  std::vector<Node> path_;
  std::uint32_t asked_ = 0;
  unsigned spent_ = 0;
  Plain plain_;
};

// The plain execution but for some answers.
class Steps final : public Strategy {
 public:
  Steps(Schedule const& schedule, bool time_jumps) : wanted_{schedule}, time_jumps_{time_jumps} {}

  [[nodiscard]] bool next_execution() override { return !std::exchange(begun_, true); }
  [[nodiscard]] Schedule schedule() const override { return wanted_; }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::gap || (kind == Choice::time && !time_jumps_)) return 0;
    std::uint32_t choice = plain_.judge(kind, candidates).plain;
    auto const& deviations = wanted_.deviations;
    if (next_ < deviations.size() && deviations[next_].at == asked_)
      choice = std::min(deviations[next_++].choice, candidates.count - 1);
    ++asked_;
    plain_.answered(kind, candidates, choice);
    return choice;
  }

 private:
  Schedule wanted_;
  bool time_jumps_;
  bool begun_ = false;
  std::uint32_t asked_ = 0;
  std::size_t next_ = 0;
  Plain plain_;
};

}  // namespace

std::unique_ptr<Strategy> bounded(unsigned bound, bool time_jumps) {
  return std::make_unique<Bounded>(0, bound, time_jumps);
}

std::unique_ptr<Strategy> depth_first(bool time_jumps) {
  constexpr unsigned unlimited = 1u << 31;
  return std::make_unique<Bounded>(unlimited, unlimited, time_jumps);
}

std::unique_ptr<Strategy> replay_steps(Schedule const& schedule, bool time_jumps) {
  return std::make_unique<Steps>(schedule, time_jumps);
}

}  // namespace mica::explore
