// Push locks. [MSDN ExInitializePushLock, ExAcquirePushLockExclusive, ExAcquirePushLockShared]
#include <nt/ex.h>

#include "lock_support.hpp"

using namespace mica::test;

namespace {

// A push lock for a scope; its thread is in a critical region meanwhile.
class PushLock {
 public:
  PushLock() noexcept { ExInitializePushLock(&lock_); }
  ~PushLock() { MICA_CHECK(lock_ == 0); }
  PushLock(PushLock const&) = delete;
  PushLock& operator=(PushLock const&) = delete;
  operator PEX_PUSH_LOCK() noexcept { return &lock_; }

 private:
  InCriticalRegion region_;
  EX_PUSH_LOCK lock_;
};

bool open_to_writers(PushLock& lock) {
  bool taken = false;
  auto attempt = [&] {
    InCriticalRegion region;
    taken = ExTryAcquirePushLockExclusive(lock) != FALSE;
    if (taken) ExReleasePushLockExclusive(lock);
  };
  join(start(attempt));
  return taken;
}

bool open_to_readers(PushLock& lock) {
  bool taken = false;
  auto attempt = [&] {
    InCriticalRegion region;
    taken = ExTryAcquirePushLockShared(lock) != FALSE;
    if (taken) ExReleasePushLockShared(lock);
  };
  join(start(attempt));
  return taken;
}

}  // namespace

MICA_CASE("Ex: a push lock is one word, 0 when free") {
  EX_PUSH_LOCK lock = 1;
  ExInitializePushLock(&lock);
  MICA_CHECK(lock == 0);
}

MICA_CASE("Ex: an exclusive owner of a push lock keeps everybody out") {
  PushLock lock;
  ExAcquirePushLockExclusive(lock);
  MICA_CHECK(!open_to_writers(lock));
  MICA_CHECK(!open_to_readers(lock));
  ExReleasePushLockExclusive(lock);
  MICA_CHECK(open_to_writers(lock));
}

MICA_CASE("Ex: those who share a push lock keep writers out and readers not") {
  PushLock lock;
  ExAcquirePushLockShared(lock);
  ExAcquirePushLockShared(lock);
  MICA_CHECK(!open_to_writers(lock));
  MICA_CHECK(open_to_readers(lock));
  ExReleasePushLockShared(lock);
  MICA_CHECK(!open_to_writers(lock));
  ExReleasePushLockShared(lock);
  MICA_CHECK(open_to_writers(lock));
}

MICA_CASE("Ex: tries of a push lock take it as acquisitions do") {
  PushLock lock;
  MICA_CHECK(ExTryAcquirePushLockExclusive(lock) == TRUE);
  MICA_CHECK(!open_to_readers(lock));
  ExReleasePushLockExclusive(lock);
  MICA_CHECK(ExTryAcquirePushLockShared(lock) == TRUE);
  MICA_CHECK(!open_to_writers(lock));
  ExReleasePushLockShared(lock);
}

