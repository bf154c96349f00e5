// What deadlock detection says of locks that are taken in a circle, or where they may not be.
//       [MSDN "Deadlock Detection", Bug Check 0xC4: 0x1000, 0x1001, 0x1003, 0x1005, 0x1008, 0x1009,
//                                                                               0x100A, 0x100B]
#include <nt/ps.h>

#include "deadlock_support.hpp"
#include "interrupt_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG_PTR lock_level = 0x4D43'0001;  // Mica's own: no documented rule is about it

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

template <class Lock>
void check_twice() {
  InPool<Lock> lock;
  Bugcheck const end = bugcheck_of([&] {
    lock->take();
    lock->take();
  });
  MICA_CHECK(violates(end, 0x1000, lock.address()));
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

MICA_CASE("Ke: a queued spin lock that raises further has its order too") {
  DeadlockDetection detection;
  InPool<Plain> outer;
  InPool<QueuedAtSynch> inner;
  nest(outer, inner);
  Bugcheck const end = bugcheck_of([&] {
    inner->take();
    KeAcquireSpinLockAtDpcLevel(&outer->lock);
  });
  MICA_CHECK(violates(end, 0x1001, outer.address()));
}

MICA_CASE(
    "Ke: mutexes, resources and push locks that are taken in both orders are violation 1001") {
  check_circles<Fast, Fast, Guarded, Pushed>();
  check_circles<Unsafe, Fast, Unsafe>();
  check_circles<GuardedUnsafe, Guarded, GuardedUnsafe>();
  check_circles<Mutex, Mutex, Owned, Pushed, Fast>();
  check_circles<Owned, Owned, Shared, Pushed, Guarded>();
  check_circles<Pushed, Pushed, Shared>();
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

MICA_CASE("Ke: what is taken inside a lock that a try took has an order too") {
  DeadlockDetection detection;
  InPool<Fast> first, second;
  MICA_CHECK(ExTryToAcquireFastMutex(&first->lock));
  second->take();
  second->give();
  first->give();
  Bugcheck const end = bugcheck_of([&] { nest(second, first); });
  MICA_CHECK(violates(end, 0x1001, first.address()));
  InPool<Guarded> guarded;
  InPool<Fast> third;
  MICA_CHECK(KeTryToAcquireGuardedMutex(&guarded->lock));
  third->take();
  third->give();
  guarded->give();
  Bugcheck const after_guarded = bugcheck_of([&] { nest(third, guarded); });
  MICA_CHECK(violates(after_guarded, 0x1001, guarded.address()));
  for (auto* const try_to :
       {ExTryAcquireSpinLockSharedAtDpcLevel, ExTryAcquireSpinLockExclusiveAtDpcLevel}) {
    InPool<Written> spin;
    InPool<Plain> inner;
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    MICA_CHECK(try_to(&spin->lock));
    KeAcquireSpinLockAtDpcLevel(&inner->lock);
    KeReleaseSpinLockFromDpcLevel(&inner->lock);
    if (try_to == ExTryAcquireSpinLockSharedAtDpcLevel)
      ExReleaseSpinLockShared(&spin->lock, old);
    else
      ExReleaseSpinLockExclusive(&spin->lock, old);
    Bugcheck const after_spin = bugcheck_of([&] { nest(inner, spin); });
    MICA_CHECK(violates(after_spin, 0x1001, spin.address()));
  }
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
    auto other = [&] {
      second->take();
      sleep(5 * millisecond_100ns);
      second->give();
    };
    Thread* const thread = start(other, {.processor = 1});
    until_waiting(thread);
    MICA_CHECK(wait_for_both(&first->lock, &second->lock, millisecond_100ns) == STATUS_TIMEOUT);
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

MICA_CASE("Ke: waiting for a lock that the thread has is violation 1000") {
  DeadlockDetection detection;
  check_twice<Queued>();
  check_twice<Written>();
  check_twice<Fast>();
  check_twice<Pushed>();
  InPool<Shared> resource;
  Bugcheck const end = bugcheck_of([&] {
    resource->take();
    static_cast<void>(ExAcquireResourceExclusiveLite(&resource->lock, TRUE));
  });
  MICA_CHECK(violates(end, 0x1000, resource.address()));
  InPool<Owned> converted;
  Bugcheck const after_conversion = bugcheck_of([&] {
    converted->take();
    ExConvertExclusiveToSharedLite(&converted->lock);
    static_cast<void>(ExAcquireResourceExclusiveLite(&converted->lock, TRUE));
  });
  MICA_CHECK(violates(after_conversion, 0x1000, converted.address()));
}

MICA_CASE(
    "Ke: waiting to write what the thread reads, or to read what it writes, is violation 1000") {
  DeadlockDetection detection;
  InPool<Read> read, shared;
  shared->take();
  ExAcquireSpinLockSharedAtDpcLevel(&shared->lock);  // readers share, with themselves too
  ExReleaseSpinLockSharedFromDpcLevel(&shared->lock);
  shared->give();
  Bugcheck const writes = bugcheck_of([&] {
    read->take();
    ExAcquireSpinLockExclusiveAtDpcLevel(&read->lock);
  });
  MICA_CHECK(violates(writes, 0x1000, read.address()));
  InPool<Written> written;
  Bugcheck const reads = bugcheck_of([&] {
    written->take();
    ExAcquireSpinLockSharedAtDpcLevel(&written->lock);
  });
  MICA_CHECK(violates(reads, 0x1000, written.address()));
  InPool<Read> converted;
  Bugcheck const after_conversion = bugcheck_of([&] {
    converted->take();
    MICA_CHECK(ExTryConvertSharedSpinLockExclusive(&converted->lock));
    ExAcquireSpinLockSharedAtDpcLevel(&converted->lock);
  });
  MICA_CHECK(violates(after_conversion, 0x1000, converted.address()));
  InPool<Read> refused;
  refused->take();
  ExAcquireSpinLockSharedAtDpcLevel(&refused->lock);
  MICA_CHECK(!ExTryConvertSharedSpinLockExclusive(&refused->lock));
  ExAcquireSpinLockSharedAtDpcLevel(&refused->lock);
  for (int i = 0; i < 2; ++i) ExReleaseSpinLockSharedFromDpcLevel(&refused->lock);
  refused->give();
}

MICA_CASE("Ex: a fast mutex that is taken above its level is told so, whoever holds it") {
  DeadlockDetection detection;
  InPool<Fast> fast;
  Bugcheck const end = bugcheck_of([&] {
    fast->take();
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    fast->take();
  });
  MICA_CHECK(violates(end, 0x33, DISPATCH_LEVEL, fast.address()));
}

MICA_CASE(
    "Ke: a release that lowers the level beneath a lock that was taken later is violation 1003") {
  DeadlockDetection detection;
  InPool<Plain> first, second;
  Bugcheck const spins = bugcheck_of([&] {
    first->take();
    second->take();
    first->give();
  });
  MICA_CHECK(violates(spins, 0x1003, first.address(), second.address()));
  InPool<Plain> spin;
  InPool<Read> reader;
  Bugcheck const reads = bugcheck_of([&] {
    spin->take();
    reader->take();
    spin->give();
  });
  MICA_CHECK(violates(reads, 0x1003, spin.address(), reader.address()));
  InPool<Fast> outer, inner;
  Bugcheck const waits = bugcheck_of([&] {
    outer->take();
    inner->take();
    outer->give();
  });
  MICA_CHECK(violates(waits, 0x1003, outer.address(), inner.address()));
}

MICA_CASE("Ke: initialising a lock that somebody holds is violation 1005") {
  DeadlockDetection detection;
  InPool<Plain> spin;
  Bugcheck const spins = bugcheck_of([&] {
    spin->take();
    KeInitializeSpinLock(&spin->lock);
  });
  MICA_CHECK(violates(spins, 0x1005, spin.address()));
  InPool<Fast> mutex;
  Bugcheck const waits = bugcheck_of([&] {
    mutex->take();
    ExInitializeFastMutex(&mutex->lock);
  });
  MICA_CHECK(violates(waits, 0x1005, mutex.address()));
  InPool<Guarded> guarded;
  Bugcheck const guards = bugcheck_of([&] {
    guarded->take();
    KeInitializeGuardedMutex(&guarded->lock);
  });
  MICA_CHECK(violates(guards, 0x1005, guarded.address()));
  static KMUTEX mutant;  // the thread that ends leaves it behind
  KeInitializeMutex(&mutant, 0);
  Bugcheck const owns = bugcheck_of([&] {
    MICA_CHECK(wait(&mutant) == STATUS_SUCCESS);
    KeInitializeMutex(&mutant, 0);
  });
  MICA_CHECK(violates(owns, 0x1005, reinterpret_cast<ULONG_PTR>(&mutant)));
}

MICA_CASE("Ke: a spin lock that is used as two kinds is violation 1008 or 1009") {
  DeadlockDetection detection;
  InPool<Plain> acquired;
  Bugcheck const acquires = bugcheck_of([&] {
    acquired->take();
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&acquired->lock, &handle);
  });
  MICA_CHECK(violates(acquires, 0x1008, acquired.address()));
  InPool<Queued> released;
  Bugcheck const releases = bugcheck_of([&] {
    released->take();
    KeReleaseSpinLock(&released->lock, PASSIVE_LEVEL);
  });
  MICA_CHECK(violates(releases, 0x1009, released.address()));
}

MICA_CASE("Ke: a thread that ends with a lock is violation 100A") {
  DeadlockDetection detection;
  InPool<Owned> resource;
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    resource->take();
    KeLeaveCriticalRegion();
    static_cast<void>(PsTerminateSystemThread(STATUS_SUCCESS));
  });
  MICA_CHECK(violates(end, 0x100A, thread, resource.address()));
}

