// The threads of a scenario.
//   They gather at a gate while the window is closed, so that their creation is the same in every
//   execution. run() opens the window and the gate, waits until every finisher is done and all that
//   runs is at rest, and closes the window. A thread that is no finisher may still wait then; the
//   scenario ends its wait before the team is joined.
#pragma once

#include <machine.hpp>
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
  explicit Team(Window& window) noexcept;
  ~Team();
  Team(Team const&) = delete;
  Team& operator=(Team const&) = delete;

  // `body` outlives the team.
  template <class Body>
  void add(Body& body, Member member = {}) noexcept {
    add([](void* argument) { (*static_cast<Body*>(argument))(); }, &body, member);
  }
  void run() noexcept;
  [[nodiscard]] PKTHREAD thread(int index) const noexcept {
    return test::object_of(seats_[index].thread);
  }

 private:
  struct Seat {
    Team* team;
    void (*body)(void*);
    void* argument;
    bool finisher;
    test::Thread* thread;
  };
  static constexpr int most = 8;

  void add(void (*body)(void*), void* argument, Member member) noexcept;
  static void enter(void* seat) noexcept;

  Window& window_;
  Seat seats_[most] = {};
  int count_ = 0;
  std::atomic<int> gathered_{0};
  KEVENT gate_;
  KSEMAPHORE done_;
};

// A scheduling point between two accesses of a scenario's own: its plain code has none.
void point() noexcept;

// Spins at the caller's level while the word holds `seen`. A processor that spins so takes no step
// that means nothing: a policy that prefers it starves nobody.
template <class Word>
void spin_while(std::atomic<Word> const& word, std::type_identity_t<Word> seen) noexcept {
  do Machine::await(word, seen);
  while (word.load() == seen);
}

[[nodiscard]] inline LARGE_INTEGER relative(LONGLONG duration_100ns) noexcept {
  LARGE_INTEGER time;
  time.QuadPart = -duration_100ns;
  return time;
}

inline NTSTATUS wait(void* object) noexcept {
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr);
}

inline NTSTATUS wait(void* object, LONGLONG duration_100ns, BOOLEAN alertable = FALSE) noexcept {
  LARGE_INTEGER timeout = relative(duration_100ns);
  return KeWaitForSingleObject(object, Executive, KernelMode, alertable, &timeout);
}

inline constexpr LONGLONG tick_100ns = 156'250;

}  // namespace mica::explore
