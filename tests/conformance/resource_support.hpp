// What the cases of executive resources share.
#pragma once

#include <nt/ex.h>
#include <nt/ntstatus.h>

#include "lock_support.hpp"

namespace mica::test {

// A resource for a scope; its thread is in a critical region meanwhile.
class Resource {
 public:
  Resource() noexcept {
    resource_.Reserved2 = nullptr;
    MICA_CHECK(ExInitializeResourceLite(&resource_) == STATUS_SUCCESS);
  }
  ~Resource() {
    MICA_CHECK(is_free());
    MICA_CHECK(ExDeleteResourceLite(&resource_) == STATUS_SUCCESS);
  }
  Resource(Resource const&) = delete;
  Resource& operator=(Resource const&) = delete;

  PERESOURCE get() noexcept { return &resource_; }
  operator PERESOURCE() noexcept { return &resource_; }
  [[nodiscard]] bool is_free() const noexcept {
    return resource_.ActiveCount == 0 && resource_.ActiveEntries == 0 &&
           (resource_.Flag & ResourceOwnedExclusive) == 0 && resource_.NumberOfSharedWaiters == 0 &&
           resource_.NumberOfExclusiveWaiters == 0;
  }
  [[nodiscard]] bool acquire(BOOLEAN wait = TRUE) noexcept {
    return ExAcquireResourceExclusiveLite(&resource_, wait) != FALSE;
  }
  [[nodiscard]] bool share(BOOLEAN wait = TRUE) noexcept {
    return ExAcquireResourceSharedLite(&resource_, wait) != FALSE;
  }
  void release() noexcept { ExReleaseResourceLite(&resource_); }

 private:
  InCriticalRegion region_;
  ERESOURCE resource_;
};

// What `body` gives in another thread, which is in a critical region.
template <class Body>
auto elsewhere(Body body) noexcept {
  decltype(body()) result{};
  auto run = [&] {
    InCriticalRegion region;
    result = body();
  };
  join(start(run));
  return result;
}

// Whether another thread may acquire it at once.
[[nodiscard]] inline bool open_to_writers(Resource& resource) noexcept {
  return elsewhere([&] {
    bool const taken = resource.acquire(FALSE);
    if (taken) resource.release();
    return taken;
  });
}

[[nodiscard]] inline bool open_to_readers(Resource& resource) noexcept {
  return elsewhere([&] {
    bool const taken = resource.share(FALSE);
    if (taken) resource.release();
    return taken;
  });
}

}  // namespace mica::test
