// Resources that pass from a thread to an owner pointer, and are released for others.
//                             [MSDN ExSetResourceOwnerPointerEx, ExReleaseResourceForThreadLite]
#include "resource_support.hpp"

using namespace mica::test;

namespace {

// Something whose address names an owner.
struct Owner {
  alignas(4) int storage = 0;
  PVOID pointer() noexcept { return reinterpret_cast<PVOID>(address(&storage) | 3); }
  ERESOURCE_THREAD name() noexcept { return address(pointer()); }
};

}  // namespace

MICA_CASE("Ex: a thread may be named when its resource is released") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  MICA_CHECK(ExGetCurrentResourceThread() == address(KeGetCurrentThread()));
  ExReleaseResourceForThreadLite(resource, ExGetCurrentResourceThread());
  MICA_CHECK(resource.is_free());
}

MICA_CASE("Ex: an exclusive resource that was handed over is released by the pointer's name") {
  Resource resource;
  Owner owner;
  MICA_CHECK(resource.acquire());
  ExSetResourceOwnerPointer(resource, owner.pointer());
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == FALSE);
  MICA_CHECK(!resource.acquire(FALSE));
  MICA_CHECK(elsewhere([&] {
    ExReleaseResourceForThreadLite(resource, owner.name());
    return true;
  }));
  MICA_CHECK(resource.is_free());
}

MICA_CASE("Ex: handing over lets the releaser be at DISPATCH_LEVEL and wakes who waits") {
  Resource resource;
  Owner owner;
  bool written = false;
  auto writer = [&] {
    InCriticalRegion region;
    MICA_CHECK(resource.acquire());
    written = true;
    resource.release();
  };
  MICA_CHECK(resource.share());
  ExSetResourceOwnerPointerEx(resource, owner.pointer(), 0);
  auto* const thread = start(writer, {.processor = 1});
  until_waiting(thread);
  {
    AtLevel at{DISPATCH_LEVEL};
    ExReleaseResourceForThreadLite(resource, owner.name());
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  }
  join(thread);
  MICA_CHECK(written);
}

MICA_CASE("Ex: a share that was handed over leaves the thread free to share again") {
  Resource resource;
  Owner owner;
  MICA_CHECK(resource.share());
  MICA_CHECK(resource.share());
  ExSetResourceOwnerPointer(resource, owner.pointer());
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 0);
  MICA_CHECK(resource.share());
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
  ExReleaseResourceForThreadLite(resource, owner.name());
  resource.release();
  MICA_CHECK(!open_to_writers(resource));
  ExReleaseResourceForThreadLite(resource, owner.name());
}

MICA_CASE("Ex: one pointer may own what several threads handed over") {
  Resource resource;
  Owner owner;
  MICA_CHECK(resource.share());
  MICA_CHECK(elsewhere([&] {
    bool const taken = resource.share();
    ExSetResourceOwnerPointer(resource, owner.pointer());
    return taken;
  }));
  MICA_CHECK(resource.get()->ActiveEntries == 2);
  ExSetResourceOwnerPointer(resource, owner.pointer());
  MICA_CHECK(resource.get()->ActiveEntries == 1);
  ExReleaseResourceForThreadLite(resource, owner.name());
  MICA_CHECK(!open_to_writers(resource));
  ExReleaseResourceForThreadLite(resource, owner.name());
}

MICA_CASE("Ex: what was handed over to who owns already is not counted twice") {
  Resource resource;
  Owner owner;
  for (int i = 0; i < 2; ++i) {
    MICA_CHECK(resource.share());
    ExSetResourceOwnerPointer(resource, owner.pointer());
  }
  MICA_CHECK(resource.share());
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
  resource.release();
  for (int i = 0; i < 2; ++i) ExReleaseResourceForThreadLite(resource, owner.name());
  MICA_CHECK(open_to_writers(resource));
}

MICA_CASE("Ex: a thread's own address with two bits set is an owner pointer") {
  Resource resource;
  PVOID const pointer = reinterpret_cast<PVOID>(ExGetCurrentResourceThread() | 3);
  MICA_CHECK(resource.acquire());
  ExSetResourceOwnerPointerEx(resource, pointer, FLAG_OWNER_POINTER_IS_THREAD);
  MICA_CHECK(ExIsResourceAcquiredExclusiveLite(resource) == FALSE);
  ExReleaseResourceForThreadLite(resource, address(pointer));
}
