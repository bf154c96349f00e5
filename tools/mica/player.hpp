// Performs a script in a System.
//
// Rules
//   perform() is called in a system thread at PASSIVE_LEVEL; its own memory is the host's.
//   Deterministic mode: no scheduling point is within what two threads of a script change.
//   A System that ended its run in the midst of it leaves a Player that may only be asked.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mica/device.hpp>

#include "script_request.hpp"

namespace mica::tool {

struct FailedExpectation {
  script::Place where;
  std::string expected;
  std::string found;
};

// Who hears how a script goes, in the thread that performs it: its own, whose name is empty, or one
// of the script's.
class Audience {
 public:
  virtual void thread_begins(std::string const& name) = 0;
  virtual void begins(script::Statement const& statement) = 0;
  virtual void failed(FailedExpectation const& expectation) = 0;

 protected:
  ~Audience() = default;
};

class Player {
 public:
  // `driver` is the DRIVER_OBJECT that `unload` unloads.
  explicit Player(void* driver, Audience* audience = nullptr) noexcept
      : driver_{driver}, audience_{audience} {}
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
  // Which one each thread, by its name, has begun and not ended.
  [[nodiscard]] std::map<std::string, script::Place> const& current() const noexcept {
    return current_;
  }

 private:
  struct ScriptThread {
    Player* player;
    script::Thread const* script;
    HANDLE handle;
  };

  void play(std::string const& thread, std::vector<script::Statement> const& statements);
  static void NTAPI play_thread(void* thread);
  void close_all();

  void act(script::Place where, script::Open const& open);
  void act(script::Place where, script::Request const& asked);
  void act(script::Place where, script::Wait const& wait);
  void act(script::Place where, script::Cancel const& cancel);
  void act(script::Place where, script::ExpectPending const& expect);
  void act(script::Place where, script::ExpectLog const& expect);
  void act(script::Place where, script::ExpectRegister const& expected);
  void act(script::Place where, script::SetRegister const& set);
  void act(script::Place where, script::PutRegister const& put);
  void act(script::Place where, script::Interrupt const& interrupt);
  void act(script::Place where, script::Advance const& advance);
  void act(script::Place where, script::Close const& close);
  void act(script::Place where, script::Unplug const& unplug);
  void act(script::Place where, script::Unload const& unload);
  void act(script::Place where, script::Thread const& thread);

  // Null, and that is a failure: it was not opened, or is closed.
  [[nodiscard]] HANDLE file(script::Place where, std::string const& name);
  // Null, and that is a failure: it has not begun.
  [[nodiscard]] ScriptRequest* request(script::Place where, std::string const& name);
  // Null, and that is a failure: no device of that name is there, or it has no such register.
  [[nodiscard]] Registers* registers(script::Place where, script::RegisterName const& which);
  void expect_narrower(script::Place where, std::uint64_t value);
  void end(script::Place where, ScriptRequest const& request, script::Time patience,
           script::Expectation const& expected);
  void end_thread(script::Place where, HANDLE thread, script::Time patience);
  void judge(script::Place where, script::Expectation const& expected, Came const& came);
  void expect(bool holds, script::Place where, std::string expected, std::string found);

  void* const driver_;
  Audience* const audience_;
  std::map<std::string, HANDLE> files_;
  std::map<std::string, std::unique_ptr<ScriptRequest>> requests_;
  std::map<std::string, std::unique_ptr<ScriptThread>> threads_;
  std::vector<FailedExpectation> failures_;
  std::optional<script::Place> last_;
  std::map<std::string, script::Place> current_;
  unsigned held_ = 0;
  bool unloaded_ = false;
};

}  // namespace mica::tool
