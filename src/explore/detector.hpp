// Finds races by happens-before, as FastTrack does, with two clock components an agent (clock.hpp).
//   Told of every access and of everything that orders: atomic operations by the code under test,
//   the rest by the machine. What happened before the window opened is ordered before all in it.
//   The processor's token, which a raise of IRQL acquires and a lowering releases, carries DISPATCH
//   components only.
//   [Flanagan, Freund, "FastTrack: efficient and precise dynamic race detection", PLDI 2009]
#pragma once

#include <optional>

#include "explore/messages.hpp"
#include "explore/race.hpp"

namespace mica::explore {

class Detector {
 public:
  // The one of this OS thread; watching() is null while no window is open.
  [[nodiscard]] static Detector& here();
  [[nodiscard]] static Detector* watching() noexcept { return watching_; }

  // Before a System that is to be watched is made. `wanted`: the access whose stack is asked for.
  void prepare(std::uint32_t wanted) noexcept;
  void open() noexcept;
  void close() noexcept { watching_ = nullptr; }
  [[nodiscard]] std::optional<Race> const& race() const noexcept { return race_; }
  [[nodiscard]] Access const& wanted() const noexcept { return wanted_; }

  // Of this execution, so far.
  [[nodiscard]] std::uint32_t accesses() const noexcept { return sequence_; }

  // ---- Memory, by the agent that runs on the current processor
  void access(void const volatile* address, std::size_t bytes, AccessKind kind);
  void loaded(void const volatile* word, int order) noexcept;
  void stored(void const volatile* word, int order) noexcept;
  void updated(void const volatile* word, int order) noexcept;
  void fence(int order) noexcept;
  // Of the store that was the word's newest: what it carries can be loaded from there too.
  void keep(void const volatile* word, void const* store);

  // ---- The machine. Flows change whether or not a window is open.
  [[nodiscard]] Flows& flows() noexcept { return flows_; }
  void raised() noexcept;
  void lowered() noexcept;
  void requested(unsigned processor, KIRQL level) noexcept;
  void began(unsigned processor, KIRQL level) noexcept;
  // Who left the processor, or is interrupted, passes on what it has learnt, but not what it did
  // itself below DISPATCH_LEVEL: a thread that begins knows what who started it did, and no more.
  void handed_over(Agent left);
  // All that a thread did that has ended is before what comes.
  void acts_for(Agent ended);
  void forget(std::uintptr_t from, std::uintptr_t to) noexcept { shadow_.clear(from, to); }

 private:
  struct State {
    Agent agent;
    Clock seen;
    Clock offered;   // by relaxed loads: acquired by the next fence
    Clock promised;  // at the last release fence: released by relaxed stores
  };

  [[nodiscard]] unsigned slot_of(Agent agent) {
    if (agent.key < slots_.size() && slots_[agent.key] != no_slot) [[likely]]
      return slots_[agent.key];
    return new_slot(agent);
  }
  [[nodiscard]] unsigned new_slot(Agent agent);
  [[nodiscard]] State& me() { return states_[slot_of(flows_.on(Machine::processor_number()))]; }
  // What is carried by an atomic word, a processor's token or a request.
  [[nodiscard]] Clock& message(void const volatile* carrier) {
    return messages_.of(reinterpret_cast<std::uintptr_t>(carrier));
  }
  void release_into(Clock& message, State& state) noexcept;
  void acquire(State& state, Clock const& message) noexcept {
    state.seen.join(message, components_);
  }
  void touch(std::uintptr_t address, Record const& now);
  void found(std::uintptr_t address, Record const& before, Record const& now);

  static constexpr std::uint8_t no_slot = 0xFF;
  static constinit thread_local Detector* watching_;

  Flows flows_;
  Shadow shadow_;
  Messages messages_;
  std::uint32_t sequence_ = 0;
  std::uint32_t wanted_sequence_ = 0;
  Access wanted_;
  std::optional<Race> race_;
  unsigned agents_ = 0;
  unsigned components_ = 0;          // in use, rounded up for Clock::join
  std::vector<std::uint8_t> slots_;  // by agent
  State states_[max_agents];
  // Only their addresses matter.
  char tokens_[hal_host::max_processors];
  char requests_[hal_host::max_processors][16];
};

}  // namespace mica::explore
