// What deadlock detection says of locks that are taken in a circle.
//                                              [MSDN "Deadlock Detection", Bug Check 0xC4: 0x1001]
#include "deadlock_support.hpp"

using namespace mica::test;

namespace {

// The second that is taken inside the first, then the first inside the second.
template <class First, class Second>
void check_circle() {
  DeadlockDetection detection;
  InPool<First> first;
  InPool<Second> second;
  nest(first, second);
  Bugcheck const end = bugcheck_of([&] { nest(second, first); });
  MICA_CHECK(violates(end, 0x1001, first.address()));
}

template <class First, class... Seconds>
void check_circles() {
  (check_circle<First, Seconds>(), ...);
}

// Each mutex of a request is initialised at a place of its own.
struct Request {
  FAST_MUTEX list;
  FAST_MUTEX data;
};
[[gnu::noinline]] LONG prepare(Request& request) {
  ExInitializeFastMutex(&request.list);
  ExInitializeFastMutex(&request.data);
  return request.data.Count;  // or that routine would return to our caller
}

void nest(FAST_MUTEX& outer, FAST_MUTEX& inner) {
  ExAcquireFastMutex(&outer);
  ExAcquireFastMutex(&inner);
  ExReleaseFastMutex(&inner);
  ExReleaseFastMutex(&outer);
}

}  // namespace

MICA_CASE("Ke: spin locks that are taken in both orders are violation 1001") {
  check_circles<Plain, Plain, Queued, Written, Read>();
  check_circles<Queued, Queued, Written>();
  check_circles<Written, Plain, Read>();
  check_circles<WrittenAtDispatch, Plain, WrittenAtDispatch>();
  check_circles<ReadAtDispatch, Plain, ReadAtDispatch>();
}

namespace {

template <class Raising>
void check_raised() {
  InPool<Plain> outer;
  InPool<Raising> inner;
  nest(outer, inner);
  Bugcheck const end = bugcheck_of([&] {
    inner->take();
    KeAcquireSpinLockAtDpcLevel(&outer->lock);
  });
  MICA_CHECK(violates(end, 0x1001, outer.address()));
}

}  // namespace

MICA_CASE("Ke: a spin lock that raises further has its order too") {
  DeadlockDetection detection;
  check_raised<PlainAtSynch>();
  check_raised<QueuedAtSynch>();
}

MICA_CASE(
    "Ke: mutexes, resources and push locks that are taken in both orders are violation 1001") {
  check_circles<Fast, Fast, Guarded, Pushed>();
  check_circles<Unsafe, Fast, Unsafe>();
  check_circles<GuardedUnsafe, Guarded, GuardedUnsafe>();
  check_circles<Mutex, Mutex, Owned, Pushed, Fast>();
  check_circles<Owned, Owned, Shared, Pushed, Guarded>();
  check_circles<Pushed, Pushed, PushedShared, Shared>();
  check_circles<OwnedBy<ExAcquireResourceExclusiveLite>, OwnedBy<ExAcquireResourceSharedLite>>();
  check_circles<OwnedBy<ExAcquireSharedStarveExclusive>, Owned>();
  check_circles<OwnedBy<ExAcquireSharedWaitForExclusive>, SharedBehindWriters>();
}

MICA_CASE("Ke: three locks that are taken in a circle are violation 1001") {
  DeadlockDetection detection;
  InPool<Mutex> first, second;
  InPool<Owned> third;
  nest(first, second);
  nest(second, third);
  Bugcheck const end = bugcheck_of([&] { nest(third, first); });
  MICA_CHECK(violates(end, 0x1001, first.address()));
}