MICA_CASE("Ke: freeing the memory of a lock that somebody has is violation 100B") {
  DeadlockDetection detection;
  struct Block {
    char before[40];
    FAST_MUTEX mutex;
  };
  auto* const block =
      static_cast<Block*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Block), 'kcoL'));
  MICA_REQUIRE(block != nullptr);
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    ExInitializeFastMutex(&block->mutex);
    ExAcquireFastMutex(&block->mutex);
    ExFreePool(block);
  });
  MICA_CHECK(violates(end, 0x100B, address(&block->mutex), thread));
  ExFreePool(block);
}

MICA_CASE(
    "Io: a lock of an interrupt that is held where the interrupt may come is violation 4D430001") {
  DeadlockDetection detection;
  InPool<Plain> lock, inner;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  device.ask();
  until([&] { return device.quiet(); });
  Bugcheck const end = bugcheck_of([&] { lock->take(); });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: a lock that is taken inside an interrupt's is held at the interrupt's level") {
  DeadlockDetection detection;
  InPool<Plain> lock, inner;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  device.ask();
  until([&] { return device.quiet(); });
  KIRQL const old = KeAcquireInterruptSpinLock(device.object);
  KeAcquireSpinLockAtDpcLevel(&inner->lock);
  KeReleaseSpinLockFromDpcLevel(&inner->lock);
  KeReleaseInterruptSpinLock(device.object, old);
  Bugcheck const end = bugcheck_of([&] { inner->take(); });
  MICA_CHECK(violates(end, lock_level, inner.address(), device_irql, DISPATCH_LEVEL));
  // What was told is not told again when something else is new.
  InPool<Plain> one, another;
  nest(one, another);
}

