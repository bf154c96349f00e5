// Acquiring and releasing resources.
//   Who must wait queues, and is made an owner by who admits it: nobody overtakes it. Shared
//   requests queue behind an exclusive one that waits; the last release of those who share lets in
//   one exclusive waiter, and the release of an exclusive owner all shared ones. So neither side
//   starves, but as StarveExclusive says.
#include "ex/resource.hpp"
#include "ex/resource_rules.hpp"
#include "ke/lock_checks.hpp"

using namespace mica;
using namespace mica::ex;

namespace {

// What a shared request does when others wait to own the resource exclusively.
enum class Sharing : std::uint8_t { waits_unless_owner, overtakes, waits };

enum class Answer : std::uint8_t { granted, refused, queued, no_room };

ERESOURCE& require_valid(PERESOURCE resource) noexcept {
  if (ke::as_parameter(resource) % alignof(ERESOURCE) != 0) [[unlikely]]
    ke::violation(ke::Rule::unaligned_resource, 0, 0, ke::as_parameter(resource));
  require_acquirable(resource, ke::Rule::acquire_resource);
  if (resource->Reserved2 != initialized_mark(*resource)) [[unlikely]]
    ke::violation(ke::Rule::acquire_uninitialized, ke::as_parameter(resource));
  return *resource;
}

bool NTAPI may_share(ERESOURCE& resource, OWNER_ENTRY const* own, Sharing sharing) noexcept {
  if (owned_exclusively(resource)) return own != nullptr;
  if (resource.NumberOfExclusiveWaiters == 0 || sharing == Sharing::overtakes) return true;
  return own != nullptr && sharing == Sharing::waits_unless_owner;
}

// The resource is held.
Answer NTAPI ask_shared(ERESOURCE& resource, ResourceWaiter& waiter, bool wait,
                        Sharing sharing) noexcept {
  OWNER_ENTRY* const own = find_owner(resource, waiter.thread);
  bool const enters = may_share(resource, own, sharing);
  if (!enters && !wait) return Answer::refused;
  bool const has_room =
      resource.ActiveEntries + resource.NumberOfSharedWaiters < room_for_owners(resource);
  if (!has_room && !(enters && own != nullptr)) return Answer::no_room;
  if (!enters) {
    queue_shared(resource, waiter);
    return Answer::queued;
  }
  add_owner(resource, waiter.thread);
  return Answer::granted;
}

// There is no memory now; there may be later.
void NTAPI pause() noexcept {
  LARGE_INTEGER shortly;
  shortly.QuadPart = -100'000;
  static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &shortly));
}

BOOLEAN NTAPI acquire_shared(PERESOURCE requested, bool wait, Sharing sharing) noexcept {
  ERESOURCE& resource = require_valid(requested);
  ResourceWaiter waiter;
  waiter.thread = ExGetCurrentResourceThread();
  for (;;) {
    Answer answer;
    ULONG room;
    {
      ke::KernelSpinGuard guard{resource.SpinLock};
      room = room_for_owners(resource);
      answer = ask_shared(resource, waiter, wait, sharing);
    }
    if (answer == Answer::granted) return TRUE;
    if (answer == Answer::refused) return FALSE;
    if (answer == Answer::queued) {
      wait_until_admitted(waiter);
      return TRUE;
    }
    if (grow_owners(resource, room)) continue;
    if (!wait) return FALSE;
    pause();
  }
}

// The resource is held.
Answer NTAPI ask_exclusive(ERESOURCE& resource, ResourceWaiter& waiter, bool wait) noexcept {
  bool const again =
      owned_exclusively(resource) && resource.OwnerEntry.OwnerThread == waiter.thread;
  if (resource.ActiveEntries == 0 || again) {
    add_owner(resource, waiter.thread);
    resource.Flag |= ResourceOwnedExclusive;
    return Answer::granted;
  }
  if (!wait) return Answer::refused;
  queue_exclusive(resource, waiter);
  return Answer::queued;
}

BOOLEAN NTAPI acquire_exclusive(PERESOURCE requested, bool wait) noexcept {
  ERESOURCE& resource = require_valid(requested);
  ResourceWaiter waiter;
  waiter.thread = ExGetCurrentResourceThread();
  Answer answer;
  {
    ke::KernelSpinGuard guard{resource.SpinLock};
    answer = ask_exclusive(resource, waiter, wait);
  }
  if (answer == Answer::queued) wait_until_admitted(waiter);
  return answer == Answer::refused ? FALSE : TRUE;
}

// Whom the last owner's release lets in. The resource is held, and nobody owns it.
ResourceWaiter* NTAPI pass_on(ERESOURCE& resource) noexcept {
  bool const was_exclusive = owned_exclusively(resource);
  resource.Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
  if (was_exclusive && resource.NumberOfSharedWaiters != 0) return admit_shared(resource);
  return admit_exclusive(resource);
}

[[noreturn, gnu::noinline]] void NTAPI reject(ERESOURCE& resource,
                                              ERESOURCE_THREAD owner) noexcept {
  ke::bugcheck(RESOURCE_NOT_OWNED, ke::as_parameter(&resource), owner,
               ke::as_parameter(resource.OwnerTable));
}

