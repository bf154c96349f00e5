// The free slots of a handle table: first in, first out, so that a closed slot rests as long as it
// can.
#include "ob/handle_table.hpp"

namespace mica::ob {

HandleTable::Entry* HandleTable::take_free(std::uint32_t* slot) noexcept {
  ke::SpinGuard guard{lock_};
  if (first_free_ == 0) return nullptr;
  *slot = first_free_;
  Entry* const entry = entry_of(first_free_);
  first_free_ = entry->access.load(std::memory_order_relaxed);
  if (first_free_ == 0) last_free_ = 0;
  return entry;
}

void HandleTable::give_free(std::uint32_t slot, Entry& entry) noexcept {
  ke::SpinGuard guard{lock_};
  entry.access.store(0, std::memory_order_relaxed);
  if (last_free_ == 0) {
    first_free_ = slot;
  } else {
    entry_of(last_free_)->access.store(slot, std::memory_order_relaxed);
  }
  last_free_ = slot;
}

// Adds a leaf of free slots; true also when somebody else did. The memory is fetched before the
// lock is taken.
bool HandleTable::grow() noexcept {
  auto* const leaf =
      static_cast<Leaf*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Leaf), tag_handles));
  auto* middle =
      static_cast<Middle*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Middle), tag_handles));
  bool grown = leaf != nullptr && middle != nullptr;
  bool used = false;
  if (grown) {
    ke::SpinGuard guard{lock_};
    if (first_free_ == 0) {
      grown = used = slots_ < slots_max;
    }
    if (used) {
      std::uint32_t const base = slots_;
      std::uint32_t const count = 1u << leaf_bits;
      auto& place = root_[base >> (leaf_bits + middle_bits)];
      if (place.load(std::memory_order_relaxed) == nullptr) {
        place.store(middle, std::memory_order_release);
        middle = nullptr;
      }
      std::uint32_t const first = base == 0 ? 1 : base;  // slot 0 would be the null handle
      for (std::uint32_t slot = first; slot + 1 < base + count; ++slot) {
        leaf->entries[slot - base].access.store(slot + 1, std::memory_order_relaxed);
      }
      std::uint32_t const index = (base >> leaf_bits) & ((1u << middle_bits) - 1);
      place.load(std::memory_order_relaxed)->leaves[index].store(leaf, std::memory_order_release);
      first_free_ = first;
      last_free_ = base + count - 1;
      slots_ = base + count;
    }
  }
  if (!used && leaf != nullptr) ExFreePoolWithTag(leaf, tag_handles);
  if (middle != nullptr) ExFreePoolWithTag(middle, tag_handles);
  return grown;
}

void HandleTable::destroy() noexcept {
  for (auto& place : root_) {
    Middle* const middle = place.exchange(nullptr, std::memory_order_relaxed);
    if (middle == nullptr) continue;
    for (auto& leaf : middle->leaves) {
      if (Leaf* const entries = leaf.load(std::memory_order_relaxed); entries != nullptr) {
        ExFreePoolWithTag(entries, tag_handles);
      }
    }
    ExFreePoolWithTag(middle, tag_handles);
  }
  first_free_ = last_free_ = slots_ = 0;
}

}  // namespace mica::ob
