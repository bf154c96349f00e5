// Performs a script in a System.
//
// Rules
//   perform() and settle_down() are called in a system thread at PASSIVE_LEVEL; their own memory is
//   the host's. Deterministic mode: what two threads of a script change has no scheduling point in
//   it.
#pragma once

#include <mica/driver.hpp>
#include <nt/ntifs.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "script/script.hpp"

namespace mica::tool {

struct FailedExpectation {
  script::Place where;
  std::string expected;
  std::string found;
};

class Player {
 public:
  // `driver` is a DRIVER_OBJECT that stays while the script is performed, but for `unload`.
  Player(System& system, void* driver);
  Player(Player const&) = delete;
  Player& operator=(Player const&) = delete;
  ~Player();

  // To the end of all its threads, or to the first expectation that fails. Then closes what is
  // open.
  void perform(script::Script const& script);

  [[nodiscard]] unsigned held() const noexcept { return held_; }
  // None or one, but for threads that were in the midst of a statement when another's failed.
  [[nodiscard]] std::vector<FailedExpectation> const& failures() const noexcept {
    return failures_;
  }
  // What the script's unload came to; nothing if it has none.
  [[nodiscard]] std::optional<NTSTATUS> const& unloaded() const noexcept { return unloaded_; }
  // What was performed last, in the order in which its threads came to it.
  [[nodiscard]] script::Place last() const noexcept { return last_; }

 private:
  struct Request;
  struct ScriptThread;
  struct Came;  // what a request came to

  void play(std::vector<script::Statement> const& statements);
  static void NTAPI play_thread(void* thread);

  void do_it(script::Place where, script::Open const& open);
  void do_it(script::Place where, script::Request const& request);
  void do_it(script::Place where, script::Wait const& wait);
  void do_it(script::Place where, script::ExpectPending const& expect);
  void do_it(script::Place where, script::ExpectLog const& expect);
  void do_it(script::Place where, script::Advance const& advance);
  void do_it(script::Place where, script::Close const& close);
  void do_it(script::Place where, script::Unload const& unload);
  void do_it(script::Place where, script::Thread const& thread);

  [[nodiscard]] bool wait_for_request(script::Place where, Request& request, script::Time patience);
  void judge(script::Place where, script::Expectation const& expected, Came const& came);
  void held_or(bool held, script::Place where, std::string expected, std::string found);
  void fail(script::Place where, std::string expected, std::string found);
  void close_all();

  System& system_;
  void* driver_;
  std::map<std::string, HANDLE> files_;
  std::map<std::string, std::unique_ptr<Request>> requests_;
  std::vector<std::unique_ptr<Request>> ended_;  // their buffers may be the driver's still
  std::map<std::string, std::unique_ptr<ScriptThread>> threads_;
  std::vector<FailedExpectation> failures_;
  std::optional<NTSTATUS> unloaded_;
  script::Place last_{};
  unsigned held_ = 0;
};

}  // namespace mica::tool
