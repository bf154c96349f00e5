// Which part of a run is explored.
//   A closed window answers every question in one way: processors step in turn, long, and
//   interrupts land at once; no race is looked for. So what stands before and after the window is
//   the same in every execution, and what a policy may spend (preemptions, its length) is spent
//   inside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "explore/plain.hpp"
#include "explore/strategy.hpp"

namespace mica::ke {
struct Processor;
}

namespace mica::explore {

class Detector;

// Where the strategy is asked who steps.
enum class Points : std::uint8_t {
  all,    // wherever the machine asks
  calls,  // where control passes between a driver and the kernel (call()), and who steps when a
          // processor cannot go on; between these points an execution is the plain one (plain.hpp)
};

class Window final : public Policy {
 public:
  // `detector`: told when the window opens; null: races are not looked for. `shortage`: whether
  // allocations may find no memory while it is open.
  explicit Window(Detector* detector, bool shortage = false, Points points = Points::all) noexcept
      : detector_{detector}, shortage_{shortage}, asked_at_{points} {}
  Window(Window const&) = delete;
  Window& operator=(Window const&) = delete;

  // Outside: an execution begins, and is over.
  void begin(Strategy& inside) noexcept;
  void end() noexcept;

  // From inside the run. The first time the simulation pauses there: an execution may go on from
  // here instead of beginning anew (stage.hpp).
  void open() noexcept;
  void close() noexcept;
  // Control passes between a driver and the kernel: a scheduling point, whatever they do next. Any
  // IRQL.
  void call() noexcept;
  // A number below `bound`, of the strategy's choice; 0 while closed.
  [[nodiscard]] std::uint32_t random(std::uint32_t bound) noexcept;
  // What a scenario came to, as far as it tells: same values, same final state.
  void state(std::uint64_t value) noexcept;
  // What reports call the thing at this address: an object, a thread's object, a word.
  template <class Object>
  void name(Object const* address, char const* name) {
    std::size_t bytes = 1;
    if constexpr (requires { sizeof(Object); } && !std::is_void_v<Object>) bytes = sizeof(Object);
    this->name(address, bytes, name);
  }
  void name(void const* address, std::size_t bytes, char const* name) {
    names_.push_back({address, bytes, name});
  }

  // Whether the allocation that begins now finds no memory.
  [[nodiscard]] static bool short_of_memory() noexcept;

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

  // Same value: the same switches and interrupts, each after the same number of atomic operations.
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return fingerprint_; }
  // Questions with more than one answer which processor steps: the length that PCT wants to know.
  [[nodiscard]] std::uint32_t decisions() const noexcept { return decisions_; }
  // Decisions by which another processor stepped than the one before.
  [[nodiscard]] std::uint32_t switches() const noexcept { return switches_; }
  // Atomic operations of explored code.
  [[nodiscard]] std::uint64_t points() const noexcept;
  // None: the scenario tells nothing of it.
  [[nodiscard]] std::optional<std::uint64_t> state() const noexcept { return state_; }
  // " 'name'", or nothing.
  [[nodiscard]] std::string name_of(void const* address) const;
  struct Name {
    void const* address;
    std::size_t bytes;
    char const* name;
  };
  [[nodiscard]] std::vector<Name> const& names() const noexcept { return names_; }
  // Some processor of the System that the window was opened in; null: it never was.
  [[nodiscard]] ke::Processor const* processor() const noexcept { return processor_; }

 private:
  void mix(std::uint64_t value) noexcept;
  [[nodiscard]] bool asks(Choice kind, Candidates const& candidates) const noexcept;
  // Between two points where the strategy is asked.
  [[nodiscard]] std::uint32_t go_on(Choice kind, Candidates const& candidates) noexcept;

  Strategy* inside_ = nullptr;
  static constinit thread_local Window* asking_;  // the open one, if it wants shortage

  Detector* detector_;
  bool shortage_;
  Points asked_at_;
  bool at_call_ = false;
  PlainAnswers plain_;
  bool open_ = false;
  bool paused_ = false;  // once, where it opened first
  std::uint64_t first_point_ = 0;
  std::uint64_t fingerprint_ = 0;
  std::uint32_t decisions_ = 0;
  std::uint32_t switches_ = 0;
  std::uint64_t points_ = 0;
  std::optional<std::uint64_t> state_;
  ke::Processor const* processor_ = nullptr;
  std::vector<Name> names_;
  std::size_t names_before_ = 0;  // it opened
};

}  // namespace mica::explore
