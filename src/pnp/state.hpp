// All that pnp owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ex.h>
#include <nt/io.h>

#include <atomic>

#include "ke/processor.hpp"
#include "ke/spin_lock.hpp"

namespace mica::pnp {

struct State {
  ke::SpinLock<ke::Rank::pnp> lock;
  LIST_ENTRY nodes MICA_GUARDED_BY(lock);    // node.hpp
  LIST_ENTRY actions MICA_GUARDED_BY(lock);  // action.hpp
  bool acting MICA_GUARDED_BY(lock);         // the worker is called, or will be
  WORK_QUEUE_ITEM worker;
  std::atomic<PKTHREAD> actor;  // the worker's thread, while it acts
  LIST_ENTRY kinds;             // kind.hpp. The worker's
  EX_PUSH_LOCK interface_lock;
  LIST_ENTRY interfaces;                           // interface.hpp. interface_lock
  LIST_ENTRY registrations MICA_GUARDED_BY(lock);  // notification.hpp
  PDRIVER_OBJECT driver;                           // of the physical device objects of the root
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().pnp;
}

// Makes the driver \Driver\PnpManager. After io::initialize and cm::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

}  // namespace mica::pnp
