// A stack by compare-and-swap: who pops reads the first element and its successor, and is held up;
// meanwhile both are popped and the first comes back. The exchange succeeds, and what it makes the
// first element is in somebody's hands. The correction counts exchanges in the word.
//   Treiber's stack of 1986; the problem and its cures: Michael, "Hazard pointers: safe memory
//   reclamation for lock-free objects", IEEE Transactions on Parallel and Distributed Systems 15
//   (2004).
#include "parts.hpp"

using namespace mica::explore;

namespace {

constexpr std::uint64_t one_turn = 1 << 8;

// Elements have numbers from 1; 0 ends the list.
template <bool mended>
class Stack {
 public:
  Stack() noexcept : first_{1} {}
  unsigned pop() noexcept {
    std::uint64_t seen = first_;
    std::uint64_t wanted = 0;
    do {
      if (element(seen) == 0) return 0;
      wanted = next_[element(seen)] + turn(seen);
    } while (!first_.compare_exchange_strong(seen, wanted));
    return element(seen);
  }
  void push(unsigned number) noexcept {
    std::uint64_t seen = first_;
    do next_[number] = element(seen);
    while (!first_.compare_exchange_strong(seen, number + turn(seen)));
  }
  [[nodiscard]] unsigned first() const noexcept { return element(first_); }

 private:
  static unsigned element(std::uint64_t word) noexcept {
    return static_cast<unsigned>(word % one_turn);
  }
  static std::uint64_t turn(std::uint64_t word) noexcept {
    return mended ? word - element(word) + one_turn : 0;
  }
  std::atomic<std::uint64_t> first_;
  std::atomic<unsigned> next_[4] = {0, 2, 3, 0};
};

template <bool mended>
void pop_and_recycle(Window& window) {
  Stack<mended> stack;
  std::atomic<unsigned> popped{0}, kept{0};
  auto program = [&](unsigned number) {
    if (number == 0) {
      popped = stack.pop();
      return;
    }
    unsigned const lent = stack.pop();
    kept = stack.pop();
    stack.push(lent);
  };
  run_high(window, 2, program);
  MICA_CHECK(popped != kept);
  MICA_CHECK(stack.first() != kept);
}

}  // namespace

MICA_PUBLISHED("Published: an element of a lock-free stack comes back while another pops",
               pop_and_recycle, .id = "free-list", .system = "Treiber's stack",
               .bug = "compare-and-swap takes the same element for an unchanged stack (ABA)",
               .described = "Michael, IEEE TPDS 2004",
               .address = "https://doi.org/10.1109/TPDS.2004.8", .verdict = Verdict::assertion)
