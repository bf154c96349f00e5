// System PTEs: virtual ranges of the machine's system space, and what is mapped there.
//
// Rules
//   IRQL <= DISPATCH_LEVEL; never block. Lock: system_space, not held while the machine maps.
//   Every range is followed by a page that stays unmapped, so running over its end faults; the page
//   before it is the previous range's. A range belongs to its caller: no two processors map or
//   unmap in the same one at once.
#pragma once

#include <atomic>

#include "mm/physical.hpp"

namespace mica::mm {

class SystemSpace {
 public:
  // False if the tables do not fit into memory. Uses at most four times as many pages as there is
  // memory.
  [[nodiscard]] bool NTAPI initialize(hal::VirtualRange space, Physical& pages) noexcept;

  // A range with nothing mapped; nullptr if there is none as large.
  [[nodiscard]] std::byte* NTAPI reserve(std::size_t pages) noexcept;
  // Nothing is mapped in it any more.
  void NTAPI release(std::byte* base, std::size_t pages) noexcept;

  // False if the machine had no page for its tables.
  [[nodiscard]] bool NTAPI map(std::byte* address, PageNumber page,
                               hal::Protection protection) noexcept;
  // Unmaps `pages` pages on every processor; what was behind them is the caller's as before.
  void NTAPI unmap(std::byte* address, std::size_t pages) noexcept;

  // New pages behind the whole of a reserved range; false, and nothing mapped, if memory ran out.
  [[nodiscard]] bool NTAPI populate(std::byte* address, std::size_t pages) noexcept;
  // Unmaps them and gives them back.
  void NTAPI depopulate(std::byte* address, std::size_t pages) noexcept;

  // A range with new pages behind the whole of it; nullptr: no room, or no memory.
  [[nodiscard]] std::byte* NTAPI allocate(std::size_t pages) noexcept;
  void NTAPI free(std::byte* base, std::size_t pages) noexcept;

  // What is mapped at an address, or no_page. Any IRQL.
  [[nodiscard]] PageNumber NTAPI page_at(void const* address) const noexcept;
  [[nodiscard]] bool contains(void const* address) const noexcept {
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_) <
           count_ << page_shift;
  }

 private:
  using Slot = std::atomic<std::uint32_t>;  // page number + 1; 0: nothing
  static constexpr std::size_t none = ~std::size_t{0};

  [[nodiscard]] Slot& slot(void const* address) const noexcept {
    return slots_[(static_cast<std::byte const*>(address) - base_) >> page_shift];
  }
  [[nodiscard]] std::size_t find(std::size_t from, std::size_t to, std::size_t pages) const noexcept
      MICA_REQUIRES(lock_);
  void mark(std::size_t first, std::size_t pages, bool used) noexcept MICA_REQUIRES(lock_);

  ke::SpinLock<ke::Rank::system_space> lock_;
  std::uint64_t* used_ MICA_GUARDED_BY(lock_);  // bit per page
  std::size_t hint_ MICA_GUARDED_BY(lock_);     // where the last search ended
  std::byte* base_;
  std::size_t count_;
  Slot* slots_;
  Physical* pages_;
};

}  // namespace mica::mm
