#include "explore/detector.hpp"

#include <algorithm>
#include <bit>

#include "explore/orders.hpp"

namespace mica::explore {

constinit thread_local Detector* Detector::watching_ = nullptr;

namespace {

bool at_dispatch(Machine::Processor const& processor) noexcept {
  return processor.core.level >= hal_host::dispatch_level || processor.core.masked;
}

}  // namespace

Detector& Detector::here() {
  static thread_local std::unique_ptr<Detector> detector = std::make_unique<Detector>();
  return *detector;
}

void Detector::prepare(std::uint32_t wanted) noexcept {
  flows_.reset();
  race_.reset();
  wanted_ = {};
  wanted_sequence_ = wanted;
  sequence_ = 0;
}

void Detector::open() noexcept {
  messages_.clear();
  shadow_.clear();
  agents_ = components_ = 0;
  std::fill(slots_.begin(), slots_.end(), no_slot);
  watching_ = this;
}

unsigned Detector::new_slot(Agent agent) {
  if (agent.key >= slots_.size()) slots_.resize(agent.key + 64, no_slot);
  if (agents_ == max_agents)
    Machine::current().core.simulation->violation("more agents than the race detector has clocks");
  std::uint8_t const slot = slots_[agent.key] = static_cast<std::uint8_t>(agents_++);
  components_ = (2 * agents_ + 3) & ~3u;
  State& state = states_[slot];
  state.agent = agent;
  state.seen.clear();
  state.offered.clear();
  state.promised.clear();
  state.seen.set(component_of(slot, false), 1);
  state.seen.set(component_of(slot, true), 1);
  return slot;
}

// What is done from here on is not part of what was released.
void Detector::release_into(Clock& message, State& state) noexcept {
  message.join(state.seen, components_);
  auto const slot = static_cast<unsigned>(&state - states_);
  state.seen.advance(component_of(slot, false));
  state.seen.advance(component_of(slot, true));
}

void Detector::loaded(void const volatile* word, int order) noexcept {
  Clock const& from = message(word);
  State& state = me();
  if (acquires(order))
    acquire(state, from);
  else
    state.offered.join(from, components_);
}

// A store begins a new release sequence, or ends the one there was.
void Detector::stored(void const volatile* word, int order) noexcept {
  Clock& into = message(word);
  State& state = me();
  into.copy(state.promised, components_);
  if (releases(order)) release_into(into, state);
}

// A read-modify-write continues the release sequence that it reads from.
void Detector::updated(void const volatile* word, int order) noexcept {
  Clock& into = message(word);
  State& state = me();
  if (releases(order))
    release_into(into, state);
  else
    into.join(state.promised, components_);
}

void Detector::fence(int order) noexcept {
  State& state = me();
  if (acquires(order)) state.seen.join(state.offered, components_);
  if (!releases(order)) return;
  Clock promise;
  release_into(promise, state);
  state.promised = promise;
}

void Detector::keep(void const volatile* word, void const* store) {
  Clock const& carried = message(word);
  message(store).copy(carried, components_);
}

void Detector::raised() noexcept {
  acquire(me(), message(&tokens_[Machine::processor_number()]));
}

void Detector::lowered() noexcept {
  State& state = me();
  message(&tokens_[Machine::processor_number()]).join_dispatch(state.seen, components_);
  state.seen.advance(component_of(static_cast<unsigned>(&state - states_), true));
}

void Detector::requested(unsigned processor, KIRQL level) noexcept {
  release_into(message(&requests_[processor][level]), me());
}

void Detector::began(unsigned processor, KIRQL level) noexcept {
  acquire(me(), message(&requests_[processor][level]));
  raised();
}

void Detector::handed_over(Agent left) {
  unsigned const slot = slot_of(left);
  Clock& seen = me().seen;
  Epoch const own = seen.at(component_of(slot, false));
  seen.join(states_[slot].seen, components_);
  seen.set(component_of(slot, false), own);
}

void Detector::acts_for(Agent ended) {
  me().seen.join(states_[slot_of(ended)].seen, components_);
}

void Detector::access(void const volatile* address, std::size_t bytes, AccessKind kind) {
  ++sequence_;
  Machine::Processor const& processor = Machine::current();
  unsigned const number = processor.pcr.Prcb.Number;
  Agent const agent = flows_.on(number);
  unsigned const component = component_of(slot_of(agent), at_dispatch(processor));
  if (sequence_ == wanted_sequence_) [[unlikely]] {
    wanted_ = {sequence_, agent, at_dispatch(processor), static_cast<int>(number), kind, {}};
    wanted_.stack.take();
  }
  Record record{states_[component / 2].seen.at(component), sequence_,
                static_cast<std::uint8_t>(component), 0, kind};
  auto at = reinterpret_cast<std::uintptr_t>(address);
  for (std::uintptr_t const end = at + bytes; at < end;) {
    std::uintptr_t const offset = at % Cell::bytes;
    std::uintptr_t const here = std::min<std::uintptr_t>(Cell::bytes - offset, end - at);
    record.bytes = static_cast<std::uint8_t>(((1u << here) - 1) << offset);
    touch(at - offset, record);
    at += here;
  }
}

// A record stays while some later access may race with it but with none that came after it.
void Detector::touch(std::uintptr_t address, Record const& now) {
  Cell& cell = shadow_.cell(address);
  Clock const& seen = states_[now.component / 2].seen;
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < cell.count; ++i) {
    Record const& before = cell.records[i];
    bool overlaps = (before.bytes & now.bytes) != 0;
    if (overlaps && before.component == now.component && before.epoch == now.epoch &&
        (before.bytes & now.bytes) == now.bytes && before.kind.covers(now.kind))
      return;
    bool const ordered = before.epoch <= seen.at(before.component);
    bool const conflicts =
        (before.kind.writes || now.kind.writes) && !(before.kind.atomic && now.kind.atomic);
    if (overlaps && conflicts && !ordered) return found(address, before, now);
    bool const covered = (before.bytes & ~now.bytes) == 0 && now.kind.covers(before.kind);
    if (!(ordered && covered)) cell.records[kept++] = before;
  }
  if (kept == Cell::most) {
    std::move(cell.records + 1, cell.records + kept, cell.records);
    --kept;
  }
  cell.records[kept] = now;
  cell.count = kept + 1;
}

void Detector::found(std::uintptr_t address, Record const& before, Record const& now) {
  unsigned const overlap = before.bytes & now.bytes;
  Machine::Processor& processor = Machine::current();
  State const& first = states_[before.component / 2];
  State const& second = states_[now.component / 2];
  Race race{.address = address + static_cast<unsigned>(std::countr_zero(overlap)),
            .bytes = static_cast<unsigned>(std::popcount(overlap)),
            .first = {before.sequence, first.agent, before.component % 2 != 0, -1, before.kind, {}},
            .second = {now.sequence,
                       second.agent,
                       now.component % 2 != 0,
                       static_cast<int>(processor.pcr.Prcb.Number),
                       now.kind,
                       {}},
            .made = before.epoch,
            .known = second.seen.at(before.component),
            .now = first.seen.at(before.component)};
  race.second.stack.take();
  race_ = race;
  watching_ = nullptr;
  processor.core.simulation->violation("a data race");
}

}  // namespace mica::explore
