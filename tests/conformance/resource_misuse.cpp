// What callers of resources may not do.
//                          [MSDN Bug Check 0xC4: 0x37, 0x38, 0x3D, 0xD0, 0xD1, 0x1002, 0x100B;
//                                                            Bug Check 0xE3, 0x132, 0x192]
#include "resource_support.hpp"

using namespace mica::test;

namespace {

constexpr auto exclusive = [](PERESOURCE resource) {
  static_cast<void>(ExAcquireResourceExclusiveLite(resource, TRUE));
};
constexpr auto shared = [](PERESOURCE resource) {
  static_cast<void>(ExAcquireResourceSharedLite(resource, FALSE));
};

bool ends_as(Bugcheck const& end, ULONG code, ULONG_PTR first, ULONG_PTR second, ULONG_PTR third,
             ULONG_PTR fourth) {
  return end.happened && end.code == code && end.parameters[0] == first &&
         end.parameters[1] == second && end.parameters[2] == third && end.parameters[3] == fourth;
}

}  // namespace

MICA_CASE("Ex: acquiring a resource where APCs come is violation 37") {
  Resource resource;
  MICA_CHECK(violates(bugcheck_of([&] { exclusive(resource); }), 0x37, PASSIVE_LEVEL, 0,
                      address(resource.get())));
  MICA_CHECK(violates(bugcheck_of([&] { shared(resource); }), 0x37, PASSIVE_LEVEL, 0,
                      address(resource.get())));
}

MICA_CASE("Ex: releasing a resource where APCs come is violation 38") {
  Resource resource;
  MICA_CHECK(violates(bugcheck_of([&] { resource.release(); }), 0x38, PASSIVE_LEVEL, 0,
                      address(resource.get())));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleaseResourceAndLeaveCriticalRegion(resource); }), 0x38,
                      PASSIVE_LEVEL, 0, address(resource.get())));
}

MICA_CASE("Ex: acquiring a resource above APC_LEVEL is bugcheck 192") {
  Resource resource;
  for (auto const acquire : {+exclusive, +shared}) {
    ULONG_PTR thread = 0;
    Bugcheck const end = bugcheck_of([&] {
      thread = address(KeGetCurrentThread());
      static_cast<void>(KeRaiseIrqlToDpcLevel());
      acquire(resource);
    });
    MICA_CHECK(ends_as(end, KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL, thread,
                       address(resource.get()), DISPATCH_LEVEL, 0));
  }
}

MICA_CASE("Ex: acquiring a resource that is not aligned is violation 3D") {
  InCriticalRegion region;
  alignas(ERESOURCE) char memory[sizeof(ERESOURCE) + 4] = {};
  auto* const resource = reinterpret_cast<PERESOURCE>(memory + 4);
  Bugcheck const end = bugcheck_of([&] { exclusive(resource); });
  MICA_CHECK(violates(end, 0x3D, 0, 0, address(resource)));
}

MICA_CASE("Ex: acquiring a resource that was not initialised is violation 1002") {
  ERESOURCE resource = {};
  Bugcheck const end = bugcheck_of([&] {
    KeEnterCriticalRegion();
    shared(&resource);
  });
  MICA_CHECK(violates(end, 0x1002, address(&resource)));
}

MICA_CASE("Ex: initialising a resource twice is violation D0") {
  Resource resource;
  Bugcheck const end = bugcheck_of([&] { static_cast<void>(ExInitializeResourceLite(resource)); });
  MICA_CHECK(violates(end, 0xD0, address(resource.get())));
}

MICA_CASE("Ex: deleting a resource that is none is violation D1") {
  ERESOURCE resource = {};
  auto destroy = [&] { static_cast<void>(ExDeleteResourceLite(&resource)); };
  MICA_CHECK(violates(bugcheck_of(destroy), 0xD1, address(&resource)));
  MICA_CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
  MICA_CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
  MICA_CHECK(violates(bugcheck_of(destroy), 0xD1, address(&resource)));
  MICA_CHECK(ExInitializeResourceLite(&resource) == STATUS_SUCCESS);
  MICA_CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
}

MICA_CASE("Ex: freeing a block with a resource in it is violation D2") {
  constexpr ULONG tag = 'stxE';
  constexpr SIZE_T offset = 40;
  for (SIZE_T const bytes : {SIZE_T{200}, SIZE_T{9000}}) {
    auto* const memory = static_cast<UCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag));
    MICA_REQUIRE(memory != nullptr);
    for (SIZE_T const at : {bytes - sizeof(ERESOURCE), offset}) {
      auto* const resource = reinterpret_cast<PERESOURCE>(memory + at);
      MICA_CHECK(ExInitializeResourceLite(resource) == STATUS_SUCCESS);
      Bugcheck const end = bugcheck_of([&] { ExFreePoolWithTag(memory, tag); });
      MICA_CHECK(violates(end, 0xD2, address(resource), address(memory), bytes));
      MICA_CHECK(ExDeleteResourceLite(resource) == STATUS_SUCCESS);
    }
    ExFreePoolWithTag(memory, tag);
  }
}

