// Every two ways to take a lock whose threads wait, that can meet on one lock.
//   L2 to L5: owners are alone or share it, as they asked; nobody is forgotten, and in the end it
//   is free.
#include <nt/ex.h>

#include "matrix.hpp"

using namespace mica::explore;

namespace {

struct Things {
  FAST_MUTEX mutex;
  ERESOURCE resource;
  EX_PUSH_LOCK push_lock = 0;
  EX_RUNDOWN_REF rundown;
  Guarded by_mutex, by_resource, by_push_lock;
  std::atomic<bool> claimed{false};
  bool gone = false;  // plain: who runs down writes it when nobody is protected

  Things() noexcept {
    ExInitializeFastMutex(&mutex);
    MICA_CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
    ExInitializeRundownProtection(&rundown);
  }
  void begins() noexcept {}
  void ends() noexcept {
    for (Guarded const* guarded : {&by_mutex, &by_resource, &by_push_lock})
      MICA_CHECK(guarded->value == guarded->writes);
    MICA_CHECK(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
    MICA_CHECK(push_lock == 0);
    MICA_CHECK((ExAcquireRundownProtection(&rundown) == FALSE) == gone);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && !KeAreApcsDisabled());
    MICA_CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
  }
};

void take_mutex(Things& things) noexcept {
  ExAcquireFastMutex(&things.mutex);
  things.by_mutex.write();
  ExReleaseFastMutex(&things.mutex);
}

void try_mutex(Things& things) noexcept {
  if (!ExTryToAcquireFastMutex(&things.mutex)) return;
  things.by_mutex.write();
  ExReleaseFastMutex(&things.mutex);
}

void take_mutex_unsafe(Things& things) noexcept {
  KeEnterGuardedRegion();
  ExAcquireFastMutexUnsafe(&things.mutex);
  things.by_mutex.write();
  ExReleaseFastMutexUnsafe(&things.mutex);
  KeLeaveGuardedRegion();
}

// Owners of the resource and of the push lock let no normal kernel APC in.
template <auto own>
void in_region(Things& things) noexcept {
  KeEnterCriticalRegion();
  own(things);
  KeLeaveCriticalRegion();
}

template <auto acquire, BOOLEAN waits>
void write(Things& things) noexcept {
  if (!acquire(&things.resource, waits)) return MICA_CHECK(!waits);
  things.by_resource.write();
  ExReleaseResourceLite(&things.resource);
}

template <auto acquire, BOOLEAN waits>
void read(Things& things) noexcept {
  if (!acquire(&things.resource, waits)) return MICA_CHECK(!waits);
  things.by_resource.read();
  ExReleaseResourceLite(&things.resource);
}

void write_and_read(Things& things) noexcept {
  MICA_CHECK(ExAcquireResourceExclusiveLite(&things.resource, TRUE));
  things.by_resource.write();
  ExConvertExclusiveToSharedLite(&things.resource);
  things.by_resource.read();
  ExReleaseResourceLite(&things.resource);
}

void read_twice(Things& things) noexcept {
  MICA_CHECK(ExAcquireResourceSharedLite(&things.resource, TRUE));
  read<ExAcquireResourceSharedLite, TRUE>(things);
  ExReleaseResourceLite(&things.resource);
}

void push_write(Things& things) noexcept {
  ExAcquirePushLockExclusive(&things.push_lock);
  things.by_push_lock.write();
  ExReleasePushLockExclusive(&things.push_lock);
}

void push_read(Things& things) noexcept {
  ExAcquirePushLockShared(&things.push_lock);
  things.by_push_lock.read();
  ExReleasePushLockShared(&things.push_lock);
}

void use(Things& things) noexcept {
  if (!ExAcquireRundownProtection(&things.rundown)) return;
  MICA_CHECK(!things.gone);
  ExReleaseRundownProtection(&things.rundown);
}

// One may run it down, once.
void run_down(Things& things) noexcept {
  if (things.claimed.exchange(true)) return;
  ExWaitForRundownProtectionRelease(&things.rundown);
  things.gone = true;
}

constexpr Operation<Things> operations[] = {
    {"mutex", take_mutex},
    {"mutex-try", try_mutex},
    {"mutex-unsafe", take_mutex_unsafe},
    {"write", in_region<write<ExAcquireResourceExclusiveLite, TRUE>>},
    {"write-try", in_region<write<ExAcquireResourceExclusiveLite, FALSE>>},
    {"share", in_region<read<ExAcquireResourceSharedLite, TRUE>>},
    {"share-try", in_region<read<ExAcquireResourceSharedLite, FALSE>>},
    {"share-first", in_region<read<ExAcquireSharedStarveExclusive, TRUE>>},
    {"share-last", in_region<read<ExAcquireSharedWaitForExclusive, TRUE>>},
    {"share-twice", in_region<read_twice>},
    {"convert", in_region<write_and_read>},
    {"push-write", in_region<push_write>},
    {"push-read", in_region<push_read>},
    {"protect", use},
    {"run-down", run_down},
};

}  // namespace

TEST_CASE("Matrix: any two ways to take a lock that threads wait for may meet",
          "[explore][matrix]") {
  cross(operations);
}
