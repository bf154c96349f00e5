// The threads and DPCs of a scenario.
//   Threads gather at a gate while the window is closed, so that their creation is the same in
//   every execution. run() opens the window and the gate, queues the DPCs, waits until every
//   finisher and every DPC is done and all that runs is at rest, and closes the window. A thread
//   that is no finisher may still wait then; the scenario ends its wait before the team is joined.
//   Keeps nothing in the host's heap: an execution may go on from where the window opened.
#pragma once

#include <mica/test.hpp>

#include <atomic>

#include "explore/window.hpp"

namespace mica::explore {

struct Member {
  int processor = -1;  // -1: any
  KPRIORITY priority = 8;
  bool finisher = true;
};

class Team {
 public:
  static constexpr int most = 8;

  explicit Team(Window& window) noexcept;
  ~Team();
  Team(Team const&) = delete;
  Team& operator=(Team const&) = delete;

  // `body` outlives the team.
  template <class Body>
  void add(Body& body, Member member = {}) noexcept {
    add([](void* argument) { (*static_cast<Body*>(argument))(); }, &body, member);
  }
  void add(void (*body)(void*), void* argument, Member member) noexcept;
  void add_dpc(void (*body)(void*), void* argument, int processor) noexcept;
  void run() noexcept;
  [[nodiscard]] int count() const noexcept { return count_; }
  [[nodiscard]] int dpcs() const noexcept { return dpcs_; }
  [[nodiscard]] PKTHREAD thread(int index) const noexcept {
    return test::object_of(seats_[index].thread);
  }
  [[nodiscard]] PKDPC dpc(int index) noexcept { return &errands_[index].dpc; }

 private:
  struct Seat {
    Team* team;
    void (*body)(void*);
    void* argument;
    bool finisher;
    test::Thread* thread;
  };
  struct Errand {
    Team* team;
    void (*body)(void*);
    void* argument;
    KDPC dpc;
  };

  static void enter(void* seat) noexcept;
  static void NTAPI perform(PKDPC dpc, PVOID errand, PVOID, PVOID) noexcept;

  Window& window_;
  Seat seats_[most] = {};
  Errand errands_[most] = {};
  int count_ = 0;
  int dpcs_ = 0;
  std::atomic<int> gathered_{0};
  KEVENT gate_;
  KSEMAPHORE done_;
};

}  // namespace mica::explore
