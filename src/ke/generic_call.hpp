// What KeIpiGenericCall shares with the interrupt of other processors.
#pragma once

#include <nt/ke.h>

#include <atomic>
#include <cstdint>

namespace mica::ke {

// Where a known number of processors meet, again and again. Zero-filled is nobody there.
class Barrier {
 public:
  // Returns when `count` have come. True for one of them, the last.
  bool NTAPI meet(ULONG count) noexcept;

 private:
  std::atomic<std::uint32_t> arrived_;
  std::atomic<std::uint32_t> round_;
};

// One call at a time: who holds `caller` fills it, then sets `pending`.
struct IpiCall {
  std::atomic<std::uint32_t> caller;
  std::atomic<std::uint64_t> pending;  // bit n: processor n has yet to take part
  PKIPI_BROADCAST_WORKER function;
  ULONG_PTR context;
  ULONG count;
  Barrier barrier;
};

// IPI_LEVEL: takes part in a call that waits for this processor.
void NTAPI take_part_in_ipi_call() noexcept;

}  // namespace mica::ke
