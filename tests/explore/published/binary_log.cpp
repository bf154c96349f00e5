// The server's log is closed and opened again as another file: a statement that ends in between
// finds it closed and is not logged. The correction does both under the log's lock.
//   MySQL bug 791, 2003; one of those in Lu and others, "Learning from mistakes: a comprehensive
//   study on real world concurrency bug characteristics", ASPLOS 2008.
#include "parts.hpp"

using namespace mica::explore;

namespace {

enum LogState : int { closed, open };

template <bool mended>
void insert_and_rotate(Window& window) {
  std::atomic<int> state{open}, logged{0};
  Lock lock;
  auto rotate = [&] {
    state = closed;
    state = open;
  };
  auto insert = [&] {
    if (state != closed) ++logged;
  };
  auto program = [&](unsigned number) {
    if (!mended) return number == 0 ? rotate() : insert();
    Held held{lock};
    number == 0 ? rotate() : insert();
  };
  run_high(window, 2, program);
  MICA_CHECK(logged == 1);
}

}  // namespace

MICA_PUBLISHED("Published: an insert meets the rotation of the binary log", insert_and_rotate,
               .id = "binary-log", .system = "MySQL",
               .bug = "the log is closed for a moment, and who looks then logs nothing",
               .described = "MySQL bug 791, 2003",
               .address = "https://bugs.mysql.com/bug.php?id=791", .verdict = Verdict::assertion)
