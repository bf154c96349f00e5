// The tagged pool: one implementation, an instance for nonpaged and one for paged memory.
//
// Rules
//   allocate, free: nonpaged IRQL <= DISPATCH_LEVEL, paged IRQL <= APC_LEVEL; never block.
//   A block smaller than a page comes from this processor's magazine of its size class, at
//   DISPATCH_LEVEL and without a lock; the heap behind refills and drains magazines under the lock
//   `pool`. A larger one is pages of its own.
//   Memory is found by its address: the page database says which pool a page belongs to, so that a
//   pointer from elsewhere is a bugcheck and not a fault. Callers' mistakes are judged before any
//   lock is taken.         [MSDN ExAllocatePoolWithTag, Bug Check 0xC2, Bug Check 0x19]
#pragma once

#include "ke/processor.hpp"
#include "mm/heap.hpp"
#include "mm/special_pool.hpp"
#include "mm/tag_table.hpp"

namespace mica::mm {

// What one processor keeps for one pool. Touched at DISPATCH_LEVEL on that processor.
struct PoolCache {
  struct Magazine {
    BlockHeader* head;
    std::uint16_t count;
    std::uint16_t capacity;
  };
  Magazine magazines[class_count];
  TagTable tags;
};

// A block of a page that is watched: to State::freeing, if it is live (watch.cpp).
void NTAPI show_before_free(void* memory, PageEntry const& entry) noexcept;

class Pool {
 public:
  // False if there are no pages for the processors' caches.
  [[nodiscard]] bool NTAPI initialize(PoolKind kind, Physical& pages, SpecialPool& special,
                                      ULONG processors) noexcept;

  // `bytes` of memory aligned to 16, to its page if that many; nullptr if there is none. `tag` is
  // not 0.
  [[nodiscard]] void* NTAPI allocate(std::size_t bytes, ULONG tag) noexcept;
  // The same, and where it stands if special pool has it.
  [[nodiscard]] void* NTAPI allocate_placed(std::size_t bytes, ULONG tag,
                                            Placement placement) noexcept;
  // The same, aligned to a cache line.
  [[nodiscard]] void* NTAPI allocate_line(std::size_t bytes, ULONG tag,
                                          Placement placement) noexcept;

  // `memory` lies in a page that `entry` says is this pool's. `tag` 0 fits every block.
  void NTAPI free(void* memory, PageEntry& entry, ULONG tag) noexcept;
  // A block of special pool that was judged.
  void NTAPI free_special(void* memory, SpecialPool::Block const& block) noexcept;

  // Whether special pool may want some of the blocks that are smaller than a page, or their size
  // may be a mistake.
  void look_at_all(bool all) noexcept {
    rare_from_.store(all ? 0 : largest_block + 1, std::memory_order_relaxed);
  }

  // Gives the blocks that one processor keeps back to the heap, and empty pages back to the system.
  // On that processor at DISPATCH_LEVEL, or while it cannot run.
  void NTAPI trim(ULONG processor) noexcept;

  [[nodiscard]] std::size_t NTAPI block_pages() noexcept;
  [[nodiscard]] TagTable const& tags(ULONG processor) const noexcept {
    return caches_[processor]->tags;
  }
  [[nodiscard]] ULONG processors() const noexcept { return processors_; }

 private:
  using Magazine = PoolCache::Magazine;

  [[nodiscard]] PoolCache& here() noexcept { return *caches_[Machine::processor_number()]; }
  [[nodiscard]] inline void* allocate_usually(std::size_t bytes, ULONG tag) noexcept;
  [[nodiscard]] void* NTAPI allocate_rarely(std::size_t bytes, ULONG tag,
                                            Placement placement) noexcept;
  [[nodiscard]] void* NTAPI allocate_usual_line(std::size_t bytes, ULONG tag) noexcept;
  // Whether special pool has dealt with the request: `memory` is the answer then.
  [[nodiscard]] bool NTAPI allocate_special(std::size_t bytes, ULONG tag, std::size_t alignment,
                                            Placement placement, void*& memory) noexcept;
  [[nodiscard]] void* NTAPI allocate_slowly(std::size_t bytes, ULONG tag, KIRQL old) noexcept;
  void NTAPI free_slowly(BlockHeader* block, std::size_t bytes, KIRQL old) noexcept;
  void NTAPI keep(PoolCache& cache, BlockHeader* block) noexcept;
  [[nodiscard]] BlockHeader* NTAPI refill(PoolCache& cache, unsigned units) noexcept;
  [[nodiscard]] BlockHeader* NTAPI fresh(unsigned units, Alignment alignment) noexcept;
  void NTAPI drain(Magazine& magazine, unsigned kept) noexcept;
  [[nodiscard]] void* NTAPI allocate_pages(std::size_t bytes, ULONG tag) noexcept;
  void NTAPI free_pages(void* memory, PageEntry& entry, ULONG tag) noexcept;

  // At too high a level: the first parameter of the bugcheck.
  enum class Violation : ULONG_PTR { allocated = 0x08, freed = 0x09 };
  [[noreturn]] void NTAPI reject(Violation violation, ULONG_PTR what) const noexcept;
  // Zero bytes, if that is a mistake.
  void NTAPI judge_size(std::size_t bytes) const noexcept;
  // A block, if it is one, to State::allocated.
  void NTAPI show_allocated(void const* memory, std::size_t bytes, ULONG tag) const noexcept;
  [[noreturn]] void NTAPI reject_tag(void* memory, ULONG owner, ULONG tag) const noexcept;
  [[noreturn]] void NTAPI reject_magazine(BlockHeader* block, KIRQL old) const noexcept;
  [[noreturn]] void NTAPI judge(BlockHeader* block) noexcept;

  ke::SpinLock<ke::Rank::pool> lock_;
  Heap heap_ MICA_GUARDED_BY(lock_);
  // Requests of so many bytes go the rare way: what is too large for a block, or all.
  std::atomic<std::size_t> rare_from_;
  SpecialPool* special_;
  Physical* pages_;
  KIRQL highest_;  // the highest level it may be used at
  PoolKind kind_;
  ULONG processors_;
  PoolCache* caches_[ke::max_processors];
};

}  // namespace mica::mm
