// What deadlock detection has nothing to say about.                   [MSDN "Deadlock Detection"]
#include "deadlock_support.hpp"
#include "interrupt_support.hpp"

using namespace mica::test;

MICA_CASE("Ke: locks that are always taken in one order are no violation") {
  DeadlockDetection detection;
  InPool<Mutex> mutex;
  InPool<Owned> resource;
  InPool<Fast> fast;
  InPool<Plain> spin;
  InPool<Written> written;
  auto use = [&] {
    for (int i = 0; i < 3; ++i) {
      nest(mutex, resource);
      nest(mutex, fast);
      nest(resource, fast);
      nest(fast, spin);
      nest(mutex, written);
      nest(spin, written);
    }
  };
  Thread* const other = start(use, {.processor = 1});
  use();
  join(other);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: a try has no order") {
  DeadlockDetection detection;
  InPool<Fast> first, second;
  nest(first, second);
  second->take();
  MICA_CHECK(ExTryToAcquireFastMutex(&first->lock));
  first->give();
  second->give();
  InPool<Plain> spin, inner;
  nest(spin, inner);
  inner->take();
  MICA_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&spin->lock));
  KeReleaseSpinLockFromDpcLevel(&spin->lock);
  inner->give();
  InPool<Mutex> outer, other;
  nest(outer, other);
  other->take();
  MICA_CHECK(poll(&outer->lock) == STATUS_SUCCESS);
  outer->give();
  MICA_CHECK(wait(&outer->lock, millisecond_100ns) == STATUS_SUCCESS);
  outer->give();
  other->give();
}

MICA_CASE("Ke: a try that was refused holds nothing") {
  DeadlockDetection detection;
  InPool<Read> shared;
  InPool<Plain> inner;
  shared->take();
  MICA_CHECK(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&shared->lock));
  shared->give();
  inner->take();
  inner->give();
  nest(inner, shared);
}

MICA_CASE("Ke: an owner that takes its mutex or resource again is no violation") {
  DeadlockDetection detection;
  InPool<Mutex> mutex;
  InPool<Owned> resource;
  mutex->take();
  resource->take();
  mutex->take();
  resource->take();
  ExEnterCriticalRegionAndAcquireResourceShared(&resource->lock);
  resource->take();
  resource->give();
  resource->give();
  mutex->give();
  resource->give();
  resource->give();
  mutex->give();
  nest(mutex, resource);
  MICA_CHECK(KeReadStateMutex(&mutex->lock) == 1);
  MICA_CHECK(ExIsResourceAcquiredSharedLite(&resource->lock) == 0);
}

MICA_CASE("Ke: locks that are released in another order without the level are no violation") {
  DeadlockDetection detection;
  InPool<Plain> first, second;
  KIRQL const old = KeAcquireSpinLockRaiseToDpc(&first->lock);
  KeAcquireSpinLockAtDpcLevel(&second->lock);
  KeReleaseSpinLockFromDpcLevel(&first->lock);
  KeReleaseSpinLock(&second->lock, old);
  InPool<Mutex> outer, inner;
  outer->take();
  inner->take();
  outer->give();
  inner->give();
  InPool<Fast> raising, unsafe;
  KeEnterCriticalRegion();
  raising->take();
  ExAcquireFastMutexUnsafe(&unsafe->lock);
  raising->give();
  ExReleaseFastMutexUnsafe(&unsafe->lock);
  KeLeaveCriticalRegion();
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: what was learned of a lock ends with its memory, or when it is initialised anew") {
  DeadlockDetection detection;
  InPool<Plain> first, second;
  nest(first, second);
  KeInitializeSpinLock(&first->lock);
  nest(second, first);
  struct Pair {
    EX_SPIN_LOCK first, second;
  };
  // Freed and allocated again, the block is the same or another.
  for (int i = 0; i < 8; ++i) {
    bool const forth = i % 2 == 0;
    auto* const pair =
        static_cast<Pair*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Pair), 'kcoL'));
    MICA_REQUIRE(pair != nullptr);
    EX_SPIN_LOCK* const outer = forth ? &pair->first : &pair->second;
    EX_SPIN_LOCK* const inner = forth ? &pair->second : &pair->first;
    KIRQL const old = ExAcquireSpinLockExclusive(outer);
    ExAcquireSpinLockExclusiveAtDpcLevel(inner);
    ExReleaseSpinLockExclusiveFromDpcLevel(inner);
    ExReleaseSpinLockExclusive(outer, old);
    ExFreePool(pair);
  }
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: a lock that is used as another kind is another lock") {
  DeadlockDetection detection;
  InPool<Plain> first, second;
  nest(first, second);
  second->take();
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLockAtDpcLevel(&first->lock, &handle);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  second->give();
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: a lock on a stack that no routine initialised takes no part") {
  DeadlockDetection detection;
  auto leave = [] {
    EX_PUSH_LOCK lock{};
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusiveEx(&lock, 0);
    KeLeaveCriticalRegion();
  };
  join(start(leave));
  EX_SPIN_LOCK outer = 0, inner = 0;
  for (bool const forth : {true, false}) {
    KIRQL const old = ExAcquireSpinLockExclusive(forth ? &outer : &inner);
    ExAcquireSpinLockExclusiveAtDpcLevel(forth ? &inner : &outer);
    ExReleaseSpinLockExclusiveFromDpcLevel(forth ? &inner : &outer);
    ExReleaseSpinLockExclusive(forth ? &outer : &inner, old);
  }
  MICA_CHECK(outer == 0 && inner == 0);
}