namespace {

KIRQL old;  // of who took a spin lock by a try

// Another lock inside one that a try took, then the other way round.
template <class Lock, class Inner, class Try, class Give>
void check_tried(Try try_to_take, Give give) {
  DeadlockDetection detection;
  InPool<Lock> lock;
  InPool<Inner> inner;
  MICA_CHECK(try_to_take(&lock->lock));
  inner->take();
  inner->give();
  give(&lock->lock);
  Bugcheck const end = bugcheck_of([&] { nest(inner, lock); });
  MICA_CHECK(violates(end, 0x1001, lock.address()));
}

}  // namespace

MICA_CASE("Ke: what is taken inside a lock that a try took has an order too") {
  check_tried<Fast, Fast>(ExTryToAcquireFastMutex, ExReleaseFastMutex);
  check_tried<Guarded, Fast>(KeTryToAcquireGuardedMutex, KeReleaseGuardedMutex);
  KeEnterCriticalRegion();
  check_tried<Pushed, Fast>([](auto* lock) { return ExTryAcquirePushLockExclusiveEx(lock, 0); },
                            [](auto* lock) { ExReleasePushLockExclusiveEx(lock, 0); });
  check_tried<Pushed, Fast>([](auto* lock) { return ExTryAcquirePushLockSharedEx(lock, 0); },
                            [](auto* lock) { ExReleasePushLockSharedEx(lock, 0); });
  check_tried<Owned, Fast>(ExTryToAcquireResourceExclusiveLite, ExReleaseResourceLite);
  KeLeaveCriticalRegion();
  check_tried<Written, Plain>(
      [](auto* lock) {
        old = KeRaiseIrqlToDpcLevel();
        return ExTryAcquireSpinLockSharedAtDpcLevel(lock);
      },
      [](auto* lock) { ExReleaseSpinLockShared(lock, old); });
  check_tried<Written, Plain>(
      [](auto* lock) {
        old = KeRaiseIrqlToDpcLevel();
        return ExTryAcquireSpinLockExclusiveAtDpcLevel(lock);
      },
      [](auto* lock) { ExReleaseSpinLockExclusive(lock, old); });
}

MICA_CASE("Ke: a lock that is taken again is held until it is given back as often") {
  DeadlockDetection detection;
  InPool<Mutex> mutex;
  InPool<Owned> resource, other;
  auto nest_again = [&](auto& outer, auto give_once) {
    InPool<Fast> inner;
    outer->take();
    outer->take();
    give_once();
    inner->take();
    inner->give();
    outer->give();
    Bugcheck const end = bugcheck_of([&] { nest(inner, outer); });
    MICA_CHECK(violates(end, 0x1001, outer.address()));
  };
  nest_again(mutex, [&] { mutex->give(); });
  nest_again(resource, [&] { resource->give(); });
  nest_again(other, [&] {
    ExReleaseResourceForThreadLite(&other->lock, ExGetCurrentResourceThread());
    KeLeaveCriticalRegion();
  });
}

MICA_CASE(
    "Ke: the order of locks that are gone is that of the places where they were initialised") {
  DeadlockDetection detection;
  for (bool const first : {true, false}) {
    auto* const request =
        static_cast<Request*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Request), 'kcoL'));
    MICA_REQUIRE(request != nullptr);
    MICA_CHECK(prepare(*request) == FM_LOCK_BIT);
    if (first) {
      nest(request->list, request->data);
    } else {
      Bugcheck const end = bugcheck_of([&] { nest(request->data, request->list); });
      MICA_CHECK(violates(end, 0x1001, address(&request->list)));
    }
    ExFreePool(request);
  }
}

