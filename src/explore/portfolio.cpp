#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <vector>

#include "explore/dpor.hpp"
#include "explore/strategy.hpp"

namespace mica::explore {
namespace {

class Several final : public Strategy {
 public:
  explicit Several(Portfolio const& wanted) {
    parts_.push_back(seeded(wanted.time_jumps, {Method::seeded, wanted.first_seed, wanted.shard}));
    parts_.push_back(bounded(wanted.bound, wanted.time_jumps, wanted.shard));
    if (wanted.loop_free) parts_.push_back(dpor(wanted.time_jumps));
  }

  [[nodiscard]] bool next_execution() override {
    if (made_ == slice) {
      made_ = 0;
      turn_ = (turn_ + 1) % parts_.size();
    }
    ++made_;
    return now().next_execution();
  }
  [[nodiscard]] Schedule schedule() const override { return now().schedule(); }
  [[nodiscard]] bool counts() const noexcept override { return now().counts(); }
  // Of the search whose end is nearest; the seeds have none.
  [[nodiscard]] Reach reach() const override {
    Reach reach{now().reach().depth, {}};
    for (auto const& part : parts_)
      if (auto const left = part->reach().left; left && (!reach.left || *left < *reach.left))
        reach.left = left;
    return reach;
  }
  // Without source-DPOR.
  [[nodiscard]] std::string save() const override {
    std::string text = fmt::format("{} {}", turn_, made_);
    for (auto const& part : parts_) {
      std::string const inside = part->save();
      if (inside.empty()) return {};
      text += ' ' + inside;
    }
    return text;
  }
  [[nodiscard]] bool load(std::istream& saved) override {
    saved >> turn_ >> made_;
    return saved && turn_ < parts_.size() &&
           std::all_of(parts_.begin(), parts_.end(),
                       [&](auto const& part) { return part->load(saved); });
  }
  void opened() noexcept override { now().opened(); }
  void closed() noexcept override { now().closed(); }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    return now().choose(kind, candidates);
  }

 private:
  static constexpr unsigned slice = 50;

  [[nodiscard]] Strategy& now() const noexcept { return *parts_[turn_]; }

  std::vector<std::unique_ptr<Strategy>> parts_;
  std::size_t turn_ = 0;
  unsigned made_ = 0;  // executions of this turn
};

}  // namespace

std::unique_ptr<Strategy> portfolio(Portfolio const& wanted) {
  return std::make_unique<Several>(wanted);
}

}  // namespace mica::explore
