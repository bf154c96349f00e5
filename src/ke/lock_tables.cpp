#include "ke/lock_tables.hpp"

#include "base/types.hpp"

namespace mica::ke {
namespace {

std::uintptr_t page_of(void const* address) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) / page_size;
}

}  // namespace

std::size_t LockTables::bucket_of(std::uintptr_t page) noexcept {
  return static_cast<std::size_t>(page % buckets);
}

LockIndex LockTables::find(void const* lock) const noexcept {
  LockIndex index = pages_[bucket_of(page_of(lock))];
  while (index != 0 && locks_[index].lock != lock) index = locks_[index].next;
  return index;
}

LockIndex LockTables::find_within(void const* memory, std::size_t bytes) const noexcept {
  auto const* const begin = static_cast<std::byte const*>(memory);
  auto const* const end = begin + bytes;
  for (std::uintptr_t page = page_of(begin); page <= page_of(end - 1); ++page)
    for (LockIndex index = pages_[bucket_of(page)]; index != 0; index = locks_[index].next) {
      auto const* const at = static_cast<std::byte const*>(locks_[index].lock);
      if (at >= begin && at < end) return index;
    }
  return 0;
}

LockIndex LockTables::learn(void const* lock, LockKind kind, void const* place) noexcept {
  LockIndex const index = checked(locks_.take());
  if (index == 0) return 0;
  LockIndex& bucket = pages_[bucket_of(page_of(lock))];
  KnownLock& known = locks_[index];
  known.lock = lock;
  known.kind = kind;
  known.by_place = place == nullptr ? LockIndex{0} : checked(graph.class_of(place, true, kind));
  known.next = bucket;
  bucket = index;
  return index;
}

void LockTables::forget(LockIndex lock) noexcept {
  KnownLock const known = locks_[lock];
  while (LockIndex const record = known.holders == 0 ? LockIndex{0} : find_holder(known.lock, {}))
    let_go(record);
  if (known.by_itself != 0) graph.forget(known.by_itself);
  LockIndex* link = &pages_[bucket_of(page_of(known.lock))];
  while (*link != lock) link = &locks_[*link].next;
  *link = known.next;
  locks_.give(lock);
}

LockIndex LockTables::own_class(LockIndex lock) noexcept {
  KnownLock& known = locks_[lock];
  if (known.by_itself == 0) {
    known.by_itself = checked(graph.class_of(known.lock, false, known.kind));
    if (known.by_itself != 0) graph[known.by_itself].levels = known.levels;
  }
  return known.by_itself;
}

LockTables::Classes LockTables::own_classes(LockIndex outer, LockIndex inner) noexcept {
  return {own_class(outer), own_class(inner)};
}

LockTables::Classes LockTables::place_classes(LockIndex outer, LockIndex inner) noexcept {
  LockIndex const outside = locks_[outer].by_place;
  LockIndex const inside = locks_[inner].by_place;
  if (outside == inside) return {};
  return {outside != 0 ? outside : own_class(outer), inside != 0 ? inside : own_class(inner)};
}

LockIndex LockTables::hold(HeldLock const& record) noexcept {
  LockIndex const index = checked(held_.take());
  if (index == 0) return 0;
  held_[index] = record;
  held_[index].next = *record.first;
  *record.first = index;
  ++locks_[find(record.place.lock)].holders;
  return index;
}

LockIndex LockTables::find_held(LockIndex first, void const* lock, KIRQL context) const noexcept {
  while (first != 0 && (held_[first].place.lock != lock || held_[first].context != context))
    first = held_[first].next;
  return first;
}

LockIndex LockTables::find_holder(void const* lock, void const* thread) const noexcept {
  for (LockIndex index = 1; index <= held_.reached(); ++index)
    if (held_[index].place.lock == lock && (thread == nullptr || held_[index].thread == thread))
      return index;
  return 0;
}

void LockTables::let_go(LockIndex record) noexcept {
  LockIndex* link = held_[record].first;
  while (*link != record) link = &held_[*link].next;
  *link = held_[record].next;
  --locks_[find(held_[record].place.lock)].holders;
  held_.give(record);
}

void LockTables::let_all_go() noexcept {
  for (LockIndex index = 1; index <= held_.reached(); ++index)
    if (held_[index].first != nullptr) *held_[index].first = 0;
}

}  // namespace mica::ke
