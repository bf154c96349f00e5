// All that ex owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ex.h>
#include <nt/ob.h>

#include "ex/work.hpp"
#include "ke/processor.hpp"

namespace mica::ex {

// The lookaside lists that are in use, linked by their ListEntry.
struct Lookasides {
  ke::SpinLock<ke::Rank::ex_lookaside> lock;
  LIST_ENTRY active MICA_GUARDED_BY(lock);
};

struct Uuids {
  std::atomic<std::uint64_t> last_100ns;  // the system time that the last one has
  std::uint64_t place;
};

struct State {
  Lookasides lookasides;
  Uuids uuids;
  Work work;
  bool passes_breakpoints;  // the kernel option
  POBJECT_TYPE callback_type;
  POBJECT_TYPE event_type;  // the cell that drivers know as ExEventObjectType
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().ex;
}

void NTAPI initialize_uuids(Uuids& uuids) noexcept;  // uuid.cpp

// Makes the types Callback and Event and the directory \Callback. Threads can be made. IRQL
// PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

// mm::State::freeing: nothing that must be deleted first stands in a block that is freed. IRQL at
// most DISPATCH_LEVEL.
void NTAPI reject_live_lookasides(void const* memory, std::size_t bytes) noexcept;
void NTAPI reject_live_resources(void const* memory, std::size_t bytes) noexcept;

}  // namespace mica::ex
