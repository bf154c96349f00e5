#include "explore/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "explore/links.hpp"
#include "explore/symbols.hpp"

namespace mica::explore {
namespace {

constexpr std::size_t deepest = 10;

std::string_view name_of_order(int order) noexcept {
  static constexpr std::string_view names[] = {"relaxed", "consume", "acquire",
                                               "release", "acq_rel", "seq_cst"};
  return names[static_cast<unsigned>(order) % std::size(names)];
}

std::string values(Step const& step) {
  return step.before == step.after ? fmt::format("stays {:#x}", step.before)
                                   : fmt::format("{:#x} -> {:#x}", step.before, step.after);
}

std::string what(Recording const& recording, Step const& step) {
  std::string const object = name_of(recording, step.address);
  switch (step.kind) {
    case Step::Kind::load:
      return fmt::format("load {} = {:#x}, {}", object, step.before, name_of_order(step.order));
    case Step::Kind::store:
      return fmt::format("store {} {}, {}", object, values(step), name_of_order(step.order));
    case Step::Kind::update:
      return fmt::format("update {} {}, {}", object, values(step), name_of_order(step.order));
    case Step::Kind::fence:
      return fmt::format("fence, {}", name_of_order(step.order));
    case Step::Kind::read:
      return fmt::format("read {} = {:#x}", object, step.before);
    case Step::Kind::write:
      return fmt::format("write {} {}", object, values(step));
    case Step::Kind::raise:
      return step.masked ? "disables interrupts" : "raises to " + name_of_level(step.level);
    case Step::Kind::lower:
      return step.masked ? "restores interrupts" : "lowers from " + name_of_level(step.level);
    case Step::Kind::request:
      return fmt::format("requests {} on processor {}", name_of_level(step.target_level),
                         step.target);
    case Step::Kind::begin:
      return fmt::format("interrupt at {} begins", name_of_level(step.level));
    case Step::Kind::end:
      return fmt::format("interrupt at {} ends", name_of_level(step.level));
    case Step::Kind::change:
      return fmt::format("goes on with {}", step.target == 0 ? Agent::idle(step.processor).name()
                                                             : Agent::thread(step.target).name());
    case Step::Kind::call:
      return fmt::format("calls {}", step.note);
    case Step::Kind::enter:
      return fmt::format("{} is called", step.note);
    case Step::Kind::result:
    case Step::Kind::leave:
      return fmt::format("{} returns", step.note);
    case Step::Kind::deviation:
      break;
  }
  return std::string{step.note};
}

// Who, with the name of the thread's object, in few words.
std::string who(Recording const& recording, Agent agent) {
  for (Thing const& thing : recording.things) {
    if (thing.wait_word == 0) continue;
    if (thing.agent == agent) return thing.name;
    if (thing.agent.dispatch() == agent) return "dispatch over " + thing.name;
  }
  for (unsigned i = 0; i < recording.processors; ++i) {
    if (agent == Agent::idle(i)) return "idle";
    if (agent == Agent::idle(i).dispatch()) return "dispatch over idle";
  }
  std::string const name = agent.name();
  return name.starts_with("the interrupt") ? "interrupt" : name;
}

// The machine and what watches it are not looked at, nor are the compiler's headers, of whose files
// binutils is not always told rightly.
bool looked_at(Place const& place) {
  return !place.file.starts_with("src/explore/") && !place.file.starts_with("src/hal_host/") &&
         !place.file.starts_with("/usr/") && !place.file.empty() &&
         !place.function.starts_with("Machine::") && !place.function.starts_with("std::");
}

std::vector<std::string> lines(Symbols const& symbols, Backtrace const& stack) {
  std::vector<std::string> kept;
  for (std::uint64_t const address : stack.frames())
    for (Place const& place : symbols.at(address)) {
      if (place.file == "src/hal_host/jump.cpp" && !kept.empty()) return kept;
      if (looked_at(place)) kept.push_back(place.text());
      if (kept.size() == deepest) return kept;
    }
  return kept;
}

// Of what passes between a driver and the kernel the driver's side, if a scenario named its image;
// else empty.
std::string place_in_driver(Recording const& recording, Step const& step) {
  bool const passes = step.kind == Step::Kind::call || step.kind == Step::Kind::result ||
                      step.kind == Step::Kind::enter || step.kind == Step::Kind::leave;
  bool const named = std::ranges::any_of(recording.things, [&](Thing const& thing) {
    return step.target - thing.address < thing.bytes;
  });
  return passes && named ? name_of(recording, step.target) : std::string{};
}

}  // namespace

std::string name_of_level(KIRQL level) {
  switch (level) {
    case PASSIVE_LEVEL:
      return "PASSIVE";
    case APC_LEVEL:
      return "APC";
    case DISPATCH_LEVEL:
      return "DISPATCH";
    case hal_host::clock_level:
      return "CLOCK";
    case hal_host::ipi_level:
      return "IPI";
    case HIGH_LEVEL:
      return "HIGH";
    default:
      return fmt::format("level {}", level);
  }
}

Story tell(Recording const& recording, std::string const& id) {
  Story story;
  story.verdict = name_of(recording.execution.verdict);
  story.title = fmt::format("{}: {} on {} processors", id, story.verdict, recording.processors);
  story.replay = fmt::format("MICA_REPLAY={}:{}", id, recording.schedule.text());
  story.ending = recording.execution.text();
  story.processors = recording.processors;
  std::set<std::uint64_t> addresses;
  for (Step const& step : recording.steps)
    addresses.insert(step.stack.frames().begin(), step.stack.frames().end());
  Symbols const symbols{addresses};
  for (Step const& step : recording.steps) {
    Moment& moment = story.moments.emplace_back();
    moment.number = step.number;
    moment.processor = step.processor;
    moment.level = step.level;
    moment.masked = step.masked;
    moment.deviation = step.kind == Step::Kind::deviation;
    moment.who = who(recording, step.agent);
    moment.what = what(recording, step);
    moment.stack = lines(symbols, step.stack);
    if (std::string place = place_in_driver(recording, step); !place.empty())
      moment.stack.insert(moment.stack.begin(), std::move(place));
    if (!moment.stack.empty()) moment.place = moment.stack.front();
  }
  link(recording, story);
  return story;
}

}  // namespace mica::explore