MICA_CASE("Ke: a mutex that its thread abandoned is held by nobody") {
  DeadlockDetection detection;
  InPool<Mutex> mutex, other;
  KeInitializeMutant(&mutex->lock, FALSE);  // a thread may end with this one
  auto leave = [&] { mutex->take(); };
  join(start(leave));
  MICA_CHECK(wait(&mutex->lock) == STATUS_ABANDONED);
  KeReleaseMutant(&mutex->lock, 0, FALSE, FALSE);
  KeInitializeMutant(&mutex->lock, FALSE);
  nest(mutex, other);
}

MICA_CASE("Ke: a lock that was held when detection ended is not when it begins again") {
  InPool<Fast> lock;
  KEVENT held, begun;
  KeInitializeEvent(&held, NotificationEvent, FALSE);
  KeInitializeEvent(&begun, NotificationEvent, FALSE);
  auto holder = [&] {
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&lock->lock);
    KeSetEvent(&held, 0, FALSE);
    MICA_CHECK(wait(&begun) == STATUS_SUCCESS);
    ExReleaseFastMutexUnsafe(&lock->lock);
    KeLeaveCriticalRegion();
    for (int i = 0; i < 2; ++i) {
      lock->take();
      lock->give();
    }
  };
  Thread* thread;
  {
    DeadlockDetection detection;
    thread = start(holder, {.processor = 1});
    MICA_CHECK(wait(&held) == STATUS_SUCCESS);
  }
  DeadlockDetection detection;
  KeSetEvent(&begun, 0, FALSE);
  join(thread);
}

MICA_CASE("Ke: locks of two places that live side by side are judged by themselves") {
  DeadlockDetection detection;
  // In each the second inside the first; the child's first inside the parent's second.
  struct Node {
    KSPIN_LOCK first, second;
    [[gnu::noinline]] static Node* make() {  // one place for the first, one for the second
      auto* const node =
          static_cast<Node*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Node), 'kcoL'));
      KeInitializeSpinLock(&node->first);
      KeInitializeSpinLock(&node->second);
      return node;
    }
    static void take(PKSPIN_LOCK outer, PKSPIN_LOCK inner) {
      KIRQL const old = KeAcquireSpinLockRaiseToDpc(outer);
      KeAcquireSpinLockAtDpcLevel(inner);
      KeReleaseSpinLockFromDpcLevel(inner);
      KeReleaseSpinLock(outer, old);
    }
  };
  Node *const parent = Node::make(), *const child = Node::make();
  Node::take(&parent->first, &parent->second);
  Node::take(&child->first, &child->second);
  Node::take(&parent->second, &child->first);
  Node::take(&parent->first, &child->second);
  Node* const other = Node::make();
  Node::take(&other->second, &parent->first);  // nobody had that second inside this first
  ExFreePool(other);
  Bugcheck const end = bugcheck_of([&] { Node::take(&child->second, &parent->first); });
  MICA_CHECK(violates(end, 0x1001, address(&parent->first)));
  ExFreePool(child);
  ExFreePool(parent);
}

MICA_CASE("Ke: who waits for one of several mutexes has no order with the others") {
  DeadlockDetection detection;
  InPool<Fast> outer;
  InPool<Mutex> mutex;
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  nest(mutex, outer);
  outer->take();
  void* objects[] = {&event, &mutex->lock};
  MICA_CHECK(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, nullptr,
                                      nullptr) == STATUS_WAIT_1);
  mutex->give();
  outer->give();
}

MICA_CASE("Io: an interrupt's lock that is taken at its level is no violation") {
  DeadlockDetection detection;
  InPool<Plain> lock;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  for (int i = 0; i < 3; ++i) {
    device.ask();
    until([&] { return device.quiet(); });
    KeReleaseInterruptSpinLock(device.object, KeAcquireInterruptSpinLock(device.object));
    MICA_CHECK(KeSynchronizeExecution(
        device.object, [](PVOID) NTAPI -> BOOLEAN { return TRUE; }, nullptr));
  }
  MICA_CHECK(device.calls == 3);
  // Threads are not interrupts, on a processor that had some.
  InPool<Plain> other;
  auto use = [&] {
    device.ask(KeGetCurrentProcessorNumberEx(nullptr));
    until([&] { return device.quiet(); });
    other->take();
    other->give();
  };
  for (ULONG i = 0; i < KeQueryActiveProcessorCountEx(0); ++i)
    join(start(use, {.processor = static_cast<int>(i)}));
}

MICA_CASE("Ke: a resource that is handed over or released for its owner is held by nobody") {
  DeadlockDetection detection;
  InPool<Owned> resource;
  InPool<Mutex> mutex;
  nest(mutex, resource);
  auto const pointer = reinterpret_cast<PVOID>(address(&detection) | 3);
  resource->take();
  ExSetResourceOwnerPointer(&resource->lock, pointer);
  KeLeaveCriticalRegion();
  mutex->take();  // holds nothing now
  mutex->give();
  ExReleaseResourceForThreadLite(&resource->lock, address(pointer));
  resource->take();
  ExReleaseResourceForThreadLite(&resource->lock, ExGetCurrentResourceThread());
  KeLeaveCriticalRegion();
  mutex->take();
  mutex->give();
  MICA_CHECK(ExIsResourceAcquiredSharedLite(&resource->lock) == 0);
}
