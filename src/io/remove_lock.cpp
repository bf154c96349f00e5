// Remove locks.                                                       [MSDN "Using Remove Locks"]
//   One word says how many hold the lock and whether its device is removed. Nobody comes in any
//   more when it is; so one release is the last, and only that one signals: it may touch the lock,
//   which nobody frees before.
//   The long form also lists who holds it, under its own spin lock.
#include <nt/ex.h>
#include <nt/rtl/debug.h>

#include "base/list.hpp"
#include "io/state.hpp"
#include "ke/kernel_spin_guard.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::io;

struct _IO_REMOVE_LOCK_TRACKING_BLOCK {
  LIST_ENTRY entry;
  PVOID tag;
  PCSTR file;
  ULONG line;
  ULONG64 since_100ns;
};

namespace {

using Common = IO_REMOVE_LOCK_COMMON_BLOCK;
using Debug = IO_REMOVE_LOCK_DBG_BLOCK;
using Holder = _IO_REMOVE_LOCK_TRACKING_BLOCK;

constexpr LONG removed = 0x4000'0000;  // beside the number in IoCount
constexpr LONGLONG millisecond_100ns = 10'000;
constexpr LONGLONG minute_100ns = 600'000'000;

struct LongForm {
  Common common;
  Debug debug;
};

void const* lock_of(Debug& debug) noexcept {
  return &MICA_CONTAINING(debug, LongForm, debug);
}

Debug* debug_of(PIO_REMOVE_LOCK lock, ULONG bytes) noexcept {
  return bytes >= sizeof(LongForm) ? &reinterpret_cast<LongForm*>(lock)->debug : nullptr;
}

std::atomic_ref<LONG> count_of(Common& common) noexcept {
  return std::atomic_ref<LONG>{const_cast<LONG&>(common.IoCount)};
}

// How many hold it now, the caller included; 0: it is being removed.
LONG NTAPI enter(Common& common) noexcept {
  auto const count = count_of(common);
  LONG seen = count.load(std::memory_order_relaxed);
  do
    if ((seen & removed) != 0) return 0;
  while (!count.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire,
                                      std::memory_order_relaxed));
  return seen + 1;
}

// False: nobody held it.
[[nodiscard]] bool NTAPI leave(Common& common) noexcept {
  LONG const before = count_of(common).fetch_sub(1, std::memory_order_acq_rel);
  if (before == (removed | 1)) KeSetEvent(&common.RemoveEvent, IO_NO_INCREMENT, FALSE);
  return (before & ~removed) > 0;
}

// The caller, who holds it, shuts it. How many others hold it still; -1: it does not hold it, or it
// is being removed already.
[[nodiscard]] LONG NTAPI shut(Common& common) noexcept {
  auto const count = count_of(common);
  LONG seen = count.load(std::memory_order_relaxed);
  do
    if (seen <= 0 || (seen & removed) != 0) return -1;
  while (!count.compare_exchange_weak(seen, (seen - 1) | removed, std::memory_order_acq_rel,
                                      std::memory_order_relaxed));
  common.Removed = TRUE;
  return seen - 1;
}

void NTAPI add_holder(Debug& debug, PVOID tag, PCSTR file, ULONG line, LONG holders) noexcept {
  auto* const holder = static_cast<Holder*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Holder), static_cast<ULONG>(debug.AllocateTag)));
  if (debug.HighWatermark != 0 && holders > debug.HighWatermark)
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
               "Remove lock %p is held by %d at once, at %s line %u\n", lock_of(debug), holders,
               file, line);
  ke::KernelSpinGuard guard{debug.Spin};
  if (holder == nullptr) {
    debug.LowMemoryCount = debug.LowMemoryCount + 1;
    return;
  }
  holder->tag = tag;
  holder->file = file;
  holder->line = line;
  holder->since_100ns = KeQueryInterruptTime();
  list_append(debug.LockList, holder->entry);
}

Holder* NTAPI find_holder(Debug& debug, PVOID tag) noexcept {
  for (LIST_ENTRY* entry = debug.LockList.Flink; entry != &debug.LockList; entry = entry->Flink) {
    Holder& holder = MICA_CONTAINING(*entry, Holder, entry);
    if (holder.tag == tag) return &holder;
  }
  return nullptr;
}

// False: nobody holds the lock by that tag. One that there was no memory for may have any.
[[nodiscard]] bool NTAPI remove_holder(Debug& debug, PVOID tag) noexcept {
  Holder* holder;
  {
    ke::KernelSpinGuard guard{debug.Spin};
    holder = find_holder(debug, tag);
    if (holder == nullptr) {
      if (debug.LowMemoryCount == 0) return false;
      debug.LowMemoryCount = debug.LowMemoryCount - 1;
      return true;
    }
    list_remove(holder->entry);
  }
  auto const held_100ns = static_cast<LONGLONG>(KeQueryInterruptTime() - holder->since_100ns);
  if (debug.MaxLockedTicks != 0 && held_100ns > debug.MaxLockedTicks)
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
               "Remove lock %p was held for %I64d ms, since %s line %u\n", lock_of(debug),
               held_100ns / millisecond_100ns, holder->file, holder->line);
  ExFreePoolWithTag(holder, static_cast<ULONG>(debug.AllocateTag));
  return true;
}

// What nobody who holds the lock would do.
void NTAPI require_held(bool held, ke::Rule rule, PIO_REMOVE_LOCK lock, PVOID tag) noexcept {
  if (!held) [[unlikely]]
    ke::violation(rule, ke::as_parameter(lock), ke::as_parameter(tag));
}

}  // namespace

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize) {
  Lock->Common = {};
  KeInitializeEvent(&Lock->Common.RemoveEvent, NotificationEvent, FALSE);
  Debug* const debug = debug_of(Lock, RemlockSize);
  if (debug == nullptr) return;
  *debug = {};  // its spin lock is free
  debug->HighWatermark = static_cast<LONG>(HighWatermark);
  debug->MaxLockedTicks = LONGLONG{MaxLockedMinutes} * minute_100ns;
  debug->AllocateTag = static_cast<LONG>(AllocateTag);
  list_initialize(debug->LockList);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RemoveLock);
  LONG const holders = enter(RemoveLock->Common);
  if (holders == 0) return STATUS_DELETE_PENDING;
  if (Debug* const debug = debug_of(RemoveLock, RemlockSize))
    add_holder(*debug, Tag, File, Line, holders);
  return STATUS_SUCCESS;
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RemoveLock);
  constexpr auto rule = ke::Rule::release_remove_lock;
  if (Debug* const debug = debug_of(RemoveLock, RemlockSize))
    require_held(remove_holder(*debug, Tag), rule, RemoveLock, Tag);
  require_held(leave(RemoveLock->Common), rule, RemoveLock, Tag);
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, RemoveLock);
  constexpr auto rule = ke::Rule::remove_without_lock;
  if (Debug* const debug = debug_of(RemoveLock, RemlockSize))
    require_held(remove_holder(*debug, Tag), rule, RemoveLock, Tag);
  LONG const others = shut(RemoveLock->Common);
  require_held(others >= 0, rule, RemoveLock, Tag);
  if (others != 0)
    static_cast<void>(KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode,
                                            FALSE, nullptr));
}
