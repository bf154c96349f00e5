// What deadlock detection knows: of each lock its class, and who holds which.
//
// Rules
//   Guarded by LockCheckState::lock, as the graph of classes (ke/lock_graph.hpp) is.
//   A lock is known from its initialisation, or from its first use, until it is initialised anew,
//   its memory is freed, or the thread ends on whose stack it stands.
//   What a thread holds hangs from the thread, what a DPC or service routine holds from its
//   processor; the last that was taken stands first.
#pragma once

#include "ke/lock_graph.hpp"

namespace mica::ke {

inline constexpr std::size_t most_known_locks = 8192;
inline constexpr std::size_t most_held_locks = 1024;

struct KnownLock {
  LockIndex next;       // in its bucket
  LockIndex by_place;   // the class of where it was initialised; 0: that is not known
  LockIndex by_itself;  // its own class, if it needed one
  LockKind kind;
  std::uint16_t holders;
  void const* lock;
  LockLevels levels;
};

struct HeldLock {
  LockIndex next;    // that its owner took before
  LockIndex* first;  // its owner's
  LockPlace place;
  PKTHREAD thread;
  LockKind kind;
  bool shared;
  bool raises;
  KIRQL context;  // 0: a thread; else the level of the DPC or service routine
  KIRQL level;    // that it was taken at
  ULONG count;
};

// Entries of the tables; 0 wherever there is none, or no room for one.
class LockTables {
 public:
  LockGraph graph;
  // Who called a routine of the executive that has that return address: where in the image, if one
  // called by an import; else the same. Any IRQL. Null: all are the same.
  std::uint64_t(NTAPI* caller_of)(std::uint64_t return_address);

  [[nodiscard]] KnownLock& operator[](LockIndex lock) noexcept { return locks_[lock]; }
  [[nodiscard]] HeldLock& held(LockIndex record) noexcept { return held_[record]; }
  [[nodiscard]] LockIndex NTAPI find(void const* lock) const noexcept;
  // It was not known. `place`: where it is initialised, or null.
  [[nodiscard]] LockIndex NTAPI learn(void const* lock, LockKind kind, void const* place) noexcept;
  // With its own class, and whoever holds it.
  void NTAPI forget(LockIndex lock) noexcept;
  // The first that is known there.
  [[nodiscard]] LockIndex NTAPI find_within(void const* memory, std::size_t bytes) const noexcept;

  // What stands for an edge between two locks in the graph: the locks; or their places, but none if
  // both have the same, or none. A lock without a place stands for itself there too.
  struct Classes {
    LockIndex outer;
    LockIndex inner;
  };
  [[nodiscard]] Classes NTAPI own_classes(LockIndex outer, LockIndex inner) noexcept;
  [[nodiscard]] Classes NTAPI place_classes(LockIndex outer, LockIndex inner) noexcept;

  // A known lock, held first of those that hang from `first`.
  [[nodiscard]] LockIndex NTAPI hold(HeldLock const& record) noexcept;
  // Of those that hang from `first`, in that context.
  [[nodiscard]] LockIndex NTAPI find_held(LockIndex first, void const* lock,
                                          KIRQL context) const noexcept;
  // Whoever holds it; `thread`: null, or who must.
  [[nodiscard]] LockIndex NTAPI find_holder(void const* lock, void const* thread) const noexcept;
  void NTAPI let_go(LockIndex record) noexcept;
  void NTAPI let_all_go() noexcept;

  // Something did not fit, for the first time.
  [[nodiscard]] bool full_now() noexcept {
    bool const now = full_ && !told_full_;
    told_full_ = full_;
    return now;
  }
  void full() noexcept { full_ = true; }

 private:
  static constexpr std::size_t buckets = 2048;
  [[nodiscard]] static std::size_t bucket_of(std::uintptr_t page) noexcept;
  [[nodiscard]] LockIndex NTAPI own_class(LockIndex lock) noexcept;
  LockIndex NTAPI checked(LockIndex taken) noexcept {
    if (taken == 0) full();
    return taken;
  }

  LockTable<KnownLock, most_known_locks> locks_;
  LockTable<HeldLock, most_held_locks> held_;
  // By the page that a lock is in, so that all of a page's are found when it is freed.
  std::array<LockIndex, buckets> pages_{};
  bool full_ = false;
  bool told_full_ = false;
};

}  // namespace mica::ke