MICA_CASE("Ke: of three places whose locks were taken in a circle some locks may be gone") {
  DeadlockDetection detection;
  // Each initialised at a place of its own.
  struct Locks {
    FAST_MUTEX x, y, z;
    [[gnu::noinline]] static LONG prepare(Locks& locks) {
      ExInitializeFastMutex(&locks.x);
      ExInitializeFastMutex(&locks.y);
      ExInitializeFastMutex(&locks.z);
      return locks.z.Count;
    }
    static Locks* make() {
      auto* const locks =
          static_cast<Locks*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Locks), 'kcoL'));
      MICA_CHECK(prepare(*locks) == FM_LOCK_BIT);
      return locks;
    }
  };
  Locks* const first = Locks::make();
  nest(first->x, first->y);
  Locks* const second = Locks::make();
  nest(second->y, second->z);
  Locks* const third = Locks::make();  // not where the second stood
  ExFreePool(second);
  Bugcheck const end = bugcheck_of([&] { nest(third->z, first->x); });
  MICA_CHECK(violates(end, 0x1001, address(&first->x)));
  ExFreePool(third);
  ExFreePool(first);
}

MICA_CASE("Ke: a resource that was deleted is gone, though its memory is not") {
  DeadlockDetection detection;
  struct Resources {
    ERESOURCE list, data;
    [[gnu::noinline]] static ULONG prepare(Resources& resources) {
      static_cast<void>(ExInitializeResourceLite(&resources.list));
      static_cast<void>(ExInitializeResourceLite(&resources.data));
      return resources.data.ActiveEntries;
    }
    ~Resources() {
      static_cast<void>(ExDeleteResourceLite(&list));
      static_cast<void>(ExDeleteResourceLite(&data));
    }
    static void nest(ERESOURCE& outer, ERESOURCE& inner) {
      ExEnterCriticalRegionAndAcquireResourceShared(&outer);
      ExEnterCriticalRegionAndAcquireResourceExclusive(&inner);
      ExReleaseResourceAndLeaveCriticalRegion(&inner);
      ExReleaseResourceAndLeaveCriticalRegion(&outer);
    }
  };
  alignas(Resources) static std::byte memory[sizeof(Resources)];
  auto* const gone = ::new (memory) Resources;
  MICA_CHECK(Resources::prepare(*gone) == 0);
  Resources::nest(gone->list, gone->data);
  gone->~Resources();
  Resources resources;
  MICA_CHECK(Resources::prepare(resources) == 0);
  static ERESOURCE* list;
  static ERESOURCE* data;
  list = &resources.list, data = &resources.data;
  Bugcheck const end = bugcheck_of([] {
    ExEnterCriticalRegionAndAcquireResourceShared(data);
    ExEnterCriticalRegionAndAcquireResourceExclusive(list);
  });
  MICA_CHECK(violates(end, 0x1001, address(list)));
  ExReleaseResourceForThreadLite(data, data->OwnerEntry.OwnerThread);
}

MICA_CASE("Ke: locks that are initialised at one place have the order in which they are taken") {
  DeadlockDetection detection;
  Request parent, child;
  MICA_CHECK(prepare(parent) == FM_LOCK_BIT);
  MICA_CHECK(prepare(child) == FM_LOCK_BIT);
  nest(parent.list, child.list);
  nest(parent.list, child.list);
  Bugcheck const end = bugcheck_of([&] { nest(child.list, parent.list); });
  MICA_CHECK(violates(end, 0x1001, address(&parent.list)));
}

MICA_CASE("Ke: a wait for all takes each mutex inside what is held") {
  DeadlockDetection detection;
  InPool<Fast> outer;
  InPool<Mutex> first, second;
  nest(first, outer);
  nest(second, outer);
  Bugcheck const end = bugcheck_of([&] {
    ExAcquireFastMutex(&outer->lock);
    wait_for_both(&second->lock, &first->lock);
  });
  MICA_CHECK(violates(end, 0x1001, second.address()));
}

