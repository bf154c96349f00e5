// Handles: small numbers that hold references.
//   A handle is 4 * slot, with the slot's generation above bit 26: a slot that was closed comes to
//   the end of the free list and serves again under the next of 32 generations, so a closed handle
//   stays invalid through all of them. resolve() takes no lock: an entry holds references in
//   advance, and one compare-exchange of its word takes one. The word carries generation, held
//   references and pointer together, so a slot closed and used again in between fails the exchange.
//   Taking the last one happens under the entry's lock, which fetches more. IRQL <= DISPATCH_LEVEL
//   throughout. Locks: the table's (rank ob_handle_table) around the free list, the entry's around
//   refills.
#pragma once

#include <atomic>
#include <cstdint>

#include "ke/spin_lock.hpp"
#include "ob/header.hpp"

namespace mica::ob {

// What a handle grants, as it is made and as it is queried.
struct Grant {
  Header* object;
  ACCESS_MASK access;
  ULONG attributes;  // OBJ_INHERIT, OBJ_PROTECT_CLOSE
};

class HandleTable {
 public:
  // Takes over one reference of grant.object. STATUS_INSUFFICIENT_RESOURCES leaves it with the
  // caller.
  [[nodiscard]] NTSTATUS NTAPI insert(Grant const& grant, ULONG* handle) noexcept;

  // The object with one more reference, if the handle is open; else false.
  [[nodiscard]] bool NTAPI resolve(ULONG handle, Grant* grant) noexcept;

  // The object with the handle's reference. STATUS_INVALID_HANDLE, STATUS_HANDLE_NOT_CLOSABLE.
  [[nodiscard]] NTSTATUS NTAPI remove(ULONG handle, Header** object) noexcept;

  // Replaces the attributes of an open handle; false if it is not open.
  [[nodiscard]] bool NTAPI set_attributes(ULONG handle, ULONG attributes) noexcept;

  [[nodiscard]] ULONG count() const noexcept { return count_.load(std::memory_order_relaxed); }

  // Frees the table's memory. All handles are closed and nobody uses it any more.
  void NTAPI destroy() noexcept;

 private:
  struct Entry {
    std::atomic<std::uint64_t> word;    // see handle_table.cpp
    std::atomic<std::uint32_t> access;  // of an open handle; else the next free slot
    std::atomic<std::uint32_t> refill;  // 1: somebody, at DISPATCH_LEVEL, fetches references
  };
  static constexpr std::uint32_t leaf_bits = 8, middle_bits = 9, root_bits = 7;
  static constexpr std::uint32_t slots_max = 1u << (leaf_bits + middle_bits + root_bits);
  struct Leaf {
    Entry entries[1u << leaf_bits];
  };
  struct Middle {
    std::atomic<Leaf*> leaves[1u << middle_bits];
  };

  [[nodiscard]] Entry* NTAPI entry_of(std::uint32_t slot) noexcept;
  [[nodiscard]] Entry* NTAPI take_free(std::uint32_t* slot) noexcept;
  [[nodiscard]] bool NTAPI grow() noexcept;
  void NTAPI give_free(std::uint32_t slot, Entry& entry) noexcept;
  [[nodiscard]] static bool NTAPI refill(Entry& entry, std::uint64_t generation) noexcept;

  std::atomic<Middle*> root_[1u << root_bits];
  std::atomic<std::uint32_t> count_;
  ke::SpinLock<ke::Rank::ob_handle_table> lock_;
  std::uint32_t first_free_;  // 0: none, slot 0 is never used. Lock
  std::uint32_t last_free_;   // Lock
  std::uint32_t slots_;       // how many exist, a multiple of a leaf's. Lock
};

}  // namespace mica::ob
