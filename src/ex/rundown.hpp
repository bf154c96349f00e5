// A count of those who hold protection, in one word.
//   Twice the number while anybody may get it: even. Odd once it is run down: above bit 0 stands
//   the waiter that counts on, on the stack of who waits, until all have released; then nothing.
//   A cache-aware reference is several words with one waiter: any of them may be negative, because
//   a thread may release on another processor than it acquired on; only their sum counts.
#pragma once

#include <nt/ex/rundown.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "ke/bugcheck.hpp"

namespace mica::ex {

// Counts what is left once the words name it. Begins at zero and falls with each release; what the
// words held is added when all of them name it. So it comes to zero once, when all have released.
struct RundownWaiter {
  std::atomic<LONGLONG> left{0};
  KEVENT released;
};

using RundownWord = std::atomic_ref<ULONG_PTR>;

[[nodiscard]] inline RundownWord word_of(EX_RUNDOWN_REF& reference) noexcept {
  return RundownWord{const_cast<ULONG_PTR&>(reference.Count)};
}

inline constexpr ULONG_PTR run_down = EX_RUNDOWN_ACTIVE;

[[nodiscard]] inline bool acquire(RundownWord word, ULONG count) noexcept {
  ULONG_PTR seen = word.load(std::memory_order_relaxed);
  do
    if ((seen & run_down) != 0) return false;
  while (!word.compare_exchange_weak(seen, seen + ULONG_PTR{count} * EX_RUNDOWN_COUNT_INC,
                                     std::memory_order_acquire, std::memory_order_relaxed));
  return true;
}

[[noreturn]] void NTAPI reject_release() noexcept;
// `word` was run down while the caller held protection.
void NTAPI release_to_waiter(ULONG_PTR word, ULONG count) noexcept;

// Whether one word is a whole reference, or its part for one processor.
enum class Part : bool { whole, processor };

// Who finds a waiter's name finds the waiter made: hence the acquiring looks.
inline void release(RundownWord word, ULONG count, Part part) noexcept {
  ULONG_PTR const change = ULONG_PTR{count} * EX_RUNDOWN_COUNT_INC;
  ULONG_PTR seen = word.load(std::memory_order_acquire);
  do {
    if ((seen & run_down) != 0) return release_to_waiter(seen, count);
    if (part == Part::whole && seen < change) [[unlikely]]
      reject_release();
  } while (!word.compare_exchange_weak(seen, seen - change, std::memory_order_release,
                                       std::memory_order_acquire));
}

// A word in a cache line of its own, or alone.
struct alignas(64) RundownLine {
  EX_RUNDOWN_REF reference;
};

// Runs a reference down: returns when nobody holds protection. Its first word decides who does it;
// `more` are its others.
void NTAPI wait_for_release(EX_RUNDOWN_REF& first, std::span<RundownLine> more) noexcept;

}  // namespace mica::ex
