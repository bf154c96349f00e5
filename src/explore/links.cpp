#include "explore/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "ke/thread.hpp"

namespace mica::explore {
namespace {

bool acquires(Step const& step) noexcept {
  return step.kind == Step::Kind::update &&
         (step.order == __ATOMIC_ACQUIRE || step.order == __ATOMIC_ACQ_REL ||
          step.order == __ATOMIC_SEQ_CST);
}

bool stores(Step const& step) noexcept {
  return step.kind == Step::Kind::update || step.kind == Step::Kind::store;
}

// A lock is a word whose bits somebody sets at a raised level, in a function that says so, and
// clears again.
class Holds {
 public:
  explicit Holds(Recording const& recording) noexcept : recording_{recording} {}

  void see(Step const& step, std::size_t index, Story& story) {
    Moment& moment = story.moments[index];
    auto const held = held_.find(step.address);
    if (held == held_.end()) {
      std::uint64_t const set = step.after & ~step.before;
      if (!acquires(step) || set == 0 || step.level < DISPATCH_LEVEL || !speaks_of_locks(moment))
        return;
      held_[step.address] = {set, index};
      moment.note = "takes the lock";
    } else if (stores(step) && (step.after & held->second.bits) == 0) {
      moment.note = "leaves the lock";
      add(step.address, held->second, index, story);
      held_.erase(held);
    }
  }
  // What is held at the end is held for good.
  void finish(Story& story) {
    for (auto const& [address, lock] : held_) add(address, lock, story.moments.size() - 1, story);
  }

 private:
  struct Held {
    std::uint64_t bits = 0;
    std::size_t from = 0;
  };

  [[nodiscard]] static bool speaks_of_locks(Moment const& moment) {
    std::string const function = moment.place.substr(0, moment.place.find(' '));
    return function.find("lock") != function.npos || function.find("Lock") != function.npos ||
           function.find("cquire") != function.npos;
  }
  void add(std::uintptr_t address, Held const& lock, std::size_t to, Story& story) const {
    story.holds.push_back(
        {story.moments[lock.from].processor, lock.from, to, name_of(recording_, address)});
  }

  Recording const& recording_;
  std::map<std::uintptr_t, Held> held_;
};

// Threads begin and end to wait by their wait word.
class Waits {
 public:
  explicit Waits(Recording const& recording) noexcept : recording_{recording} {}

  void see(Step const& step, std::size_t index, Story& story) {
    if (!stores(step) || step.before == step.after) return;
    for (Thing const& thing : recording_.things) {
      if (thing.wait_word != step.address || thing.wait_word == 0) continue;
      auto const before = ke::wait_word::state(static_cast<std::uint32_t>(step.before));
      auto const after = ke::wait_word::state(static_cast<std::uint32_t>(step.after));
      if (after == ke::wait_word::waiting) {
        story.moments[index].note = "waits";
        waiting_[thing.agent.key] = index;
      } else if (after == ke::wait_word::claimed && before != ke::wait_word::idle &&
                 before != after) {
        waiting_.erase(thing.agent.key);
        if (thing.agent == step.agent) continue;
        story.moments[index].note = "wakes " + thing.name;
        wake(thing, index, story);
      }
    }
  }
  // Where those that still wait began to.
  [[nodiscard]] std::map<std::uint32_t, std::size_t> const& waiting() const noexcept {
    return waiting_;
  }

 private:
  void wake(Thing const& thing, std::size_t index, Story& story) const {
    auto const& steps = recording_.steps;
    for (std::size_t next = index + 1; next < steps.size(); ++next)
      if (steps[next].agent == thing.agent)
        return story.arrows.push_back({index, next, story.moments[index].note});
  }

  Recording const& recording_;
  std::map<std::uint32_t, std::size_t> waiting_;
};

// From a request to the interrupt on another processor that it made.
void add_interrupt(Recording const& recording, std::size_t index, Story& story) {
  Step const& request = recording.steps[index];
  if (request.kind != Step::Kind::request || request.target == request.processor) return;
  for (std::size_t next = index + 1; next < recording.steps.size(); ++next) {
    Step const& step = recording.steps[next];
    if (step.kind == Step::Kind::begin && step.processor == request.target &&
        step.level == request.target_level)
      return story.arrows.push_back({index, next, "interrupt"});
  }
}

// "file:line: expression": the last step made on behalf of that line. Places have their files from
// the root of the sources.
bool mark_check(std::string const& failure, Story& story) {
  std::size_t const end = failure.find(": ");
  std::string const where = failure.substr(0, end);
  auto const is_there = [&](std::string const& frame) {
    return where.ends_with(frame.substr(frame.rfind(' ') + 1));
  };
  for (auto moment = story.moments.rbegin(); moment != story.moments.rend(); ++moment)
    if (std::any_of(moment->stack.begin(), moment->stack.end(), is_there))
      return moment->wrong = true;
  return false;
}

void mark_wrong(Recording const& recording, Waits const& waits, Story& story) {
  Execution const& execution = recording.execution;
  bool marked = false;
  if (execution.race) {
    for (std::size_t i = 0; i < recording.steps.size(); ++i) {
      std::uint32_t const sequence = recording.steps[i].sequence;
      if (sequence == 0 || (sequence != execution.race->first.sequence &&
                            sequence != execution.race->second.sequence))
        continue;
      marked = story.moments[i].wrong = true;
    }
  }
  for (std::string const& failure : execution.outcome.failures())
    marked |= mark_check(failure, story);
  if (execution.verdict == Verdict::deadlock)
    for (auto const& [agent, index] : waits.waiting()) marked = story.moments[index].wrong = true;
  if (!marked) story.moments.back().wrong = true;
}

}  // namespace

std::string name_of(Recording const& recording, std::uintptr_t address) {
  Thing const* best = nullptr;
  for (Thing const& thing : recording.things)
    if (thing.address <= address && address < thing.address + thing.bytes &&
        (!best || thing.bytes < best->bytes))
      best = &thing;
  if (!best) return fmt::format("{:#x}", address);
  return address == best->address ? best->name
                                  : fmt::format("{}+{:#x}", best->name, address - best->address);
}

void link(Recording const& recording, Story& story) {
  if (recording.steps.empty()) return;
  Holds holds{recording};
  Waits waits{recording};
  for (std::size_t i = 0; i < recording.steps.size(); ++i) {
    holds.see(recording.steps[i], i, story);
    waits.see(recording.steps[i], i, story);
    add_interrupt(recording, i, story);
  }
  holds.finish(story);
  mark_wrong(recording, waits, story);
}

}  // namespace mica::explore
