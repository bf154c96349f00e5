// Which classes of locks were taken inside which, and at which levels.
//
// Rules
//   All of it is guarded by the lock of ke/lock_checks.hpp. Nothing is allocated: tables of a fixed
//   size, and what does not fit any more is not learned.
//   A class is one lock, or all that are initialised at one place. An edge leads from a class to
//   one that was taken, by somebody who would have waited for it, while the first was held. Between
//   two locks it goes when one of them does, between places it stays.
#pragma once

#include <nt/ke.h>

#include <array>
#include <cstdint>

namespace mica::ke {

enum class LockKind : std::uint8_t {
  spin_lock,
  queued_spin_lock,
  reader_writer_spin_lock,
  fast_mutex,
  mutant,
  resource,
  push_lock,
};

// Into one of the tables. 0 is none, so that zero-filled tables are empty.
using LockIndex = std::uint16_t;

// Entries that are taken and given back, and one, with index 0, that is nobody's. Each has a member
// `next`, which is its user's while taken.
template <class Entry, std::size_t capacity>
class LockTable {
 public:
  [[nodiscard]] Entry& operator[](LockIndex index) noexcept { return entries_[index]; }
  [[nodiscard]] Entry const& operator[](LockIndex index) const noexcept { return entries_[index]; }
  // Zero-filled but for `next`; 0: all are taken.
  [[nodiscard]] LockIndex take() noexcept {
    if (free_ == 0) return reached_ < capacity ? ++reached_ : LockIndex{0};
    LockIndex const index = free_;
    free_ = (*this)[index].next;
    return index;
  }
  void give(LockIndex index) noexcept {
    (*this)[index] = {};
    (*this)[index].next = free_;
    free_ = index;
  }
  // The last that was ever taken.
  [[nodiscard]] LockIndex reached() const noexcept { return reached_; }

 private:
  LockIndex free_ = 0;
  LockIndex reached_ = 0;
  std::array<Entry, capacity + 1> entries_{};
};

inline constexpr std::size_t most_lock_classes = 4096;
inline constexpr std::size_t most_lock_edges = 8192;

// Somebody did something with a lock.
struct LockPlace {
  void const* lock;
  void const* at;  // where the routine was called
};

// Where interrupts and others meet: of one lock, or of all of a class.
struct LockLevels {
  // The highest level from which interrupts took it and would have waited for it; 0: none did.
  KIRQL taken_from;
  // One more than the lowest level that it was held at; 0: it was not.
  KIRQL held_at_plus_1;
  LockPlace taken;
  LockPlace held;

  // Whether that is new.
  [[nodiscard]] bool note_taken(LockPlace const& place, KIRQL from) noexcept {
    if (from <= taken_from) return false;
    taken_from = from;
    taken = place;
    return true;
  }
  [[nodiscard]] bool note_held(LockPlace const& place, KIRQL at) noexcept {
    if (held_at_plus_1 != 0 && held_at_plus_1 <= at + 1) return false;
    held_at_plus_1 = static_cast<KIRQL>(at + 1);
    held = place;
    return true;
  }
  // It is held where an interrupt from that level may come.
  [[nodiscard]] bool open_to(KIRQL level) const noexcept {
    return held_at_plus_1 != 0 && held_at_plus_1 <= level;
  }
};

struct LockClass {
  LockIndex next;       // in its bucket
  void const* key;      // where its locks are initialised, or the lock
  bool initialized_at;  // it is the former
  LockKind kind;
  LockIndex edges;    // that lead from it
  LockLevels levels;  // of one lock
  // Of the search that goes on.
  std::uint32_t seen;
  LockIndex came_by;  // an edge
};

struct LockEdge {
  LockIndex next;
  LockIndex from;
  LockIndex to;
  LockPlace outer;  // was held
  LockPlace inner;  // was taken
  LockKind outer_kind;
  LockKind inner_kind;
  PKTHREAD thread;
};

class LockGraph {
 public:
  // The class with this key; made if there is none. 0: there is no room.
  [[nodiscard]] LockIndex NTAPI class_of(void const* key, bool initialized_at,
                                         LockKind kind) noexcept;
  [[nodiscard]] LockIndex NTAPI find(void const* key, bool initialized_at) const noexcept;
  // With all that was learned of it.
  void NTAPI forget(LockIndex index) noexcept;

  [[nodiscard]] LockClass& operator[](LockIndex index) noexcept { return classes_[index]; }
  [[nodiscard]] LockEdge const& edge(LockIndex index) const noexcept { return edges_[index]; }

  // The edge between the two; 0: there is none.
  [[nodiscard]] LockIndex NTAPI edge_between(LockIndex from, LockIndex to) const noexcept;
  // False: there is no room.
  [[nodiscard]] bool NTAPI connect(LockEdge const& edge) noexcept;
  // Whether edges lead from one to the other. If so, `came_by` leads back from there.
  enum class By : std::uint8_t { locks, places };  // through locks alone, or through places too
  [[nodiscard]] bool NTAPI leads(LockIndex from, LockIndex to, By by) noexcept;

  // A lock that interrupts take, and one that was taken inside it, but is also held where such an
  // interrupt may come; `came_by` leads back from there.
  struct Conflict {
    LockIndex taken;
    LockIndex held;  // 0: there is none
  };
  [[nodiscard]] Conflict NTAPI conflict() noexcept;

 private:
  static constexpr std::size_t buckets = 512;
  [[nodiscard]] static std::size_t bucket_of(void const* key) noexcept;
  void NTAPI remove_edges_to(LockIndex index) noexcept;
  // Visits what `from` leads to, breadth first, until `wanted` says so.
  template <class Wanted>
  [[nodiscard]] LockIndex search(LockIndex from, By by, Wanted wanted) noexcept;

  LockTable<LockClass, most_lock_classes> classes_;
  LockTable<LockEdge, most_lock_edges> edges_;
  std::array<LockIndex, buckets> buckets_{};
  std::uint32_t searches_ = 0;
  std::array<LockIndex, most_lock_classes> queue_{};
};

}  // namespace mica::ke
