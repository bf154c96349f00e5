// A sequence lock's reader takes plain values and believes them if the number has not changed: but
// plain loads that meet stores are races, whatever is thrown away later. The correction reads and
// writes relaxed atomics between fences.
//   Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
#include "parts.hpp"

using namespace mica::explore;

namespace {

// Plain or relaxed.
template <bool mended>
class Cell {
 public:
  void set(int value) noexcept {
    if constexpr (mended)
      value_.store(value, std::memory_order_relaxed);
    else
      value_ = value;
  }
  [[nodiscard]] int get() const noexcept {
    if constexpr (mended)
      return value_.load(std::memory_order_relaxed);
    else
      return value_;
  }

 private:
  std::conditional_t<mended, std::atomic<int>, int> value_{0};
};

template <bool mended>
void read_and_write(Window& window) {
  std::atomic<unsigned> sequence{0};
  Cell<mended> first, second;
  auto program = [&](unsigned number) {
    if (number == 0) {
      sequence.store(1, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_release);
      first.set(1);
      second.set(1);
      sequence.store(2, std::memory_order_release);
      return;
    }
    unsigned const before = sequence.load(std::memory_order_acquire);
    int const one = first.get(), other = second.get();
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && sequence.load(std::memory_order_relaxed) == before)
      MICA_CHECK(one == other);
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a sequence lock's reader reads plain data", read_and_write,
               .id = "sequence-lock", .system = "C++ sequence locks",
               .bug = "plain loads meet the writer's stores before they are thrown away",
               .described = "Boehm, MSPC 2012",
               .address = "https://doi.org/10.1145/2247684.2247688", .verdict = Verdict::race)
