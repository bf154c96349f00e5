// A bounded buffer with one condition: a put wakes the longest waiting, which may be somebody else
// who wants to put, and then all wait. The correction wakes everybody.
//   Cargill, "Extreme Programming Challenge Fourteen", wiki.c2.com, about 2000.
#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
class Buffer {
 public:
  void put() noexcept { change(1); }
  void take() noexcept { change(0); }

 private:
  void change(int to) noexcept {
    for (;;) {
      int seat = 0;
      {
        Held held{lock_};
        if (items_ != to) {
          items_ = to;
          return notify();
        }
        seat = taken_++;
      }
      spin_while(woken_[seat], 0);
    }
  }
  void notify() noexcept {
    for (int count = mended ? most : 1; count > 0 && left_ < taken_; --count) woken_[left_++] = 1;
  }

  static constexpr int most = 16;
  Lock lock_;
  int items_ = 1;  // of one
  int taken_ = 0;
  int left_ = 0;
  std::atomic<int> woken_[most]{};
};

template <bool mended>
void put_and_take(Window& window) {
  Buffer<mended> buffer;
  auto program = [&](unsigned number) {
    if (number != 2) return buffer.put();
    for (int i = 0; i < 3; ++i) buffer.take();
  };
  run_high(window, 3, program);
}

}  // namespace

MICA_PUBLISHED("Published: a bounded buffer notifies the wrong one", put_and_take,
               .id = "bounded-buffer", .system = "Java programs",
               .bug = "notify wakes one who waits for something else",
               .described = "Cargill, about 2000",
               .address = "https://wiki.c2.com/?ExtremeProgrammingChallengeFourteen",
               .verdict = Verdict::deadlock, .processors = 3, .bound = 1)
