// Resources: their life, who owns them, how many wait.
#include "ex/resource.hpp"

#include <nt/ex.h>
#include <nt/ntstatus.h>

#include <utility>

#include "ex/state.hpp"
#include "ke/lock_checks.hpp"
#include "ke/verifier.hpp"
#include "mm/state.hpp"

using namespace mica;
using namespace mica::ex;

namespace {

// `table`: one that is kept, or none.
void NTAPI reset(ERESOURCE& resource, OWNER_ENTRY* table) noexcept {
  resource = {};
  resource.OwnerTable = table;
  resource.Reserved2 = initialized_mark(resource);
  if (table == nullptr) return;
  for (ULONG i = 1; i < table->TableSize; ++i) table[i] = {};
}

// How often the calling thread has acquired it.
ULONG NTAPI own_count(ERESOURCE& resource, bool exclusively) noexcept {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, &resource);
  ke::KernelSpinGuard guard{resource.SpinLock};
  if (exclusively && !owned_exclusively(resource)) return 0;
  OWNER_ENTRY const* const entry = find_owner(resource, ExGetCurrentResourceThread());
  return entry == nullptr ? 0 : entry->OwnerCount;
}

// False: the calling thread does not own it. One pointer may own several shares.
bool NTAPI hand_over(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept {
  ke::KernelSpinGuard guard{resource.SpinLock};
  OWNER_ENTRY* const from = find_owner(resource, ExGetCurrentResourceThread());
  if (from == nullptr) return false;
  OWNER_ENTRY* const to = find_owner(resource, owner);
  if (to == nullptr) {
    from->OwnerThread = owner;
    return true;
  }
  to->OwnerCount = to->OwnerCount + from->OwnerCount;
  remove_owner(resource, *from);
  return true;
}

void NTAPI tell_initialized(ERESOURCE const& resource, void const* at) noexcept {
  ke::lock_initialized({.lock = &resource, .kind = ke::LockKind::resource, .at = at});
}

ULONG look(ULONG& number) noexcept {
  return std::atomic_ref<ULONG>{number}.load(std::memory_order_relaxed);
}

}  // namespace

namespace mica::ex {

void NTAPI reject_live_resources(void const* memory, std::size_t bytes) noexcept {
  auto const* const begin = static_cast<std::byte const*>(memory);
  for (std::size_t at = 0; at + sizeof(ERESOURCE) <= bytes; at += alignof(ERESOURCE)) {
    auto const& resource = *reinterpret_cast<ERESOURCE const*>(begin + at);
    if (resource.Reserved2 == initialized_mark(resource)) [[unlikely]]
      ke::violation(ke::Rule::free_resource, ke::as_parameter(&resource), ke::as_parameter(memory),
                    bytes);
  }
}

}  // namespace mica::ex

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource) {
  if (Resource->Reserved2 == initialized_mark(*Resource)) [[unlikely]]
    ke::violation(ke::Rule::initialize_resource_twice, ke::as_parameter(Resource));
  if (ke::locks_checked()) [[unlikely]]
    tell_initialized(*Resource, __builtin_return_address(0));
  reset(*Resource, nullptr);
  mm::watch(Resource);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource) {
  if (ke::locks_checked()) [[unlikely]]
    tell_initialized(*Resource, __builtin_return_address(0));
  reset(*Resource, Resource->OwnerTable);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource) {
  if (Resource->Reserved2 != initialized_mark(*Resource)) [[unlikely]]
    ke::violation(ke::Rule::delete_uninitialized_resource, ke::as_parameter(Resource));
  if (Resource->ActiveEntries != 0) [[unlikely]]
    ke::violation(ke::Rule::delete_owned, ke::as_parameter(Resource),
                  Resource->OwnerEntry.OwnerThread);
  if (Resource->OwnerTable != nullptr) ExFreePool(std::exchange(Resource->OwnerTable, nullptr));
  Resource->Reserved2 = nullptr;
  if (ke::locks_checked()) [[unlikely]]
    ke::lock_deleted(Resource);
  return STATUS_SUCCESS;
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource) {
  return own_count(*Resource, true) != 0 ? TRUE : FALSE;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource) {
  return own_count(*Resource, false);
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource) {
  return look(Resource->NumberOfExclusiveWaiters);
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource) {
  return look(Resource->NumberOfSharedWaiters);
}

void NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer) {
  ExSetResourceOwnerPointerEx(Resource, OwnerPointer, 0);
}

// The flag tells whose priority might be raised; none is.
void NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Resource);
  ERESOURCE_THREAD const owner = ke::as_parameter(OwnerPointer);
  if ((owner & 3) != 3) [[unlikely]]
    ke::bugcheck(RESOURCE_OWNER_POINTER_INVALID, ke::as_parameter(Resource),
                 ke::as_parameter(Resource->OwnerTable), ExGetCurrentResourceThread(), owner);
  if (!hand_over(*Resource, owner)) [[unlikely]]
    ke::bugcheck(RESOURCE_NOT_OWNED, ke::as_parameter(Resource), ExGetCurrentResourceThread(),
                 ke::as_parameter(Resource->OwnerTable));
  // Nobody can tell who will release it.
  if (ke::locks_checked()) [[unlikely]]
    ke::lock_abandoned(Resource);
}