// False: it is not owned by `owner`. Signals at DISPATCH_LEVEL, so that nobody who was admitted
// waits for a releaser that lost its processor.
bool NTAPI let_go(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept {
  ke::RaiseToDispatch raised;
  ResourceWaiter* admitted = nullptr;
  {
    ke::KernelSpinGuardAtDispatch guard{resource.SpinLock};
    OWNER_ENTRY* const entry = find_owner(resource, owner);
    if (owner == 0 || entry == nullptr) return false;
    entry->OwnerCount = entry->OwnerCount - 1;
    if (entry->OwnerCount == 0) remove_owner(resource, *entry);
    if (resource.ActiveEntries == 0) admitted = pass_on(resource);
  }
  signal_admitted(admitted);
  return true;
}

void NTAPI release(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, &resource);
  if (!let_go(resource, owner)) [[unlikely]]
    reject(resource, owner);
}

void NTAPI release_own(ERESOURCE& resource) noexcept {
  require_no_apcs(&resource, ke::Rule::release_resource);
  release(resource, ExGetCurrentResourceThread());
}

// False: the calling thread does not own it exclusively.
bool NTAPI convert(ERESOURCE& resource) noexcept {
  ke::RaiseToDispatch raised;
  ResourceWaiter* admitted = nullptr;
  {
    ke::KernelSpinGuardAtDispatch guard{resource.SpinLock};
    bool const owned = owned_exclusively(resource) &&
                       resource.OwnerEntry.OwnerThread == ExGetCurrentResourceThread();
    if (!owned) return false;
    resource.Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
    admitted = admit_shared(resource);
  }
  signal_admitted(admitted);
  return true;
}

ke::LockUse NTAPI use_of(PERESOURCE resource, void const* at, bool shared) noexcept {
  return {.lock = resource, .kind = ke::LockKind::resource, .at = at, .shared = shared};
}

// The same, told to deadlock detection.
template <class Acquire>
BOOLEAN checked(PERESOURCE requested, bool wait, ke::LockUse const& use, Acquire acquire) noexcept {
  static_cast<void>(require_valid(requested));
  if (wait) ke::before_lock(use);
  if (!acquire()) return FALSE;
  ke::lock_taken(use);
  return TRUE;
}

[[gnu::noinline]] BOOLEAN NTAPI acquire_exclusive_checked(PERESOURCE requested, bool wait,
                                                          void const* at) noexcept {
  return checked(requested, wait, use_of(requested, at, false),
                 [&] { return acquire_exclusive(requested, wait) != FALSE; });
}

[[gnu::noinline]] BOOLEAN NTAPI acquire_shared_checked(PERESOURCE requested, bool wait,
                                                       Sharing sharing, void const* at) noexcept {
  return checked(requested, wait, use_of(requested, at, true),
                 [&] { return acquire_shared(requested, wait, sharing) != FALSE; });
}

[[gnu::noinline]] void NTAPI release_own_checked(ERESOURCE& resource, void const* at) noexcept {
  require_no_apcs(&resource, ke::Rule::release_resource);
  ke::lock_released(use_of(&resource, at, false), Machine::irql());
  release(resource, ExGetCurrentResourceThread());
}

}  // namespace

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_exclusive_checked(Resource, Wait != FALSE, __builtin_return_address(0));
  return acquire_exclusive(Resource, Wait != FALSE);
}

BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_exclusive_checked(Resource, false, __builtin_return_address(0));
  return acquire_exclusive(Resource, false);
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_shared_checked(Resource, Wait != FALSE, Sharing::waits_unless_owner,
                                  __builtin_return_address(0));
  return acquire_shared(Resource, Wait != FALSE, Sharing::waits_unless_owner);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_shared_checked(Resource, Wait != FALSE, Sharing::overtakes,
                                  __builtin_return_address(0));
  return acquire_shared(Resource, Wait != FALSE, Sharing::overtakes);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_shared_checked(Resource, Wait != FALSE, Sharing::waits,
                                  __builtin_return_address(0));
  return acquire_shared(Resource, Wait != FALSE, Sharing::waits);
}

void NTAPI ExReleaseResourceLite(PERESOURCE Resource) {
  if (ke::locks_checked()) [[unlikely]]
    return release_own_checked(*Resource, __builtin_return_address(0));
  release_own(*Resource);
}

// APCs may come to a system thread here, and there are no others.
//                                                            [MSDN ExReleaseResourceForThreadLite]
void NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId) {
  release(*Resource, ResourceThreadId);
  if (ke::locks_checked()) [[unlikely]]
    ke::lock_released_for(Resource, reinterpret_cast<void const*>(ResourceThreadId));
}

void NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Resource);
  if (!convert(*Resource)) [[unlikely]]
    reject(*Resource, ExGetCurrentResourceThread());
  if (ke::locks_checked()) [[unlikely]]
    ke::lock_converted(Resource, true);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  if (ke::locks_checked()) [[unlikely]]
    static_cast<void>(acquire_exclusive_checked(Resource, true, __builtin_return_address(0)));
  else
    static_cast<void>(acquire_exclusive(Resource, true));
  return nullptr;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  if (ke::locks_checked()) [[unlikely]]
    static_cast<void>(acquire_shared_checked(Resource, true, Sharing::waits_unless_owner,
                                             __builtin_return_address(0)));
  else
    static_cast<void>(acquire_shared(Resource, true, Sharing::waits_unless_owner));
  return nullptr;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  if (ke::locks_checked()) [[unlikely]]
    static_cast<void>(
        acquire_shared_checked(Resource, true, Sharing::waits, __builtin_return_address(0)));
  else
    static_cast<void>(acquire_shared(Resource, true, Sharing::waits));
  return nullptr;
}

void NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource) {
  if (ke::locks_checked()) [[unlikely]]
    release_own_checked(*Resource, __builtin_return_address(0));
  else
    release_own(*Resource);
  KeLeaveCriticalRegion();
}
