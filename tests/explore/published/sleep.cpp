// A kernel thread looks at a list, finds it empty, says that it sleeps, and gives up its processor.
// Who filled the list and woke it in between woke somebody who was awake. The correction says first
// and looks then.
//   Sovani, "Kernel Korner: Sleeping in the Kernel", Linux Journal 137 (2005), "Lost Wake-Up
//   Problem".
#include "parts.hpp"

using namespace mica::explore;

namespace {

struct Task {
  enum State : int { running, asleep };
  std::atomic<int> state{running};

  void schedule() noexcept {
    if (state == asleep) spin_while(state, asleep);
  }
  void wake() noexcept { state = running; }
};

template <bool mended>
void take_and_give(Window& window) {
  Task task;
  Lock lock;
  int items = 0;
  auto is_empty = [&] {
    Held held{lock};
    return items == 0;
  };
  auto program = [&](unsigned number) {
    if (number == 1) {
      {
        Held held{lock};
        ++items;
      }
      return task.wake();
    }
    if (mended) task.state = Task::asleep;
    if (is_empty()) {
      if (!mended) task.state = Task::asleep;
      task.schedule();
    }
    task.state = Task::running;
    MICA_CHECK(!is_empty());
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a wake comes between a look at the list and the sleep", take_and_give,
               .id = "sleep", .system = "Linux",
               .bug = "TASK_INTERRUPTIBLE is set after the condition was looked at",
               .described = "Sovani, Linux Journal 2005",
               .address = "https://www.linuxjournal.com/article/8144", .verdict = Verdict::deadlock)
