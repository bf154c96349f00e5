// A channel is closed and deleted by one thread while a worker, which closing does not wait for, is
// about to take the channel's lock. The correction waits for the worker to leave.
//   Dryad's channel, in Musuvathi, Qadeer, "Iterative context bounding for systematic testing of
//   multithreaded programs", PLDI 2007, figure 3.
#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
void close_and_alert(Window& window) {
  Lock lock;
  std::atomic<int> ended{0}, left{0}, deleted{0};
  auto program = [&](unsigned number) {
    if (number == 0) {
      spin_while(ended, 0);
      if (mended) spin_while(left, 0);
      deleted = 1;
      return;
    }
    ended = 1;  // of the stream: whoever closes goes on
    MICA_CHECK(deleted == 0);
    lock.lock();
    lock.unlock();
    MICA_CHECK(deleted == 0);
    left = 1;
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a channel is deleted under its worker", close_and_alert, .id = "channel",
               .system = "Dryad",
               .bug = "closing a channel does not wait for who is about to take its lock",
               .described = "Musuvathi, Qadeer, PLDI 2007",
               .address = "https://doi.org/10.1145/1250734.1250785", .verdict = Verdict::assertion)
