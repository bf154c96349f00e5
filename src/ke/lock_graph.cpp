#include "ke/lock_graph.hpp"

namespace mica::ke {

std::size_t LockGraph::bucket_of(void const* key) noexcept {
  // The upper bits of a product depend on all bits of the key.
  return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(key) * 0x9E37'79B9'7F4A'7C15) >>
                                  55);
}

LockIndex LockGraph::find(void const* key, bool initialized_at) const noexcept {
  LockIndex index = buckets_[bucket_of(key)];
  while (index != 0 &&
         (classes_[index].key != key || classes_[index].initialized_at != initialized_at))
    index = classes_[index].next;
  return index;
}

LockIndex LockGraph::class_of(void const* key, bool initialized_at, LockKind kind) noexcept {
  if (LockIndex const known = find(key, initialized_at); known != 0) return known;
  LockIndex const index = classes_.take();
  if (index == 0) return 0;
  LockIndex& bucket = buckets_[bucket_of(key)];
  LockClass& made = classes_[index];
  made.key = key;
  made.initialized_at = initialized_at;
  made.kind = kind;
  made.next = bucket;
  bucket = index;
  return index;
}

void LockGraph::remove_edges_to(LockIndex index) noexcept {
  for (LockIndex from = 1; from <= classes_.reached(); ++from) {
    for (LockIndex* link = &classes_[from].edges; *link != 0;) {
      LockIndex const edge = *link;
      if (edges_[edge].to != index) {
        link = &edges_[edge].next;
        continue;
      }
      *link = edges_[edge].next;
      edges_.give(edge);
    }
  }
}

void LockGraph::forget(LockIndex index) noexcept {
  remove_edges_to(index);
  while (classes_[index].edges != 0) {
    LockIndex const edge = classes_[index].edges;
    classes_[index].edges = edges_[edge].next;
    edges_.give(edge);
  }
  LockIndex* link = &buckets_[bucket_of(classes_[index].key)];
  while (*link != index) link = &classes_[*link].next;
  *link = classes_[index].next;
  classes_.give(index);
}

LockIndex LockGraph::edge_between(LockIndex from, LockIndex to) const noexcept {
  LockIndex index = classes_[from].edges;
  while (index != 0 && edges_[index].to != to) index = edges_[index].next;
  return index;
}

bool LockGraph::connect(LockEdge const& edge) noexcept {
  LockIndex const index = edges_.take();
  if (index == 0) return false;
  LockClass& from = classes_[edge.from];
  edges_[index] = edge;
  edges_[index].next = from.edges;
  from.edges = index;
  return true;
}

template <class Wanted>
LockIndex LockGraph::search(LockIndex from, By by, Wanted wanted) noexcept {
  std::uint32_t const search = ++searches_;
  std::size_t count = 0;
  queue_[count++] = from;
  classes_[from].seen = search;
  classes_[from].came_by = 0;
  for (std::size_t next = 0; next < count; ++next) {
    LockIndex const index = queue_[next];
    if (wanted(classes_[index])) return index;
    for (LockIndex edge = classes_[index].edges; edge != 0; edge = edges_[edge].next) {
      LockClass& to = classes_[edges_[edge].to];
      if (to.seen == search || (by == By::locks && to.initialized_at)) continue;
      to.seen = search;
      to.came_by = edge;
      queue_[count++] = edges_[edge].to;
    }
  }
  return 0;
}

bool LockGraph::leads(LockIndex from, LockIndex to, By by) noexcept {
  LockClass const* const wanted = &classes_[to];
  return search(from, by, [&](LockClass const& one) { return &one == wanted; }) != 0;
}

LockGraph::Conflict LockGraph::conflict() noexcept {
  for (LockIndex from = 1; from <= classes_.reached(); ++from) {
    KIRQL const level = classes_[from].levels.taken_from;
    if (level == 0) continue;
    LockClass const* const first = &classes_[from];
    LockIndex const held = search(from, By::locks, [&](LockClass const& one) {
      return &one != first && one.levels.open_to(level);
    });
    if (held != 0) return {from, held};
  }
  return {};
}

}  // namespace mica::ke
