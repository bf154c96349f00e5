// Intrusive circular lists over LIST_ENTRY. The caller holds whatever lock guards the list.
#pragma once

#include <nt/ntdef.h>

#include <cstddef>

namespace mica {

inline void list_initialize(LIST_ENTRY& head) noexcept {
  head.Flink = head.Blink = &head;
}

[[nodiscard]] inline bool list_empty(LIST_ENTRY const& head) noexcept {
  return head.Flink == &head;
}

inline void list_insert_between(LIST_ENTRY& before, LIST_ENTRY& entry, LIST_ENTRY& after) noexcept {
  entry.Blink = &before;
  entry.Flink = &after;
  before.Flink = &entry;
  after.Blink = &entry;
}

inline void list_append(LIST_ENTRY& head, LIST_ENTRY& entry) noexcept {
  list_insert_between(*head.Blink, entry, head);
}

inline void list_prepend(LIST_ENTRY& head, LIST_ENTRY& entry) noexcept {
  list_insert_between(head, entry, *head.Flink);
}

// Unlinks and clears the entry's own links, so that a second removal faults at once.
inline void list_remove(LIST_ENTRY& entry) noexcept {
  entry.Flink->Blink = entry.Blink;
  entry.Blink->Flink = entry.Flink;
  entry.Flink = entry.Blink = nullptr;
}

[[nodiscard]] inline LIST_ENTRY* list_pop_front(LIST_ENTRY& head) noexcept {
  if (list_empty(head)) return nullptr;
  LIST_ENTRY* const entry = head.Flink;
  list_remove(*entry);
  return entry;
}

// The structure whose member is at `member`: CONTAINING_RECORD with the types checked.
template <class Owner, class Member>
[[nodiscard]] Owner& containing(Member& member, std::size_t offset) noexcept {
  return *reinterpret_cast<Owner*>(reinterpret_cast<char*>(&member) - offset);
}
#define MICA_CONTAINING(entry, Owner, member) \
  (::mica::containing<Owner>((entry), __builtin_offsetof(Owner, member)))

}  // namespace mica
