// Who finds that its reference is the only one may write: but what the last other owner did before
// it let go is not before that, because the count was read with a relaxed load. The correction
// acquires.
//   Jourdan, "Insufficient synchronization in Arc::get_mut", rust-lang/rust issue 51780, 2018.
#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
void drop_and_get(Window& window) {
  constexpr auto looking = mended ? std::memory_order_acquire : std::memory_order_relaxed;
  std::atomic<int> references{2};
  int value = 0;
  auto program = [&](unsigned number) {
    if (number == 0) {
      ++value;
      references.fetch_sub(1, std::memory_order_release);
      return;
    }
    if (references.load(looking) == 1) ++value;
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: the only reference is not after the others", drop_and_get,
               .id = "unique-reference", .system = "Rust's Arc",
               .bug = "get_mut looks at the count with a relaxed load",
               .described = "Jourdan, Rust issue 51780, 2018",
               .address = "https://github.com/rust-lang/rust/issues/51780",
               .verdict = Verdict::race)
