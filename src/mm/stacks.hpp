// Kernel stacks of one size, unmapped memory below each, and tops that do not share cache sets.
//
// Rules
//   allocate, release: IRQL <= DISPATCH_LEVEL; never block. Lock: stacks.
//   A released stack is nobody's: its thread was switched away from for good. Some are kept for the
//   next thread.
#pragma once

#include "mm/system_space.hpp"

namespace mica::mm {

class Stacks {
 public:
  // Stacks of `bytes` each; of those that nobody uses up to `kept_limit` are kept.
  void NTAPI initialize(SystemSpace& space, std::size_t bytes, unsigned kept_limit) noexcept;

  // base is nullptr if there is no memory for it.
  [[nodiscard]] hal::Stack NTAPI allocate() noexcept;
  void NTAPI release(hal::Stack stack) noexcept;
  // Gives back what is kept.
  void NTAPI trim() noexcept;

 private:
  struct Kept;

  [[nodiscard]] hal::Stack create() noexcept;
  void destroy(std::byte* base) noexcept;

  ke::SpinLock<ke::Rank::stacks> lock_;
  Kept* kept_ MICA_GUARDED_BY(lock_);
  unsigned kept_count_ MICA_GUARDED_BY(lock_);
  unsigned created_ MICA_GUARDED_BY(lock_);
  SystemSpace* space_;
  std::size_t body_pages_;
  unsigned kept_limit_;
};

}  // namespace mica::mm