MICA_CASE("Ex: who waits for a push lock gets it in the order of requests, readers together") {
  PushLock lock;
  KEVENT leave;
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  std::atomic<int> readers{0}, turn{0};
  auto first = [&] {
    InCriticalRegion region;
    ExAcquirePushLockExclusive(lock);
    MICA_CHECK(turn++ == 0);
    ExReleasePushLockExclusive(lock);
  };
  auto reader = [&] {
    InCriticalRegion region;
    ExAcquirePushLockShared(lock);
    MICA_CHECK(turn == 1);
    ++readers;
    wait(&leave);
    ExReleasePushLockShared(lock);
  };
  auto last = [&] {
    InCriticalRegion region;
    ExAcquirePushLockExclusive(lock);
    MICA_CHECK(turn++ == 1);
    ExReleasePushLockExclusive(lock);
  };
  ExAcquirePushLockShared(lock);
  mica::test::Thread* threads[4] = {};
  threads[0] = start(first, {.processor = 1});
  until_waiting(threads[0]);
  MICA_CHECK(!open_to_readers(lock));  // nobody passes who waits
  for (int i = 1; i <= 2; ++i) {
    threads[i] = start(reader, {.processor = i});
    until_waiting(threads[i]);
  }
  threads[3] = start(last, {.processor = 1});
  until_waiting(threads[3]);
  ExReleasePushLockShared(lock);
  until([&] { return readers == 2; });
  MICA_CHECK(!open_to_readers(lock));  // the last waits
  KeSetEvent(&leave, 0, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(turn == 2);
}

MICA_CASE("Ex: readers who wait for a writer get a push lock together when it releases") {
  PushLock lock;
  std::atomic<int> readers{0};
  KEVENT leave;
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  auto reader = [&] {
    InCriticalRegion region;
    ExAcquirePushLockShared(lock);
    ++readers;
    wait(&leave);
    ExReleasePushLockShared(lock);
  };
  ExAcquirePushLockExclusive(lock);
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(reader, {.processor = i});
  for (auto* thread : threads) until_waiting(thread);
  MICA_CHECK(readers == 0);
  ExReleasePushLockExclusive(lock);
  until([&] { return readers == 3; });
  MICA_CHECK(open_to_readers(lock));
  MICA_CHECK(!open_to_writers(lock));
  KeSetEvent(&leave, 0, FALSE);
  for (auto* thread : threads) join(thread);
}

MICA_CASE("Ex: a push lock may be used at APC_LEVEL and in a guarded region, released above") {
  EX_PUSH_LOCK lock;
  ExInitializePushLock(&lock);
  {
    AtLevel at{APC_LEVEL};
    ExAcquirePushLockExclusive(&lock);
    AtLevel above{DISPATCH_LEVEL};
    ExReleasePushLockExclusive(&lock);
  }
  KeEnterGuardedRegion();
  ExAcquirePushLockShared(&lock);
  ExReleasePushLockShared(&lock);
  KeLeaveGuardedRegion();
  MICA_CHECK(lock == 0);
}

MICA_CASE("Ex: acquiring a push lock where APCs come is violation EA") {
  EX_PUSH_LOCK lock = 0;
  void(NTAPI* const acquire[])(PEX_PUSH_LOCK, ULONG) = {ExAcquirePushLockExclusiveEx,
                                                        ExAcquirePushLockSharedEx};
  for (auto* const each : acquire)
    MICA_CHECK(
        violates(bugcheck_of([&] { each(&lock, 0); }), 0xEA, PASSIVE_LEVEL, 0, address(&lock)));
  MICA_CHECK(violates(bugcheck_of([&] { ExTryAcquirePushLockShared(&lock); }), 0xEA, PASSIVE_LEVEL,
                      0, address(&lock)));
}

MICA_CASE("Ex: releasing a push lock where APCs come is violation EB") {
  EX_PUSH_LOCK lock = 0;
  MICA_CHECK(violates(bugcheck_of([&] { ExReleasePushLockExclusive(&lock); }), 0xEB, PASSIVE_LEVEL,
                      0, address(&lock)));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleasePushLockShared(&lock); }), 0xEB, PASSIVE_LEVEL, 0,
                      address(&lock)));
}

MICA_CASE("Ex: acquiring a push lock above APC_LEVEL is bugcheck 192") {
  EX_PUSH_LOCK lock = 0;
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExAcquirePushLockShared(&lock);
  });
  MICA_CHECK(end.happened && end.code == KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL);
  MICA_CHECK(end.parameters[0] == thread && end.parameters[1] == address(&lock) &&
             end.parameters[2] == DISPATCH_LEVEL);
}

MICA_CASE("Ex: releasing a push lock above DISPATCH_LEVEL is bugcheck A") {
  EX_PUSH_LOCK lock;
  ExInitializePushLock(&lock);
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    ExReleasePushLockShared(&lock);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == address(&lock) && end.parameters[1] == HIGH_LEVEL);
}

MICA_CASE("Ex: releasing a push lock that is not held that way is bugcheck 162") {
  PushLock lock;
  auto rejects = [&](void(NTAPI * release)(PEX_PUSH_LOCK, ULONG)) {
    ULONG_PTR thread = 0;
    Bugcheck const end = bugcheck_of([&] {
      thread = address(KeGetCurrentThread());
      KeEnterCriticalRegion();
      release(lock, 0);
    });
    return end.happened && end.code == KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE &&
           end.parameters[0] == thread &&
           end.parameters[1] == address(static_cast<PEX_PUSH_LOCK>(lock));
  };
  MICA_CHECK(rejects(ExReleasePushLockExclusiveEx));
  MICA_CHECK(rejects(ExReleasePushLockSharedEx));
  ExAcquirePushLockExclusive(lock);
  MICA_CHECK(rejects(ExReleasePushLockSharedEx));
  auto writer = [&] {
    InCriticalRegion region;
    ExAcquirePushLockExclusive(lock);
    ExReleasePushLockExclusive(lock);
  };
  auto* thread = start(writer, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(rejects(ExReleasePushLockSharedEx));
  ExReleasePushLockExclusive(lock);
  join(thread);
  ExAcquirePushLockShared(lock);
  MICA_CHECK(rejects(ExReleasePushLockExclusiveEx));
  thread = start(writer, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(rejects(ExReleasePushLockExclusiveEx));
  ExReleasePushLockShared(lock);
  join(thread);
}
