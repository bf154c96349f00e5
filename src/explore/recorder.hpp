// What happened in one execution, step by step.
//   While one lives on this OS thread, the explored objects and the machine tell it of every step
//   inside the window: atomic operations, levels, interrupts, switches, and the plain accesses to
//   what a scenario named and to the memory that it was told to look at. It changes nothing that
//   is chosen. Of an execution longer than `most` steps the last ones are kept.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "explore/execution.hpp"

namespace mica::explore {

struct Step {
  enum class Kind : std::uint8_t {
    load,       // atomic, as are store and update
    store,      //
    update,     // read-modify-write, failed compare-exchanges too
    fence,      //
    read,       // plain or volatile
    write,      //
    raise,      // of IRQL, or interrupts disabled; `level` is the new one
    lower,      // about to; `level` is the old one
    request,    // an interrupt of `target_level` for processor `target`
    begin,      // of an interrupt at `level`
    end,        //
    change,     // of context, to the thread with context `target`
    call,       // a driver calls what it imports: `note` says what, `target` from where
    result,     // of that call, or none: it was left by an exception
    enter,      // a driver's routine at `target` is called: `note` says what for
    leave,      // it returned
    deviation,  // from the plain execution: `note` says which
  };

  std::uint64_t number = 0;  // from 1
  Kind kind{};
  unsigned processor = 0;
  KIRQL level = 0;
  bool masked = false;  // interrupts are disabled
  Agent agent;
  std::uint32_t sequence = 0;  // which of the execution's accesses (Detector); 0: none
  std::uintptr_t address = 0;
  unsigned bytes = 0;
  int order = 0;             // of an atomic operation
  std::uint64_t before = 0;  // what the memory held, as far as eight bytes go...
  std::uint64_t after = 0;   // ...and holds now
  std::uint64_t target = 0;
  KIRQL target_level = 0;
  std::string_view note;  // outlives the recording
  Backtrace stack;
};

// What stands at an address, by name, when the window closes.
struct Thing {
  std::uintptr_t address = 0;
  std::size_t bytes = 0;
  std::string name;
  Agent agent;                   // of a thread
  std::uintptr_t wait_word = 0;  // of a thread
};

class Recorder {
 public:
  // `address`, `bytes`: memory to whose plain accesses it looks; 0: none.
  Recorder(std::uintptr_t address, std::size_t bytes) noexcept;
  ~Recorder();
  Recorder(Recorder const&) = delete;
  Recorder& operator=(Recorder const&) = delete;

  // The one that hears of steps now; null: none.
  [[nodiscard]] static Recorder* watching() noexcept { return watching_; }
  // A window opens, and closes or never comes to that; while its System is there.
  static void open(Window const& window) noexcept;
  static void close();

  void atomic(Step::Kind kind, void const volatile* word, std::size_t bytes, int order);
  // The load that was told of last saw another value than memory holds.
  void saw(std::uint64_t value) noexcept;
  void plain(void const volatile* address, std::size_t bytes, AccessKind kind);
  void level(Step::Kind kind);
  void requested(unsigned processor, KIRQL level);
  void changed(std::uint64_t to_id);
  void deviated(std::string_view note);
  void passed(Step::Kind kind, std::string_view note, std::uint64_t place);

  [[nodiscard]] std::deque<Step>& steps() noexcept { return steps_; }
  [[nodiscard]] std::vector<Thing>& things() noexcept { return things_; }

 private:
  static constexpr std::size_t most = 20'000;

  Step& add(Step::Kind kind);
  void finish_last() noexcept;
  void name_things(Window const& window);
  [[nodiscard]] bool looks_at(std::uintptr_t address, std::size_t bytes) const noexcept;

  static constinit thread_local Recorder* living_;
  static constinit thread_local Recorder* watching_;

  std::uintptr_t address_;
  std::size_t bytes_;
  Window const* window_ = nullptr;
  std::uint64_t number_ = 0;
  std::deque<Step> steps_;
  std::vector<Thing> things_;
};

inline void tell_recorder(Step::Kind kind, void const volatile* word, std::size_t bytes,
                          int order) {
  if (Recorder* const recorder = Recorder::watching()) recorder->atomic(kind, word, bytes, order);
}

struct Recording {
  unsigned processors = 0;
  Schedule schedule;
  Execution execution;
  std::vector<Step> steps;
  std::vector<Thing> things;
};

// Makes the execution again and records it.
[[nodiscard]] Recording record(Scenario const& scenario, Schedule const& schedule);

}  // namespace mica::explore
