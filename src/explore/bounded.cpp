#include <fmt/format.h>

#include <istream>

#include "explore/plain.hpp"
#include "explore/strategy.hpp"

namespace mica::explore {
namespace {

constexpr unsigned unlimited = 1u << 31;

class Bounded final : public Strategy {
 public:
  Bounded(unsigned first, unsigned bound, bool time_jumps, Shard const& shard) noexcept
      : bound_{bound}, time_jumps_{time_jumps}, shard_{shard}, allowed_{first} {}

  [[nodiscard]] bool next_execution() override {
    asked_ = spent_ = 0;
    plain_.begin();
    if (!begun_) return begun_ = true;
    for (; !path_.empty(); path_.pop_back())
      if (turn(path_.back())) return true;
    return ++allowed_ <= bound_;
  }

  [[nodiscard]] Schedule schedule() const override {
    std::vector<Deviation> deviations;
    for (std::uint32_t at = 0; at < path_.size(); ++at)
      if (path_[at].deviates()) deviations.push_back({at, path_[at].choice});
    return Schedule::steps(std::move(deviations));
  }

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::gap || (kind == Choice::time && !time_jumps_)) return 0;
    if (asked_ == path_.size()) {
      Question const question = plain_.judge(kind, candidates);
      path_.push_back({question.plain, question.plain, candidates.count, 0, question.cost, spent_,
                       after_last()});
    }
    Node const& node = path_[asked_++];
    if (node.deviates()) spent_ += node.cost;
    std::uint32_t const choice = node.choice < candidates.count ? node.choice : 0;
    plain_.answered(kind, candidates, choice);
    return choice;
  }

  [[nodiscard]] bool counts() const noexcept override {
    Piece const piece = after_last();
    return piece.deviations >= split() || shard_.owns(piece.hash);
  }

  [[nodiscard]] Reach reach() const override {
    return {static_cast<std::uint32_t>(path_.size()), left() / static_cast<double>(shard_.count)};
  }

  [[nodiscard]] std::string save() const override {
    std::string text = fmt::format("{} {} {}", begun_ ? 1 : 0, allowed_, path_.size());
    for (Node const& node : path_)
      text +=
          fmt::format(" {} {} {} {} {}", node.choice, node.plain, node.count, node.next, node.cost);
    return text;
  }
  [[nodiscard]] bool load(std::istream& saved) override {
    std::size_t length = 0;
    saved >> begun_ >> allowed_ >> length;
    path_.clear();
    spent_ = 0;
    Node node{};
    while (path_.size() < length &&
           saved >> node.choice >> node.plain >> node.count >> node.next >> node.cost) {
      node.spent = spent_;
      node.before = after_last();
      if (node.deviates()) spent_ += node.cost;
      path_.push_back(node);
    }
    return static_cast<bool>(saved) && path_.size() == length;
  }

 private:
  // The first deviations of an execution, as many as split(), say whose it is.
  struct Piece {
    unsigned deviations = 0;
    std::uint64_t hash = 0;

    [[nodiscard]] Piece with(std::size_t at, std::uint32_t choice) const noexcept {
      std::uint64_t const mixed = (hash ^ at << 8 ^ choice) * 0x9e3779b97f4a7c15;
      return {deviations + 1, mixed ^ mixed >> 32};
    }
  };
  struct Node {
    std::uint32_t choice;
    std::uint32_t plain;
    std::uint32_t count;
    std::uint32_t next;  // the first that was not tried, the plain one aside
    unsigned cost;       // of any but the plain one
    unsigned spent;      // before it
    Piece before;

    [[nodiscard]] bool deviates() const noexcept { return choice != plain; }
    [[nodiscard]] std::uint32_t untried() const noexcept {
      return count - next - (plain >= next ? 1 : 0);
    }
  };

  [[nodiscard]] unsigned split() const noexcept {
    return bound_ == unlimited ? 3 : bound_ < 2 ? 1 : 2;
  }
  [[nodiscard]] Piece after_last() const noexcept {
    if (path_.empty()) return {};
    Node const& last = path_.back();
    return last.deviates() ? last.before.with(path_.size() - 1, last.choice) : last.before;
  }

  // Turns the path's last node to the next answer that the bound leaves room for and that is not
  // another shard's. False: there is none.
  [[nodiscard]] bool turn(Node& node) const noexcept {
    if (node.spent + node.cost > allowed_) return false;
    for (; node.next < node.count; ++node.next) {
      if (node.next == node.plain) continue;
      Piece const piece = node.before.with(path_.size() - 1, node.next);
      if (piece.deviations == split() && !shard_.owns(piece.hash)) continue;
      node.choice = node.next++;
      return true;
    }
    return false;
  }

  // Supposes that what was not tried looks like the last execution from there on.
  // [Knuth, "Estimating the efficiency of backtrack programs", 1975]
  [[nodiscard]] double left() const {
    bool const limited = bound_ != unlimited;
    std::vector<double> sizes(limited ? bound_ + 1 : 1, 1.0);  // by what is left to be spent
    double left = 0;
    for (std::size_t at = path_.size(); at-- > 0;) {
      Node const& node = path_[at];
      unsigned const cost = limited ? node.cost : 0;
      unsigned const room = limited ? allowed_ - node.spent : 0;
      if (room >= cost) left += node.untried() * sizes[room - cost];
      for (std::size_t budget = sizes.size(); budget-- > cost;)
        sizes[budget] += (node.count - 1) * sizes[budget - cost];
    }
    if (limited)
      for (unsigned later = allowed_ + 1; later <= bound_; ++later) left += sizes[later];
    return left;
  }

  unsigned bound_;
  bool time_jumps_;
  Shard shard_;
  bool begun_ = false;
  unsigned allowed_;
  std::vector<Node> path_;
  std::uint32_t asked_ = 0;
  unsigned spent_ = 0;
  PlainAnswers plain_;
};

}  // namespace

std::unique_ptr<Strategy> bounded(unsigned bound, bool time_jumps, Shard const& shard) {
  return std::make_unique<Bounded>(0, bound, time_jumps, shard);
}

std::unique_ptr<Strategy> depth_first(bool time_jumps, Shard const& shard) {
  return std::make_unique<Bounded>(unlimited, unlimited, time_jumps, shard);
}

}  // namespace mica::explore
