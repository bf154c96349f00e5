#include "explore/reversal.hpp"

#include <algorithm>

namespace mica::explore {

// The steps of others that conflict and are not known to come before another such one by memory.
std::vector<std::uint32_t> Order::partners(unsigned process, Footprint const& footprint) const {
  std::vector<std::uint32_t> found;
  for (Touch const& touch : footprint.touches()) {
    auto const cell = cells_.find(touch.cell);
    if (cell == cells_.end()) continue;
    for (Record const& record : cell->second)
      if ((*steps_)[record.step].process != process && (record.writes || !blind_) &&
          touch.conflicts({touch.cell, record.bytes, record.writes}))
        found.push_back(record.step);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Order::Knowledge Order::join(Knowledge known, std::vector<std::uint32_t> const& partners) const {
  for (std::uint32_t const partner : partners)
    for (unsigned i = 0; i < known.size(); ++i) known[i] = std::max(known[i], known_[partner][i]);
  return known;
}

// What does not happen after the step at `at`, up to the racing one, could be done without it. The
// processes that can begin that are those whose first step in it needs none of the others.
void Order::reverse(std::uint32_t at, std::uint32_t end, unsigned process, Knowledge const& known) {
  Knowledge first{};
  std::uint32_t seen = 0, initials = 0;
  auto const visit = [&](std::uint32_t number, unsigned who, Knowledge const& its) {
    if ((seen >> who & 1) != 0) return;
    bool begins = true;
    for (unsigned other = 0; other < first.size(); ++other)
      begins &= (seen >> other & 1) == 0 || its[other] < first[other];
    seen |= 1u << who;
    first[who] = number + 1;
    initials |= begins ? 1u << who : 0;
  };
  for (std::uint32_t step = at + 1; step < end; ++step)
    if (!knows(known_[step], at)) visit(step, (*steps_)[step].process, known_[step]);
  visit(end, process, known);
  reversals_.push_back({at, initials, process});
}

// Before the step (or the try) at `end`, of this process: `known` is what it will know.
void Order::consider(std::uint32_t end, unsigned process, Knowledge const& known,
                     std::vector<std::uint32_t> const& partners) {
  for (std::uint32_t const partner : partners) {
    if (knows(latest_[process], partner)) continue;
    bool const between = std::any_of(partners.begin(), partners.end(), [&](std::uint32_t other) {
      return other != partner && knows(known_[other], partner);
    });
    if (!between) reverse(partner, end, process, known);
  }
}

// A write stands for what was done to its bytes before: whoever comes after it comes after that.
void Order::remember(std::uint32_t step) {
  unsigned const process = (*steps_)[step].process;
  for (Touch const& touch : (*steps_)[step].footprint.touches()) {
    auto& records = cells_[touch.cell];
    std::erase_if(records, [&](Record const& record) {
      bool const covered = (record.bytes & ~touch.bytes) == 0;
      bool const own_read = !record.writes && (*steps_)[record.step].process == process;
      return covered && (touch.writes || own_read);
    });
    records.push_back({step, touch.bytes, touch.writes});
  }
}

std::vector<Reversal> Order::reversals(std::vector<Transition> const& steps,
                                       std::vector<Stuck> const& stuck) {
  steps_ = &steps;
  known_.clear();
  cells_.clear();
  reversals_.clear();
  for (Knowledge& latest : latest_) latest = {};
  auto waiting = stuck.begin();
  for (std::uint32_t i = 0; i <= steps.size(); ++i) {
    for (; waiting != stuck.end() && waiting->after == i; ++waiting) {
      auto const before = partners(waiting->process, waiting->guard);
      consider(i, waiting->process, join(latest_[waiting->process], before), before);
    }
    if (i == steps.size()) break;
    unsigned const process = steps[i].process;
    auto const before = partners(process, steps[i].footprint);
    known_.push_back(join(latest_[process], before));
    consider(i, process, known_.back(), before);
    known_.back()[process] = i + 1;
    latest_[process] = known_.back();
    remember(i);
  }
  return std::move(reversals_);
}

}  // namespace mica::explore
