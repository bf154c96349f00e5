// A waiter of a condition variable sets a word to 1 and sleeps while it is 1; a signal sets it to
// 0. If another waiter sets it to 1 again before the first has fallen asleep, the first misses its
// signal. The correction stores who waits.
//   Felker, musl's change "fix ABA race in cond vars, improve them overall", 2011.
#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
class Condition {
 public:
  // Under the lock; what is returned is for sleep().
  int announce(int who) noexcept {
    block_ = mended ? who : 1;
    return block_;
  }
  void sleep(int announced) noexcept { futex_.wait(block_, announced); }
  void signal() noexcept {
    block_ = 0;
    futex_.wake(1);
  }

 private:
  std::atomic<int> block_{0};
  Futex futex_;
};

// The first waits, and is signalled; then the second waits, and is signalled.
template <bool mended>
void wait_in_turn(Window& window) {
  Condition<mended> condition;
  std::atomic<int> waiting{0};
  auto wait_as = [&](int who) {
    int const announced = condition.announce(who);
    waiting = who;
    condition.sleep(announced);
  };
  auto program = [&](unsigned number) {
    switch (number) {
      case 0:
        return wait_as(1);
      case 1:
        spin_while(waiting, 0);
        condition.signal();
        return wait_as(2);
      default:
        spin_while(waiting, 0);
        spin_while(waiting, 1);
        condition.signal();
    }
  };
  run_high(window, 3, program);
}

}  // namespace

MICA_PUBLISHED("Published: a second waiter hides the signal from the first", wait_in_turn,
               .id = "condition", .system = "musl",
               .bug = "condition variable: the word of a signalled waiter is as before (ABA)",
               .described = "Felker, musl, 2011",
               .address =
                   "https://git.musl-libc.org/cgit/musl/commit/"
                   "?id=97c5b5a87c3d9df54278e1073d6177f77536bd32",
               .verdict = Verdict::deadlock, .processors = 3)