MICA_CASE("Io: a lock that was held is not to be taken inside an interrupt's later") {
  DeadlockDetection detection;
  InPool<Plain> lock, inner;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  device.ask();
  until([&] { return device.quiet(); });
  inner->take();
  inner->give();
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeAcquireInterruptSpinLock(device.object));
    KeAcquireSpinLockAtDpcLevel(&inner->lock);
  });
  MICA_CHECK(violates(end, lock_level, inner.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: a try may not take an interrupt's lock where the interrupt may come, either") {
  DeadlockDetection detection;
  InPool<Plain> lock;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  device.ask();
  until([&] { return device.quiet(); });
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    static_cast<void>(KeTryToAcquireSpinLockAtDpcLevel(&lock->lock));
  });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Io: an interrupt that comes in a DPC takes its lock as an interrupt") {
  DeadlockDetection detection;
  InPool<Plain> lock, held;
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock->lock) == STATUS_SUCCESS);
  struct Interrupted {
    Device& device;
    PKSPIN_LOCK held;
  } interrupted{device, &held->lock};
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& [device, held] = *static_cast<Interrupted*>(context);
        KeAcquireSpinLockAtDpcLevel(held);
        device.ask(KeGetCurrentProcessorNumberEx(nullptr));
        while (!device.quiet()) KeStallExecutionProcessor(1);
        KeReleaseSpinLockFromDpcLevel(held);
      },
      &interrupted);
  static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  KeFlushQueuedDpcs();
  // Not inside the lock that the DPC held: an interrupt has no order with what it interrupts.
  Bugcheck const order = bugcheck_of([&] {
    static_cast<void>(KeAcquireInterruptSpinLock(device.object));
    KeAcquireSpinLockAtDpcLevel(&held->lock);
  });
  MICA_CHECK(violates(order, lock_level, held.address(), device_irql, DISPATCH_LEVEL));
  Bugcheck const end = bugcheck_of([&] { lock->take(); });
  MICA_CHECK(violates(end, lock_level, lock.address(), device_irql, DISPATCH_LEVEL));
}

MICA_CASE("Ke: lowering the level beneath a lock that a DPC takes is violation 4D430001") {
  DeadlockDetection detection;
  InPool<Plain> first, second, other;
  auto take_in_dpc = [](InPool<Plain>& lock) {
    KDPC dpc;
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
          auto* const taken = static_cast<PKSPIN_LOCK>(context);
          KeAcquireSpinLockAtDpcLevel(taken);
          KeReleaseSpinLockFromDpcLevel(taken);
        },
        &lock->lock);
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
  };
  take_in_dpc(first);
  Bugcheck const one = bugcheck_of([&] {
    first->take();
    MICA_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&other->lock));  // no DPC takes this one
    KeLowerIrql(PASSIVE_LEVEL);
  });
  MICA_CHECK(violates(one, lock_level, first.address(), DISPATCH_LEVEL, PASSIVE_LEVEL));
  KeInitializeSpinLock(&first->lock);
  take_in_dpc(first);
  take_in_dpc(second);
  // The last that was taken is told.
  Bugcheck const both = bugcheck_of([&] {
    first->take();
    KeAcquireSpinLockAtDpcLevel(&second->lock);
    KeLowerIrql(APC_LEVEL);
  });
  MICA_CHECK(violates(both, lock_level, second.address(), DISPATCH_LEVEL, APC_LEVEL));
}