MICA_CASE("Ex: deleting a resource that somebody owns is violation 100B") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  Bugcheck const end = bugcheck_of([&] { static_cast<void>(ExDeleteResourceLite(resource)); });
  MICA_CHECK(violates(end, 0x100B, address(resource.get()), ExGetCurrentResourceThread()));
  resource.release();
}

MICA_CASE("Ex: releasing a resource that the thread does not own is bugcheck E3") {
  Resource resource;
  ULONG_PTR thread = 0;
  auto release = [&] {
    thread = address(KeGetCurrentThread());
    KeEnterCriticalRegion();
    resource.release();
  };
  Bugcheck const unowned = bugcheck_of(release);
  MICA_CHECK(ends_as(unowned, RESOURCE_NOT_OWNED, address(resource.get()), thread, 0, 0));
  Bugcheck const free = bugcheck_of([&] { ExReleaseResourceForThreadLite(resource, 0); });
  MICA_CHECK(ends_as(free, RESOURCE_NOT_OWNED, address(resource.get()), 0, 0, 0));
  MICA_CHECK(resource.acquire());
  Bugcheck const other = bugcheck_of(release);
  MICA_CHECK(ends_as(other, RESOURCE_NOT_OWNED, address(resource.get()), thread, 0, 0));
  Bugcheck const nobody = bugcheck_of([&] { ExReleaseResourceForThreadLite(resource, 0); });
  MICA_CHECK(ends_as(nobody, RESOURCE_NOT_OWNED, address(resource.get()), 0, 0, 0));
  MICA_CHECK(ExIsResourceAcquiredSharedLite(resource) == 1);
  resource.release();
}

MICA_CASE("Ex: converting a resource that is not exclusively the thread's is bugcheck E3") {
  Resource resource;
  MICA_CHECK(resource.share());
  Bugcheck const other = bugcheck_of([&] { ExConvertExclusiveToSharedLite(resource); });
  MICA_CHECK(other.happened && other.code == RESOURCE_NOT_OWNED);
  Bugcheck const own = bugcheck_of([&] {
    KeEnterCriticalRegion();
    shared(resource);
    ExConvertExclusiveToSharedLite(resource);
  });
  MICA_CHECK(own.happened && own.code == RESOURCE_NOT_OWNED);
  ExReleaseResourceForThreadLite(resource, own.parameters[1]);
  resource.release();
  Bugcheck const alone = bugcheck_of([&] {
    KeEnterCriticalRegion();
    shared(resource);
    ExConvertExclusiveToSharedLite(resource);
  });
  MICA_CHECK(alone.happened && alone.code == RESOURCE_NOT_OWNED);
  ExReleaseResourceForThreadLite(resource, alone.parameters[1]);
  MICA_CHECK(resource.acquire());
  Bugcheck const owned = bugcheck_of([&] { ExConvertExclusiveToSharedLite(resource); });
  MICA_CHECK(owned.happened && owned.code == RESOURCE_NOT_OWNED);
  resource.release();
}

MICA_CASE("Ex: handing over a resource that the thread does not own is bugcheck E3") {
  Resource resource;
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    ExSetResourceOwnerPointer(resource, reinterpret_cast<PVOID>(address(&thread) | 3));
  });
  MICA_CHECK(ends_as(end, RESOURCE_NOT_OWNED, address(resource.get()), thread, 0, 0));
}

MICA_CASE("Ex: an owner pointer without its two bits is bugcheck 132") {
  Resource resource;
  MICA_CHECK(resource.acquire());
  ULONG_PTR thread = 0;
  for (ULONG_PTR const bits : {0, 1, 2}) {
    ULONG_PTR const pointer = (address(&resource) & ~ULONG_PTR{3}) | bits;
    Bugcheck const end = bugcheck_of([&] {
      thread = address(KeGetCurrentThread());
      ExSetResourceOwnerPointer(resource, reinterpret_cast<PVOID>(pointer));
    });
    MICA_CHECK(
        ends_as(end, RESOURCE_OWNER_POINTER_INVALID, address(resource.get()), 0, thread, pointer));
  }
  resource.release();
}

MICA_CASE("Ex: levels above those of a resource's routines are bugcheck A") {
  Resource resource;
  auto at = [&](KIRQL level, void (*use)(PERESOURCE)) {
    Bugcheck const end = bugcheck_of([&] {
      KIRQL old;
      KeRaiseIrql(level, &old);
      use(resource);
    });
    return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL &&
           end.parameters[0] == address(resource.get()) && end.parameters[1] == level;
  };
  MICA_CHECK(at(DISPATCH_LEVEL, [](PERESOURCE it) { ExConvertExclusiveToSharedLite(it); }));
  constexpr KIRQL above = DISPATCH_LEVEL + 1;
  MICA_CHECK(at(above, [](PERESOURCE it) { ExReleaseResourceForThreadLite(it, 3); }));
  MICA_CHECK(at(above, [](PERESOURCE it) { ExIsResourceAcquiredSharedLite(it); }));
  MICA_CHECK(at(above, [](PERESOURCE it) { ExSetResourceOwnerPointer(it, nullptr); }));
}
