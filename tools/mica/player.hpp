// Performs a script in a System.
//
// Rules
//   perform() is called in a system thread at PASSIVE_LEVEL; its own memory is the host's.
//   Deterministic mode: no scheduling point is within what two threads of a script change.
#pragma once

#include <mica/system.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "script_request.hpp"

namespace mica::tool {

struct FailedExpectation {
  script::Place where;
  std::string expected;
  std::string found;
};

class Player {
 public:
  // `driver` is the DRIVER_OBJECT that `unload` unloads.
  Player(System& system, void* driver) noexcept : system_{system}, driver_{driver} {}
  Player(Player const&) = delete;
  Player& operator=(Player const&) = delete;

  // To the end of all its threads, or until an expectation fails. Then closes what is open.
  void perform(script::Script const& script);

  [[nodiscard]] unsigned held() const noexcept { return held_; }
  // One, if any; more if others were in the midst of a statement then.
  [[nodiscard]] std::vector<FailedExpectation> const& failures() const noexcept {
    return failures_;
  }
  // Whether the driver was unloaded, or will be when nothing uses it.
  [[nodiscard]] bool unloaded() const noexcept { return unloaded_; }
  // The statement that was begun last.
  [[nodiscard]] std::optional<script::Place> last() const noexcept { return last_; }

 private:
  struct ScriptThread {
    Player* player;
    script::Thread const* script;
    HANDLE handle;
  };

  void play(std::vector<script::Statement> const& statements);
  static void NTAPI play_thread(void* thread);
  void close_all();

  void act(script::Place where, script::Open const& open);
  void act(script::Place where, script::Request const& asked);
  void act(script::Place where, script::Wait const& wait);
  void act(script::Place where, script::ExpectPending const& expect);
  void act(script::Place where, script::ExpectLog const& expect);
  void act(script::Place where, script::Advance const& advance);
  void act(script::Place where, script::Close const& close);
  void act(script::Place where, script::Unplug const& unplug);
  void act(script::Place where, script::Unload const& unload);
  void act(script::Place where, script::Thread const& thread);

  // Null, and that is a failure: it was not opened, or is closed.
  [[nodiscard]] HANDLE file(script::Place where, std::string const& name);
  void end(script::Place where, ScriptRequest const& request, script::Time patience,
           script::Expectation const& expected);
  void end_thread(script::Place where, HANDLE thread, script::Time patience);
  void judge(script::Place where, script::Expectation const& expected, Came const& came);
  void expect(bool holds, script::Place where, std::string expected, std::string found);

  System& system_;
  void* const driver_;
  std::map<std::string, HANDLE> files_;
  std::map<std::string, std::unique_ptr<ScriptRequest>> requests_;
  std::map<std::string, std::unique_ptr<ScriptThread>> threads_;
  std::vector<FailedExpectation> failures_;
  std::optional<script::Place> last_;
  unsigned held_ = 0;
  bool unloaded_ = false;
};

}  // namespace mica::tool
