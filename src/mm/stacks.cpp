#include "mm/stacks.hpp"

#include "mm/poison.hpp"

namespace mica::mm {

namespace {

constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + page_size - 1) >> page_shift;
}

constexpr std::size_t guard_pages = round_up(Machine::stack_guard);
constexpr std::size_t colour_bytes = page_size / 16;
// Left above every top: a stub of an import reads as many arguments as there may be
// (ldr/import_stub.S), also where a thread begins.
constexpr std::size_t headroom = 3 * colour_bytes;
constexpr unsigned colours = (page_size - headroom) / colour_bytes;

}  // namespace

// At the base of a stack that is kept.
struct Stacks::Kept {
  Kept* next;
  std::size_t bytes;
};

// One page more than asked for: tops are moved down within it, so that the busiest lines of
// different stacks fall into different cache sets.
void Stacks::initialize(SystemSpace& space, std::size_t bytes, unsigned kept_limit) noexcept {
  space_ = &space;
  body_pages_ = round_up(bytes) + 1;
  kept_limit_ = kept_limit;
}

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
    if (kept_count_ < kept_limit_) {
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
  std::byte* const range = space_->reserve(guard_pages + body_pages_);
  if (range == nullptr) return {nullptr, 0};
  std::byte* const base = range + (guard_pages << page_shift);
  if (!space_->populate(base, body_pages_)) {
    space_->release(range, guard_pages + body_pages_);
    return {nullptr, 0};
  }
  ke::SpinGuard<ke::Rank::stacks> guard{lock_};
  std::size_t const below = headroom + created_++ % colours * colour_bytes;
  return {base, (body_pages_ << page_shift) - below};
}

void Stacks::destroy(std::byte* base) noexcept {
  space_->depopulate(base, body_pages_);
  space_->release(base - (guard_pages << page_shift), guard_pages + body_pages_);
}

}  // namespace mica::mm
