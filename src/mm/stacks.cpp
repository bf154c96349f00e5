#include "mm/stacks.hpp"

#include "mm/poison.hpp"

namespace mica::mm {

namespace {

constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + page_size - 1) >> page_shift;
}

// One page more than asked for: tops are moved down within it, so that the busiest lines of
// different stacks fall into different cache sets.
constexpr std::size_t guard_pages = round_up(Machine::stack_guard);
constexpr std::size_t body_pages = round_up(Machine::stack_size) + 1;
constexpr std::size_t body_bytes = body_pages << page_shift;
constexpr unsigned colours = 16;
constexpr std::size_t colour_bytes = page_size / colours;
constexpr unsigned kept_limit = 32;

}  // namespace

// At the base of a stack that is kept.
struct Stacks::Kept {
  Kept* next;
  std::size_t bytes;
};

hal::Stack Stacks::allocate() noexcept {
  if (Machine::memory_is_short()) return {};
  Kept* kept;
  {
    ke::SpinGuard<ke::Rank::stacks> guard{lock_};
    kept = kept_;
    if (kept != nullptr) {
      kept_ = kept->next;
      --kept_count_;
    }
  }
  if (kept == nullptr) return create();
  std::size_t const bytes = kept->bytes;
  unpoison(kept, bytes);
  return {kept, bytes};
}

void Stacks::release(hal::Stack stack) noexcept {
  auto* const kept = static_cast<Kept*>(stack.base);
  unpoison(kept, stack.bytes);
  {
    ke::SpinGuard<ke::Rank::stacks> guard{lock_};
    if (kept_count_ < kept_limit) {
      *kept = {kept_, stack.bytes};
      poison(kept + 1, stack.bytes - sizeof(Kept));
      kept_ = kept;
      ++kept_count_;
      return;
    }
  }
  destroy(static_cast<std::byte*>(stack.base));
}

void Stacks::trim() noexcept {
  Kept* kept;
  {
    ke::SpinGuard<ke::Rank::stacks> guard{lock_};
    kept = kept_;
    kept_ = nullptr;
    kept_count_ = 0;
  }
  while (kept != nullptr) {
    Kept* const next = kept->next;
    unpoison(kept, kept->bytes);
    destroy(reinterpret_cast<std::byte*>(kept));
    kept = next;
  }
}

hal::Stack Stacks::create() noexcept {
  std::byte* const range = space_->reserve(guard_pages + body_pages);
  if (range == nullptr) return {nullptr, 0};
  std::byte* const base = range + (guard_pages << page_shift);
  if (!space_->populate(base, body_pages)) {
    space_->release(range, guard_pages + body_pages);
    return {nullptr, 0};
  }
  ke::SpinGuard<ke::Rank::stacks> guard{lock_};
  return {base, body_bytes - created_++ % colours * colour_bytes};
}

void Stacks::destroy(std::byte* base) noexcept {
  space_->depopulate(base, body_pages);
  space_->release(base - (guard_pages << page_shift), guard_pages + body_pages);
}

}  // namespace mica::mm
