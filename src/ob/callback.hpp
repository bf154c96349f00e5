// Who is told of handles that are made of processes and threads: registrations in the order of
// their altitudes.
//   One spin lock, of rank ob_callback, guards them. An operation keeps those that it began with
//   until it is over. No routine is called under the lock.
#pragma once

#include <nt/ke.h>
#include <nt/ob/callback.h>

#include <atomic>

#include "ke/spin_lock.hpp"
#include "ob/type.hpp"

namespace mica::ob {

// What one is told of: an entry of its caller's array.
struct Watch {
  POBJECT_TYPE type;
  OB_OPERATION operations;
  POB_PRE_OPERATION_CALLBACK before;  // or null
  POB_POST_OPERATION_CALLBACK after;  // or null
};

struct Registration {
  LIST_ENTRY entry;
  void* context;
  ULONG uses;               // by operations that go on
  KEVENT* over;             // of who takes it back, and waits for them; else null
  ULONG watch_count;        // of the watches, which follow
  UNICODE_STRING altitude;  // its characters follow those

  [[nodiscard]] Watch* watches() noexcept { return reinterpret_cast<Watch*>(this + 1); }
};
static_assert(sizeof(Registration) % alignof(Watch) == 0);

struct Callbacks {
  ke::SpinLock<ke::Rank::ob_callback> lock;
  LIST_ENTRY registrations MICA_GUARDED_BY(lock);  // the highest first
  std::atomic<ULONG> count;                        // of registrations
};

void NTAPI initialize_callbacks(Callbacks& callbacks) noexcept;

// An operation is over for one that it began with.
void NTAPI end_use(Callbacks& callbacks, Registration& registration) noexcept;

}  // namespace mica::ob
