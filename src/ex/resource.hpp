// The parts of an executive resource.
//
// Rules
//   All state is guarded by the resource's own spin lock, held for a bounded time at
//   DISPATCH_LEVEL; under it nothing is allocated, signalled or waited for.
//   Owners stand in the entry of the structure itself, and in a table that is allocated when more
//   than one owner shares it. Room for an owner is made before it is admitted or begins to wait, so
//   that who releases can admit all who wait without any memory.
//   A waiter stands on its thread's stack. Who admits it makes it an owner, takes it off its queue,
//   unlocks, and signals it last: after that it may be gone.
#pragma once

#include <nt/ex/resource.h>

#include <atomic>
#include <cstddef>

#include "ke/irql.hpp"
#include "ke/kernel_spin_guard.hpp"

namespace mica::ex {

struct ResourceWaiter {
  KEVENT admitted;
  ResourceWaiter* next;
  ERESOURCE_THREAD thread;
};

[[nodiscard]] inline bool owned_exclusively(ERESOURCE const& resource) noexcept {
  return (resource.Flag & ResourceOwnedExclusive) != 0;
}

// What one who initialised it left, and nobody else would.
[[nodiscard]] inline PVOID initialized_mark(ERESOURCE const& resource) noexcept {
  return reinterpret_cast<PVOID>(~reinterpret_cast<ULONG_PTR>(&resource));
}

// ---- Owners, in resource_owners.cpp. The resource is held, but for grow.
[[nodiscard]] OWNER_ENTRY* NTAPI find_owner(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept;
// For how many owners there is room.
[[nodiscard]] inline ULONG room_for_owners(ERESOURCE const& resource) noexcept {
  return resource.OwnerTable == nullptr ? 1 : resource.OwnerTable->TableSize;
}
// One acquisition more by `owner`, for whom there is room.
void NTAPI add_owner(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept;
void NTAPI remove_owner(ERESOURCE& resource, OWNER_ENTRY& entry) noexcept;
// Makes room for more owners than `room`. False: there is no memory.
[[nodiscard]] bool NTAPI grow_owners(ERESOURCE& resource, ULONG room) noexcept;

// ---- Waiters, in resource_waiters.cpp. The resource is held, but for the last two.
void NTAPI queue_shared(ERESOURCE& resource, ResourceWaiter& waiter) noexcept;
void NTAPI queue_exclusive(ERESOURCE& resource, ResourceWaiter& waiter) noexcept;
// Makes owners of those whose turn it is, as far as there are any; linked through `next`.
[[nodiscard]] ResourceWaiter* NTAPI admit_shared(ERESOURCE& resource) noexcept;
[[nodiscard]] ResourceWaiter* NTAPI admit_exclusive(ERESOURCE& resource) noexcept;
void NTAPI signal_admitted(ResourceWaiter* first) noexcept;
void NTAPI wait_until_admitted(ResourceWaiter& waiter) noexcept;

}  // namespace mica::ex
