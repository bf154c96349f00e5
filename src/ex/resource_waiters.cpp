// Who waits for a resource. A queue is named by its last waiter, which names the first.
#include <utility>

#include "ex/resource.hpp"

namespace mica::ex {
namespace {

template <class Object>
ResourceWaiter* last_of(Object* const volatile& queue) noexcept {
  return reinterpret_cast<ResourceWaiter*>(queue);
}

// Others look at the number without the lock.
void change(ULONG& number, ULONG value) noexcept {
  std::atomic_ref<ULONG>{number}.store(value, std::memory_order_relaxed);
}

template <class Object>
void append(Object* volatile& queue, ResourceWaiter& waiter) noexcept {
  KeInitializeEvent(&waiter.admitted, SynchronizationEvent, FALSE);
  ResourceWaiter* const last = last_of(queue);
  waiter.next = last == nullptr ? &waiter : std::exchange(last->next, &waiter);
  queue = reinterpret_cast<Object*>(&waiter);
}

}  // namespace

void NTAPI queue_shared(ERESOURCE& resource, ResourceWaiter& waiter) noexcept {
  append(resource.SharedWaiters, waiter);
  change(resource.NumberOfSharedWaiters, resource.NumberOfSharedWaiters + 1);
  ++resource.ContentionCount;
}

void NTAPI queue_exclusive(ERESOURCE& resource, ResourceWaiter& waiter) noexcept {
  append(resource.ExclusiveWaiters, waiter);
  change(resource.NumberOfExclusiveWaiters, resource.NumberOfExclusiveWaiters + 1);
  ++resource.ContentionCount;
}

// All of them.
ResourceWaiter* NTAPI admit_shared(ERESOURCE& resource) noexcept {
  ResourceWaiter* const last = last_of(resource.SharedWaiters);
  if (last == nullptr) return nullptr;
  ResourceWaiter* const first = std::exchange(last->next, nullptr);
  for (ResourceWaiter* waiter = first; waiter != nullptr; waiter = waiter->next)
    add_owner(resource, waiter->thread);
  resource.SharedWaiters = nullptr;
  change(resource.NumberOfSharedWaiters, 0);
  return first;
}

// The first. Nobody owns the resource.
ResourceWaiter* NTAPI admit_exclusive(ERESOURCE& resource) noexcept {
  ResourceWaiter* const last = last_of(resource.ExclusiveWaiters);
  if (last == nullptr) return nullptr;
  ResourceWaiter* const first = last->next;
  if (first == last)
    resource.ExclusiveWaiters = nullptr;
  else
    last->next = first->next;
  first->next = nullptr;
  add_owner(resource, first->thread);
  resource.Flag |= ResourceOwnedExclusive;
  change(resource.NumberOfExclusiveWaiters, resource.NumberOfExclusiveWaiters - 1);
  return first;
}

void NTAPI signal_admitted(ResourceWaiter* first) noexcept {
  while (first != nullptr) {
    ResourceWaiter* const next = first->next;
    KeSetEvent(&first->admitted, IO_NO_INCREMENT, FALSE);
    first = next;
  }
}

void NTAPI wait_until_admitted(ResourceWaiter& waiter) noexcept {
  static_cast<void>(
      KeWaitForSingleObject(&waiter.admitted, WrResource, KernelMode, FALSE, nullptr));
}

}  // namespace mica::ex
