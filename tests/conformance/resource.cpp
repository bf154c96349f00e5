// Executive resources: owning alone, sharing, again and again, waiting.
//       [MSDN ExAcquireResourceExclusiveLite, ExAcquireResourceSharedLite, ExReleaseResourceLite]
#include "resource_support.hpp"

using namespace mica::test;

MICA_CASE("Ex: an exclusive owner keeps everybody else out") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  MICA_CHECK(!open_to_writers(resource));
  MICA_CHECK(!open_to_readers(resource));
  MICA_CHECK(resource.get()->OwnerTable == nullptr);  // who is refused needs no room
  resource.release();
  MICA_CHECK(open_to_writers(resource));
}

MICA_CASE("Ex: those who share a resource keep writers out and readers not") {
  Resource resource;
  MICA_CHECK(resource.share());
  MICA_CHECK(!open_to_writers(resource));
  MICA_CHECK(open_to_readers(resource));
  resource.release();
  MICA_CHECK(open_to_writers(resource));
}

MICA_CASE("Ex: an exclusive owner may acquire again, and releases as often") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  MICA_CHECK(resource.acquire(FALSE));
  MICA_CHECK(resource.share(FALSE));  // exclusive once more
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 3);
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == TRUE);
  for (int i = 0; i < 2; ++i) {
    resource.release();
    MICA_CHECK(!open_to_readers(resource));
  }
  resource.release();
}

MICA_CASE("Ex: who shares a resource may share it again, and releases as often") {
  Resource resource;
  MICA_CHECK(resource.share());
  MICA_CHECK(resource.share(FALSE));
  MICA_CHECK(ExIsResourceAcquiredLite(resource) == 2);
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == FALSE);
  resource.release();
  MICA_CHECK(!open_to_writers(resource));
  resource.release();
}

MICA_CASE("Ex: a thread that shares a resource does not get it exclusively") {
  Resource resource;
  MICA_CHECK(resource.share());
  MICA_CHECK(!resource.acquire(FALSE));
  resource.release();
}

MICA_CASE("Ex: trying a resource takes it if nobody or the caller owns it") {
  Resource resource;
  MICA_CHECK(ExTryToAcquireResourceExclusiveLite(resource) == TRUE);
  MICA_CHECK(ExTryToAcquireResourceExclusiveLite(resource) == TRUE);
  MICA_CHECK(elsewhere([&] { return ExTryToAcquireResourceExclusiveLite(resource); }) == FALSE);
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 2);
  resource.release();
  resource.release();
}

MICA_CASE("Ex: what a thread has acquired is its own affair") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  MICA_CHECK(elsewhere([&] { return ExIsResourceAcquiredSharedLite(resource); }) == 0);
  MICA_CHECK(elsewhere([&] { return ExIsResourceAcquiredExclusiveLite(resource); }) == FALSE);
  resource.release();
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 0);
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == FALSE);
}

MICA_CASE("Ex: exclusive waiters get a resource one at a time, in their order") {
  struct Writer {
    Resource& resource;
    int& turn;
    int number;
    void operator()() const noexcept {
      InCriticalRegion region;
      MICA_CHECK(resource.acquire());
      MICA_CHECK(turn++ == number);
      MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == TRUE);
      resource.release();
    }
  };
  constexpr ULONG count = 3;
  Resource resource;
  int turn = 0;
  Writer writers[count] = {{resource, turn, 0}, {resource, turn, 1}, {resource, turn, 2}};
  mica::test::Thread* threads[count];
  MICA_CHECK(resource.acquire());
  for (ULONG i = 0; i < count; ++i) {
    threads[i] = start(writers[i], {.processor = static_cast<int>(i)});
    until_waiting(threads[i]);
    MICA_CHECK(ExGetExclusiveWaiterCount(resource) == i + 1);
  }
  MICA_CHECK(ExGetSharedWaiterCount(resource) == 0);
  MICA_CHECK(turn == 0);
  resource.release();
  for (auto* thread : threads) join(thread);
  MICA_CHECK(turn == static_cast<int>(count));
  MICA_CHECK(resource.get()->ContentionCount == count);
}

MICA_CASE("Ex: the release of an exclusive owner lets in all who wait to share") {
  Resource resource;
  KEVENT leave;
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  std::atomic<int> inside{0};
  auto reader = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.share());
    MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
    ++inside;
    wait(&leave);
    resource.release();
  };
  MICA_CHECK(resource.acquire());
  mica::test::Thread* readers[6];
  for (int i = 0; i < 6; ++i) readers[i] = start(reader, {.processor = i});
  for (auto* thread : readers) until_waiting(thread);
  MICA_CHECK(ExGetSharedWaiterCount(resource) == 6);
  MICA_CHECK(ExGetExclusiveWaiterCount(resource) == 0);
  MICA_CHECK(inside == 0);
  resource.release();
  until([&] { return inside == 6; });
  MICA_CHECK(ExGetSharedWaiterCount(resource) == 0);
  MICA_CHECK(!open_to_writers(resource));
  MICA_CHECK(open_to_readers(resource));
  KeSetEvent(&leave, 0, FALSE);
  for (auto* thread : readers) join(thread);
}

MICA_CASE("Ex: readers who wait come before a writer who waits when a writer releases") {
  Resource resource;
  int turn = 0;
  auto writer = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.acquire());
    MICA_CHECK(turn++ == 1);
    resource.release();
  };
  auto reader = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.share());
    MICA_CHECK(turn++ == 0);
    resource.release();
  };
  MICA_CHECK(resource.acquire());
  auto* const waiting_writer = start(writer, {.processor = 1});
  until_waiting(waiting_writer);
  auto* const waiting_reader = start(reader, {.processor = 1});
  until_waiting(waiting_reader);
  resource.release();
  join(waiting_writer);
  join(waiting_reader);
  MICA_CHECK(turn == 2);
}

MICA_CASE("Ex: the last of those who share lets in a writer") {
  Resource resource;
  bool written = false;
  auto writer = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.acquire());
    written = true;
    resource.release();
  };
  MICA_CHECK(resource.share());
  MICA_CHECK(resource.share());
  auto* const thread = start(writer, {.processor = 1});
  until_waiting(thread);
  resource.release();
  sleep(2 * millisecond_100ns);  // time in which the writer may not come in
  MICA_CHECK(!written);
  resource.release();
  join(thread);
  MICA_CHECK(written);
}

MICA_CASE("Ex: a resource is acquired by who is kept from APCs in any way") {
  Resource resource;
  KeLeaveCriticalRegion();
  {
    AtLevel at{APC_LEVEL};
    MICA_CHECK(resource.acquire());
    resource.release();
  }
  KeEnterGuardedRegion();
  MICA_CHECK(resource.share());
  resource.release();
  KeLeaveGuardedRegion();
  MICA_CHECK(ExEnterCriticalRegionAndAcquireResourceExclusive(resource) == nullptr);
  MICA_CHECK(KeAreApcsDisabled() == TRUE);
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == TRUE);
  ExReleaseResourceAndLeaveCriticalRegion(resource);
  MICA_CHECK(KeAreApcsDisabled() == FALSE);
  KeEnterCriticalRegion();
}