MICA_CASE("Ke: a mutex that a wait took is held, and no other of that wait's") {
  DeadlockDetection detection;
  // Whether the mutex was held when another lock was taken.
  auto was_held = [](InPool<Mutex>& mutex, InPool<Fast>& inner) {
    Bugcheck const end = bugcheck_of([&] { nest(inner, mutex); });
    MICA_CHECK(!end.happened || violates(end, 0x1001, mutex.address()));
    return end.happened;
  };
  auto take = [](InPool<Fast>& inner) {
    inner->take();
    inner->give();
  };
  {
    InPool<Mutex> first, second;
    InPool<Fast> one, other;
    wait_for_both(&first->lock, &second->lock);
    take(one), take(other);
    first->give();
    second->give();
    MICA_CHECK(was_held(first, one));
    MICA_CHECK(was_held(second, other));
  }
  {
    InPool<Mutex> first, second;
    InPool<Fast> one, other;
    PVOID objects[] = {&first->lock, &second->lock};
    MICA_CHECK(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, nullptr,
                                        nullptr) == STATUS_WAIT_0);
    take(one), take(other);
    first->give();
    MICA_CHECK(was_held(first, one));
    MICA_CHECK(!was_held(second, other));
  }
  {
    InPool<Mutex> first, second;
    InPool<Fast> one;
    KEVENT tried;
    KeInitializeEvent(&tried, NotificationEvent, FALSE);
    auto other = [&] {
      second->take();
      MICA_CHECK(wait(&tried) == STATUS_SUCCESS);
      second->give();
    };
    Thread* const thread = start(other, {.processor = 1});
    until_waiting(thread);
    MICA_CHECK(wait_for_both(&first->lock, &second->lock, millisecond_100ns) == STATUS_TIMEOUT);
    static_cast<void>(KeSetEvent(&tried, IO_NO_INCREMENT, FALSE));
    take(one);
    join(thread);
    MICA_CHECK(!was_held(first, one));
  }
  {
    InPool<Mutex> abandoned;
    InPool<Fast> one, other;
    auto abandon = [&] {
      Bugcheck const end = bugcheck_of([&] {
        MICA_CHECK(NT_SUCCESS(wait(&abandoned->lock)));
        KeBugCheck(MANUALLY_INITIATED_CRASH);
      });
      MICA_CHECK(end.happened && end.code == MANUALLY_INITIATED_CRASH);
    };
    abandon();
    MICA_CHECK(wait(&abandoned->lock) == STATUS_ABANDONED);
    take(one);
    abandoned->give();
    abandon();
    KEVENT events[MAXIMUM_WAIT_OBJECTS - 1];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    for (int i = 0; i < MAXIMUM_WAIT_OBJECTS - 1; ++i) {
      KeInitializeEvent(&events[i], NotificationEvent, FALSE);
      objects[i] = &events[i];
    }
    objects[MAXIMUM_WAIT_OBJECTS - 1] = &abandoned->lock;
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    MICA_CHECK(KeWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, objects, WaitAny, Executive,
                                        KernelMode, FALSE, nullptr,
                                        blocks) == STATUS_ABANDONED_WAIT_63);
    take(other);
    abandoned->give();
    MICA_CHECK(was_held(abandoned, other));
    MICA_CHECK(was_held(abandoned, one));
  }
}

MICA_CASE("Ke: a mutex is its maker's if that is asked for, and nobody's once it is abandoned") {
  DeadlockDetection detection;
  InPool<Mutex> mutex, other;
  InPool<Fast> inner, another;
  KeInitializeMutant(&mutex->lock, TRUE);
  inner->take();
  inner->give();
  Bugcheck const again = bugcheck_of([&] { KeInitializeMutant(&mutex->lock, FALSE); });
  MICA_CHECK(violates(again, 0x1005, mutex.address()));
  KeReleaseMutant(&mutex->lock, 0, FALSE, FALSE);
  Bugcheck const end = bugcheck_of([&] { nest(inner, mutex); });
  MICA_CHECK(violates(end, 0x1001, mutex.address()));

  KeInitializeMutant(&other->lock, FALSE);
  another->take();  // inside nothing
  another->give();
  for (int i = 0; i < 2; ++i) other->take();
  KeReleaseMutant(&other->lock, 0, TRUE, FALSE);
  another->take();
  another->give();
  nest(another, other);
}
