// pthread_once exchanges its word for "in progress", and puts "done" back if that was there. Who
// exchanges meanwhile finds "in progress" and waits for a wake that nobody sends. The correction
// changes nothing but "new".
//   Felker, musl's change "fix deadlock race in pthread_once", 2014.
#include "parts.hpp"

using namespace mica::explore;

namespace {

enum Progress : int { is_new, in_progress, done };

template <bool mended>
class Once {
 public:
  void call() noexcept {
    for (;;) {
      switch (begin()) {
        case is_new:
          ++calls_;
          control_ = done;
          futex_.wake(8);
          return;
        case in_progress:
          futex_.wait(control_, in_progress);
          break;
        case done:
          if (!mended) control_ = done;
          return;
      }
    }
  }
  [[nodiscard]] int calls() const noexcept { return calls_; }

 private:
  int begin() noexcept {
    if (!mended) return control_.exchange(in_progress);
    int found = is_new;
    control_.compare_exchange_strong(found, in_progress);
    return found;
  }
  std::atomic<int> control_{is_new};
  Futex futex_;
  int calls_ = 0;
};

template <bool mended>
void call_thrice(Window& window) {
  Once<mended> once;
  auto program = [&](unsigned number) {
    once.call();
    if (number == 0) once.call();
  };
  run_high(window, 2, program);
  MICA_CHECK(once.calls() == 1);
}

}  // namespace

MICA_PUBLISHED("Published: a call of pthread_once takes a finished one for one in progress",
               call_thrice, .id = "once", .system = "musl",
               .bug = "pthread_once is in progress again for a moment, and nobody wakes who saw it",
               .described = "Felker, musl, 2014",
               .address =
                   "https://git.musl-libc.org/cgit/musl/commit/"
                   "?id=0d0c2f40344640a2a6942dda156509593f51db5d",
               .verdict = Verdict::deadlock)
