// A thread uses the variable that its creator stores the new thread in: it may run before that. The
// correction makes it wait until the creator has said so.
//   Mozilla's nsThread, in Lu and others, "Learning from mistakes: a comprehensive study on real
//   world concurrency bug characteristics", ASPLOS 2008.
#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
void create(Window& window) {
  std::atomic<int> created{0}, told{0};
  std::atomic<int*> thread{nullptr};
  int state = 1;
  auto program = [&](unsigned number) {
    if (number == 0) {
      created = 1;
      thread = &state;
      told = 1;
      return;
    }
    spin_while(created, 0);
    if (mended) spin_while(told, 0);
    MICA_CHECK(thread.load() != nullptr);
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a thread runs before its creator knows it", create, .id = "thread-start",
               .system = "Mozilla",
               .bug = "a new thread uses what its creator stores after creating it",
               .described = "Lu and others, ASPLOS 2008",
               .address = "https://doi.org/10.1145/1346281.1346323", .verdict = Verdict::assertion)
