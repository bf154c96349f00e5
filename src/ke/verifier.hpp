// What the executive does about callers that break its rules: bugcheck 0xC4 with the number of the
// rule.                                                        [MSDN Bug Check 0xC4, parameter 1]
#pragma once

#include "ke/bugcheck.hpp"

namespace mica::ke {

enum class Rule : ULONG {
  allocate_nothing = 0x00,          // zero bytes of pool; only if the System is verified
  free_timer = 0x15,                // a block with a timer in it that is set
  raise_irql = 0x30,                // KeRaiseIrql to less, or above HIGH_LEVEL
  lower_irql = 0x31,                // KeLowerIrql to more, or below DISPATCH_LEVEL in a DPC routine
  release_spin_lock = 0x32,         // below DISPATCH_LEVEL
  acquire_fast_mutex = 0x33,        // above APC_LEVEL
  release_fast_mutex = 0x34,        // not at APC_LEVEL
  release_queued_spin_lock = 0x36,  // below DISPATCH_LEVEL
  acquire_resource = 0x37,          // where normal kernel APCs may come
  release_resource = 0x38,          // where normal kernel APCs may come
  acquire_unsafe = 0x39,            // a mutex, where APCs may come
  release_unsafe = 0x3A,            // a mutex, where APCs may come
  wait_level = 0x3B,                // at DISPATCH_LEVEL with a timeout that is not zero, or above
  unaligned_resource = 0x3D,        // acquired
  leave_critical_region = 0x3E,     // without having entered one
  acquire_at_dispatch = 0x40,       // below DISPATCH_LEVEL
  release_at_dispatch = 0x41,       // below DISPATCH_LEVEL
  acquire_spin_lock = 0x42,         // above DISPATCH_LEVEL
  leave_pool = 0x62,                // a driver is unloaded, and has not freed it
  lock_pages_level = 0x70,          // above DISPATCH_LEVEL
  map_pages_level = 0x76,           // as above
  unlock_pages_level = 0x78,        // as above
  unmap_pages_level = 0x79,         // as above
  unlock_unlocked_pages = 0x7C,     // of a descriptor list that is not locked
  unlock_nonpaged_pool = 0x7D,      // a descriptor list's
  pages_for_list_level = 0x7E,      // allocated or freed above DISPATCH_LEVEL
  paged_pool_as_nonpaged = 0x7F,    // a descriptor list is built for it
  signal_level = 0x80,              // above DISPATCH_LEVEL; with Wait, above APC_LEVEL
  lock_list = 0xB0,                 // a descriptor list with flags that keep its pages away
  map_list_again = 0xB2,            // a descriptor list that is mapped
  map_unlocked_list = 0xB3,         // a descriptor list without pages
  unlock_partial_list = 0xB4,       // its pages are another one's
  free_mapped_list = 0xB8,          // a descriptor list
  lookaside_again = 0xCA,           // a lookaside list that is initialized is initialized
  lookaside_unknown = 0xCB,         // one that is not is deleted
  free_lookaside = 0xCC,            // a block with a lookaside list in use in it
  lookaside_size = 0xCD,            // its blocks are too small
  initialize_resource_twice = 0xD0,
  delete_uninitialized_resource = 0xD1,
  free_resource = 0xD2,            // a block with an initialized resource in it
  release_remove_lock = 0xD5,      // that nobody holds, or not by that tag
  remove_without_lock = 0xD6,      // waiting for a remove lock that the caller does not hold
  acquire_push_lock = 0xEA,        // where normal kernel APCs may come
  release_push_lock = 0xEB,        // where normal kernel APCs may come
  service_routine_level = 0x111,   // it returned at another
  enter_region_level = 0x11A,      // above APC_LEVEL
  leave_region_level = 0x11B,      // above APC_LEVEL
  self_deadlock = 0x1000,          // a lock that its owner takes again
  lock_order = 0x1001,             // locks are taken in a circle
  acquire_uninitialized = 0x1002,  // a lock that was not initialised
  release_order = 0x1003,          // a lock, before one that has to go first
  release_by_other = 0x1004,       // a lock, by a thread that does not own it
  initialize_owned = 0x1005,       // a lock that somebody owns
  release_unowned = 0x1007,        // a lock that nobody has
  acquire_mismatch = 0x1008,       // a lock, as another kind than it is held as
  release_mismatch = 0x1009,       // a lock, as another kind than it is held as
  end_owning = 0x100A,             // a thread ends that owns a lock
  delete_owned = 0x100B,           // a lock that somebody owns
  // These are told with a sentence.
  guarded_region_level = 0x20010,  // entered or left above APC_LEVEL
  leave_guarded_region = 0x4000E,  // without having entered one
  // Ours: no documented one is about it.
  lock_level = 0x4D430001,  // an interrupt takes a lock that is held where it may come
};

[[noreturn]] inline void NTAPI violation(Rule rule, ULONG_PTR second, ULONG_PTR third = 0,
                                         ULONG_PTR fourth = 0) noexcept {
  bugcheck(DRIVER_VERIFIER_DETECTED_VIOLATION, static_cast<ULONG_PTR>(rule), second, third, fourth);
}

// The caller must be between the two levels; `object` is what it acts on.
inline void NTAPI require_irql(KIRQL lowest, KIRQL highest, Rule rule,
                               void const* object) noexcept {
  KIRQL const level = Machine::irql();
  if (level < lowest || level > highest) [[unlikely]]
    violation(rule, level, as_parameter(object));
}

// Who was called back, in the first parameter of IRQL_UNEXPECTED_VALUE.   [MSDN Bug Check 0xC8]
enum class Returned : ULONG_PTR { kernel_routine = 0, normal_routine = 1, callout = 2 };

// A routine that was called back leaves the level as it found it.
inline void NTAPI require_unchanged_irql(KIRQL expected, Returned returned, ULONG_PTR routine,
                                         void const* object, ULONG_PTR fourth = 0) noexcept {
  KIRQL const level = Machine::irql();
  if (level != expected) [[unlikely]]
    bugcheck(IRQL_UNEXPECTED_VALUE,
             ULONG_PTR{level} << 16 | ULONG_PTR{expected} << 8 | static_cast<ULONG_PTR>(returned),
             routine, as_parameter(object), fourth);
}

// For routines whose level no verifier rule names: what touching `object` above that level would
// end in.
#define MICA_REQUIRE_IRQL_AT_MOST(highest, object) \
  ::mica::ke::require_irql_at_most((highest), (object), __builtin_return_address(0))
inline void NTAPI require_irql_at_most(KIRQL highest, void const* object,
                                       void const* caller) noexcept {
  KIRQL const level = Machine::irql();
  if (level > highest) [[unlikely]]
    bugcheck(IRQL_NOT_LESS_OR_EQUAL, as_parameter(object), level, 0, as_parameter(caller));
}

}  // namespace mica::ke
