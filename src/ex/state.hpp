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

struct State {
  Lookasides lookasides;
  Work work;
  POBJECT_TYPE callback_type;
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().ex;
}

// Makes the type Callback and the directory \Callback. Threads can be made. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

}  // namespace mica::ex
