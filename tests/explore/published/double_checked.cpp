// A singleton is made under a lock and looked for without it: who finds the pointer has not
// acquired what it points to. The correction releases it and acquires it.
//   Bacon and others, "The 'Double-Checked Locking is Broken' Declaration", about 2000.
#include "parts.hpp"

using namespace mica::explore;

namespace {

struct Helper {
  int value = 0;
};

template <bool mended>
class Singleton {
 public:
  Helper& get() noexcept {
    Helper* found = helper_.load(looking);
    if (found) return *found;
    Held held{lock_};
    if (!helper_.load(std::memory_order_relaxed)) {
      storage_.value = 42;
      helper_.store(&storage_, publishing);
    }
    return storage_;
  }

 private:
  static constexpr auto looking = mended ? std::memory_order_acquire : std::memory_order_relaxed;
  static constexpr auto publishing = mended ? std::memory_order_release : std::memory_order_relaxed;
  Lock lock_;
  std::atomic<Helper*> helper_{nullptr};
  Helper storage_;
};

template <bool mended>
void get_twice(Window& window) {
  Singleton<mended> singleton;
  auto program = [&](unsigned) { MICA_CHECK(singleton.get().value == 42); };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: double-checked locking publishes what is not initialised", get_twice,
               .id = "double-checked", .system = "Java and C++ programs",
               .bug = "double-checked locking without release and acquire",
               .described = "Bacon and others, about 2000",
               .address = "https://www.cs.umd.edu/~pugh/java/memoryModel/DoubleCheckedLocking.html",
               .verdict = Verdict::race)
