// Rules for callback objects
//   A registration stands in its object's list while somebody calls its routine, so that who walks
//   the list finds the next one; who takes it back waits until nobody does.
//   Lock: the object's own, ex_callback. Routines are called without it, at the caller's level.
#pragma once

#include "ke/spin_lock.hpp"
#include "ob/type.hpp"

struct _CALLBACK_OBJECT {
  mica::ke::SpinLock<mica::ke::Rank::ex_callback> lock;
  LIST_ENTRY registrations MICA_GUARDED_BY(lock);  // in the order they were made
  bool allows_many;
};

namespace mica::ex {

struct Registration {
  LIST_ENTRY entry;
  PCALLBACK_OBJECT object;  // referenced
  PCALLBACK_FUNCTION routine;
  PVOID context;
  ULONG calls;    // of the routine, going on now. Object's lock
  PRKEVENT over;  // of who takes it back: the last call has returned. Null: it stays. Object's lock
};

[[nodiscard]] ob::TypeOptions callback_type_options() noexcept;

inline constexpr ULONG tag_callback = ob::pool_tag("Call");
inline constexpr ULONG tag_registration = ob::pool_tag("CbRb");

}  // namespace mica::ex
