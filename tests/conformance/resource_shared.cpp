// The three ways to share a resource, what a conversion does, and how many may share.
//                          [MSDN ExAcquireSharedStarveExclusive, ExAcquireSharedWaitForExclusive,
//                                                                 ExConvertExclusiveToSharedLite]
#include "resource_support.hpp"

using namespace mica::test;

namespace {

// The calling thread shares a resource, and a writer waits for it.
class WithWriter {
 public:
  WithWriter() noexcept {
    MICA_CHECK(resource.share());
    thread_ = start(write_, {.processor = 1});
    until_waiting(thread_);
    MICA_CHECK(ExGetExclusiveWaiterCount(resource) == 1);
  }
  ~WithWriter() {
    MICA_CHECK(!written);
    resource.release();
    join(thread_);
    MICA_CHECK(written);
  }

  Resource resource;
  std::atomic<bool> written{false};

 private:
  struct Write {
    WithWriter& scene;
    void operator()() const noexcept {
      InCriticalRegion region;
      MICA_CHECK(scene.resource.acquire());
      scene.written = true;
      scene.resource.release();
    }
  };
  Write write_{*this};
  mica::test::Thread* thread_;
};

template <auto share>
bool shares_elsewhere(Resource& resource) {
  return elsewhere([&] {
    bool const taken = share(resource, FALSE) != FALSE;
    if (taken) resource.release();
    return taken;
  });
}

}  // namespace

MICA_CASE("Ex: a new reader does not pass a writer who waits, but to starve it") {
  WithWriter scene;
  MICA_CHECK(!shares_elsewhere<ExAcquireResourceSharedLite>(scene.resource));
  MICA_CHECK(!shares_elsewhere<ExAcquireSharedWaitForExclusive>(scene.resource));
  MICA_CHECK(shares_elsewhere<ExAcquireSharedStarveExclusive>(scene.resource));
}

MICA_CASE("Ex: a reader shares again past a writer who waits, but to wait for it") {
  WithWriter scene;
  MICA_CHECK(ExAcquireResourceSharedLite(scene.resource, FALSE) == TRUE);
  MICA_CHECK(ExAcquireSharedStarveExclusive(scene.resource, FALSE) == TRUE);
  MICA_CHECK(ExAcquireSharedWaitForExclusive(scene.resource, FALSE) == FALSE);
  MICA_CHECK(ExIsResourceAcquiredSharedLite(scene.resource) == 3);
  scene.resource.release();
  scene.resource.release();
}

MICA_CASE("Ex: every way to share a free resource, or one that is shared, is granted at once") {
  Resource resource;
  for (auto* const share : {ExAcquireResourceSharedLite, ExAcquireSharedStarveExclusive,
                            ExAcquireSharedWaitForExclusive}) {
    MICA_CHECK(share(resource, FALSE) == TRUE);
    MICA_CHECK(elsewhere([&] {
                 BOOLEAN const taken = share(resource, FALSE);
                 if (taken) resource.release();
                 return taken;
               }) == TRUE);
    MICA_CHECK(share(resource, FALSE) == TRUE);
    resource.release();
    resource.release();
    MICA_CHECK(resource.is_free());
  }
}

MICA_CASE("Ex: every way to share a resource is exclusive for its exclusive owner") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  for (auto* const share : {ExAcquireResourceSharedLite, ExAcquireSharedStarveExclusive,
                            ExAcquireSharedWaitForExclusive}) {
    MICA_CHECK(share(resource, FALSE) == TRUE);
    MICA_CHECK(elsewhere([&] { return share(resource, FALSE); }) == FALSE);
  }
  for (int i = 0; i < 3; ++i) resource.release();
  MICA_CHECK(!open_to_readers(resource));
  resource.release();
}

MICA_CASE("Ex: a reader who waits for a writer comes in after it") {
  Resource resource;
  int turn = 0;
  auto writer = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.acquire());
    MICA_CHECK(turn++ == 0);
    resource.release();
  };
  auto reader = [&] {
    MICA_CHECK(ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(resource) == nullptr);
    MICA_CHECK(turn++ == 1);
    ExReleaseResourceAndLeaveCriticalRegion(resource);
  };
  MICA_CHECK(resource.share());
  auto* const first = start(writer, {.processor = 1});
  until_waiting(first);
  auto* const second = start(reader, {.processor = 0});
  until_waiting(second);
  MICA_CHECK(ExGetSharedWaiterCount(resource) == 1);
  MICA_CHECK(resource.get()->ContentionCount == 2);
  resource.release();
  join(first);
  join(second);
  MICA_CHECK(turn == 2);
}

MICA_CASE("Ex: a conversion lets in all who wait to share, and no writer") {
  Resource resource;
  std::atomic<int> inside{0};
  std::atomic<bool> written{false};
  KEVENT leave;
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  auto reader = [&] {
    MICA_CHECK(ExEnterCriticalRegionAndAcquireResourceShared(resource) == nullptr);
    ++inside;
    wait(&leave);
    ExReleaseResourceAndLeaveCriticalRegion(resource);
  };
  auto writer = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.acquire());
    written = true;
    resource.release();
  };
  MICA_CHECK(resource.acquire());
  MICA_CHECK(resource.acquire());
  mica::test::Thread* threads[3] = {start(reader, {.processor = 1}), start(reader),
                                    start(writer, {.processor = 1})};
  for (auto* thread : threads) until_waiting(thread);
  ExConvertExclusiveToSharedLite(resource);
  until([&] { return inside == 2; });
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == FALSE);
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 2);
  MICA_CHECK(!written);
  resource.release();
  resource.release();
  KeSetEvent(&leave, 0, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(written);
}

MICA_CASE("Ex: a resource is shared by as many as there are") {
  constexpr int many = 20;
  Resource resource;
  std::atomic<int> inside{0};
  KEVENT leave;
  KeInitializeEvent(&leave, NotificationEvent, FALSE);
  auto reader = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.share());
    ++inside;
    wait(&leave);
    MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
    resource.release();
  };
  mica::test::Thread* threads[many];
  for (int i = 0; i < many; ++i) threads[i] = start(reader, {.processor = i});
  until([&] { return inside == many; });
  MICA_CHECK(resource.get()->ActiveEntries == many);
  MICA_CHECK(resource.get()->ActiveCount != 0);
  KeSetEvent(&leave, 0, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(resource.is_free());
  resource.get()->ContentionCount = 3;
  MICA_CHECK(ExReinitializeResourceLite(resource) == STATUS_SUCCESS);
  MICA_CHECK(resource.get()->ContentionCount == 0);
  MICA_CHECK(resource.get()->OwnerTable != nullptr);  // kept
  MICA_CHECK(open_to_writers(resource));
}
