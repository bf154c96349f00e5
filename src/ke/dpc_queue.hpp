// Rules for DPC queues
//   One a processor. Inserting and removing: any IRQL. The lock is a leaf, taken at HIGH_LEVEL, so
//   that interrupt handlers of any level share it. KDPC::DpcData names the queue a DPC is in: it
//   changes from null by compare-exchange and back to null under the lock of the queue it names.
//   [MSDN KeInsertQueueDpc]
#pragma once

#include <atomic>

#include "base/list.hpp"
#include "ke/spin_lock.hpp"

namespace mica::ke {

// A DPC about to run: copied out of its KDPC, which the routine may free or insert again.
struct DpcCall {
  PKDPC dpc;
  PKDEFERRED_ROUTINE routine;
  PVOID context;
  PVOID first;
  PVOID second;
};

// KDPC::Number of a DPC for that processor; 0 is for whichever inserts it.
[[nodiscard]] constexpr USHORT target_name(ULONG number) noexcept {
  return static_cast<USHORT>(number + 1);
}

// KeInitializeDpc's, for what is not in the pool.
void NTAPI initialize_dpc(KDPC& dpc, PKDEFERRED_ROUTINE routine, PVOID context) noexcept;

// Calls the routine, which must be and stay at that level, and leave as many regions and mutexes as
// it enters.
void NTAPI run_dpc(DpcCall const& call, KIRQL level) noexcept;

class DpcQueue {
 public:
  SpinLock<Rank::dpc> lock;

  void NTAPI append(KDPC& dpc) noexcept MICA_REQUIRES(lock);
  void NTAPI prepend(KDPC& dpc) noexcept MICA_REQUIRES(lock);
  // It is in this queue.
  void NTAPI remove(KDPC& dpc) noexcept MICA_REQUIRES(lock);
  // Whether it is in this queue; it need not be a DPC at all.
  [[nodiscard]] bool NTAPI contains(KDPC const& dpc) noexcept MICA_REQUIRES(lock);
  // Takes the first out. False when empty. Raises to HIGH_LEVEL for it.
  [[nodiscard]] bool NTAPI take(DpcCall& call) noexcept;

  // Without the lock: a hint, but what was done before a removal is there for who sees it.
  [[nodiscard]] ULONG depth() const noexcept { return depth_.load(std::memory_order_acquire); }

 private:
  LIST_ENTRY list_;  // initialised when a DPC comes into the empty queue
  std::atomic<ULONG> depth_;
};

}  // namespace mica::ke
