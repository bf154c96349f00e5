// Who is told of what is done to the registry: registrations in the order of their altitudes.
//   One spin lock, of rank cm_callback, guards them, the calls that go on and the contexts that
//   they gave keys. No routine is called under it.
#pragma once

#include <nt/cm/callback.h>
#include <nt/ke.h>

#include <atomic>

#include "ke/spin_lock.hpp"
#include "ke/thread.hpp"
#include "ob/type.hpp"

namespace mica::cm {

struct Key;

// Kept while it stands in the list, while an operation goes on that began with it, and while keys
// have contexts of it.
struct Registration {
  LIST_ENTRY entry;
  PEX_CALLBACK_FUNCTION routine;
  void* context;
  LONGLONG cookie;
  ULONG references;
  ULONG calls;              // that go on
  KEVENT* over;             // of who takes it back, and waits for the calls; else null
  LIST_ENTRY contexts;      // of keys
  UNICODE_STRING altitude;  // its characters follow; empty: it stands below all that have one
};

// A call of a routine, on the stack of its thread.
struct Call {
  LIST_ENTRY entry;
  Registration* registration;
  ke::Thread* thread;
};

// What the ObjectContext of a key is for a routine.
struct Context {
  LIST_ENTRY of_key;
  LIST_ENTRY of_registration;
  Registration* registration;  // referenced
  Key* key;
  void* value;
};

struct Callbacks {
  ke::SpinLock<ke::Rank::cm_callback> lock;
  LIST_ENTRY registrations MICA_GUARDED_BY(lock);  // the highest first
  LIST_ENTRY calls MICA_GUARDED_BY(lock);          // the latest first
  LONGLONG last_cookie MICA_GUARDED_BY(lock);
  std::atomic<ULONG> count;  // of registrations
};

struct Notification {
  REG_NOTIFY_CLASS what;
  void* information;
};

void NTAPI initialize_callbacks(Callbacks& callbacks) noexcept;

// Whether `upper` is told before `lower`.
[[nodiscard]] bool NTAPI is_above(Registration const& upper, Registration const& lower) noexcept;

// Null: there is none of that cookie.
[[nodiscard]] Registration* NTAPI find_registration(Callbacks& callbacks, LONGLONG cookie) noexcept
    MICA_REQUIRES(callbacks.lock);

// Calls the routine; false: it is taken back, and has not been called.
[[nodiscard]] bool NTAPI call(Registration& registration, Notification const& notification,
                              NTSTATUS* status) noexcept;
// The parts of it: for who decides under the lock that it will be called, whatever comes.
void NTAPI begin_call(Callbacks& callbacks, Registration& registration, Call& call) noexcept
    MICA_REQUIRES(callbacks.lock);
void NTAPI end_call(Call& call) noexcept;

// The last reference frees it; not under the lock.
void NTAPI dereference(Registration& registration) noexcept;

// ---- Contexts of keys (context.cpp).
[[nodiscard]] void* NTAPI context_of(Callbacks& callbacks, Key& key,
                                     Registration const& registration) noexcept
    MICA_REQUIRES(callbacks.lock);
// The key ends: each of its contexts is given back to its routine.
void NTAPI release_contexts(Key& key) noexcept;
// The registration ends: one of its contexts is given back to it. False: it has none.
[[nodiscard]] bool NTAPI release_context(Registration& registration) noexcept;

inline constexpr ULONG tag_callback = ob::pool_tag("CmCb");

}  // namespace mica::cm
