// What callers of the pool do wrong, and the bugcheck that says so: of the usual pool, special pool
// has its own (special_pool.cpp).                       [MSDN Bug Check 0xC2; MSDN Bug Check 0x19]
#include <nt/ex.h>
#include <mica/test.hpp>

#include <initializer_list>

#include "mm/poison.hpp"

namespace {

using mica::test::Bugcheck;
using mica::test::bugcheck_of;
using mica::test::SpecialPool;
using mica::test::Verified;

constexpr ULONG tag = 0x6363'694D;        // Micc
constexpr ULONG other_tag = 0x7863'694D;  // Micx

[[nodiscard]] ULONG_PTR number(void const* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

[[nodiscard]] bool is(Bugcheck const& end, ULONG code, ULONG_PTR violation) noexcept {
  return end.happened && end.code == code && end.parameters[0] == violation;
}

}  // namespace

MICA_CASE("Ex: freeing with another tag names the block and both tags") {
  for (SIZE_T const bytes : {SIZE_T{64}, SIZE_T{5000}}) {
    void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag);
    MICA_REQUIRE(memory != nullptr);
    Bugcheck const end = bugcheck_of([=] { ExFreePoolWithTag(memory, other_tag); });
    MICA_CHECK(is(end, BAD_POOL_CALLER, 0x0A));
    MICA_CHECK(end.parameters[1] == number(memory));
    MICA_CHECK(end.parameters[2] == tag);
    MICA_CHECK(end.parameters[3] == other_tag);
    ExFreePoolWithTag(memory, tag);  // it is live still
  }
}

MICA_CASE("Ex: a block freed twice is bad") {
  SpecialPool const none{0};
  void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
  MICA_REQUIRE(memory != nullptr);
  Bugcheck const end = bugcheck_of([=] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());  // nobody is given it in between
    ExFreePoolWithTag(memory, tag);
    ExFreePoolWithTag(memory, tag);
  });
  MICA_CHECK(is(end, BAD_POOL_CALLER, 0x07));
  MICA_CHECK(end.parameters[3] == number(memory));
}

MICA_CASE("Ex: pages freed twice are bad") {
  SpecialPool const none{0};
  void* const memory = ExAllocatePoolWithTag(PagedPool, 20'000, tag);
  MICA_REQUIRE(memory != nullptr);
  Bugcheck const end = bugcheck_of([=] {
    ExFreePool(memory);
    ExFreePool(memory);
  });
  MICA_CHECK(is(end, BAD_POOL_CALLER, 0x46));
  MICA_CHECK(end.parameters[1] == number(memory));
}

MICA_CASE("Ex: freeing what is no pool is bad") {
  int local = 0;
  static constexpr int constant = 0;
  void* const addresses[] = {nullptr, &local, const_cast<int*>(&constant),
                             reinterpret_cast<void*>(0x10'000)};
  for (void* const address : addresses) {
    Bugcheck const end = bugcheck_of([=] { ExFreePool(address); });
    MICA_CHECK(is(end, BAD_POOL_CALLER, 0x46));
    MICA_CHECK(end.parameters[1] == number(address));
  }
}

MICA_CASE("Ex: freeing the middle of a block is bad") {
  SpecialPool const none{0};
  auto* const block = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, 200, tag));
  auto* const pages = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, 20'000, tag));
  MICA_REQUIRE(block != nullptr && pages != nullptr);
  for (int i = 0; i < 200; ++i) block[i] = 0;
  MICA_CHECK(is(bugcheck_of([=] { ExFreePool(block + 64); }), BAD_POOL_CALLER, 0x99));
  MICA_CHECK(is(bugcheck_of([=] { ExFreePool(block + 1); }), BAD_POOL_CALLER, 0x46));
  MICA_CHECK(is(bugcheck_of([=] { ExFreePool(pages + 4096); }), BAD_POOL_CALLER, 0x46));
  MICA_CHECK(is(bugcheck_of([=] { ExFreePool(pages + 64); }), BAD_POOL_CALLER, 0x46));
  ExFreePoolWithTag(block, tag);
  ExFreePoolWithTag(pages, tag);
}

MICA_CASE("Ex: a tag of zero is bad") {
  for (POOL_TYPE const type : {NonPagedPoolNx, PagedPool}) {
    Bugcheck const end = bugcheck_of([=] { ExFreePool(ExAllocatePoolWithTag(type, 48, 0)); });
    MICA_CHECK(is(end, BAD_POOL_CALLER, 0x9B));
    MICA_CHECK(end.parameters[1] == static_cast<ULONG_PTR>(type));
    MICA_CHECK(end.parameters[2] == 48);
  }
  Bugcheck const quota =
      bugcheck_of([] { ExFreePool(ExAllocatePoolWithQuotaTag(PagedPool, 48, 0)); });
  MICA_CHECK(is(quota, BAD_POOL_CALLER, 0x9B));
  Bugcheck const priority = bugcheck_of(
      [] { ExFreePool(ExAllocatePoolWithTagPriority(PagedPool, 48, 0, NormalPoolPriority)); });
  MICA_CHECK(is(priority, BAD_POOL_CALLER, 0x9B));
}

MICA_CASE("Ex: zero bytes of pool are violation 0 if the System is verified, else a block") {
  auto typed = [] { return ExAllocatePoolWithTag(PagedPool, 0, tag); };
  auto placed = [] {
    return ExAllocatePoolWithTagPriority(PagedPool, 0, tag, NormalPoolPrioritySpecialPoolOverrun);
  };
  auto aligned = [] { return ExAllocatePoolWithTag(NonPagedPoolCacheAligned, 0, tag); };
  auto flagged = [] { return ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, tag); };
  struct Way {
    void* (*allocate)();
    POOL_TYPE type;
  };
  for (Way const way : {Way{typed, PagedPool}, Way{placed, PagedPool}, Way{aligned, NonPagedPool},
                        Way{flagged, NonPagedPool}}) {
    KIRQL const level = way.type == PagedPool ? APC_LEVEL : DISPATCH_LEVEL;
    auto allocate_there = [=] {
      KIRQL old;
      KeRaiseIrql(level, &old);
      ExFreePoolWithTag(way.allocate(), tag);
      KeLowerIrql(old);
    };
    Verified const verified{true};
    Bugcheck const end = bugcheck_of(allocate_there);
    MICA_CHECK(is(end, DRIVER_VERIFIER_DETECTED_VIOLATION, 0x00));
    MICA_CHECK(end.parameters[1] == level);
    MICA_CHECK(end.parameters[2] == static_cast<ULONG_PTR>(way.type));
    MICA_CHECK(end.parameters[3] == 0);
    Verified const lenient{false};
    MICA_CHECK(!bugcheck_of(allocate_there).happened);
  }
}

MICA_CASE("Ex: paged pool above APC_LEVEL is bad") {
  SpecialPool const none{0};
  for (SIZE_T const bytes : {SIZE_T{64}, SIZE_T{9000}}) {
    Bugcheck const allocated = bugcheck_of([=] {
      KIRQL old;
      KeRaiseIrql(DISPATCH_LEVEL, &old);
      ExFreePool(ExAllocatePoolWithTag(PagedPool, bytes, tag));
    });
    MICA_CHECK(is(allocated, BAD_POOL_CALLER, 0x08));
    MICA_CHECK(allocated.parameters[1] == DISPATCH_LEVEL);
    MICA_CHECK(allocated.parameters[3] == bytes);

    void* const memory = ExAllocatePoolWithTag(PagedPool, bytes, tag);
    MICA_REQUIRE(memory != nullptr);
    Bugcheck const freed = bugcheck_of([=] {
      KIRQL old;
      KeRaiseIrql(DISPATCH_LEVEL, &old);
      ExFreePool(memory);
    });
    MICA_CHECK(is(freed, BAD_POOL_CALLER, 0x09));
    MICA_CHECK(freed.parameters[1] == DISPATCH_LEVEL);
    MICA_CHECK(freed.parameters[3] == number(memory));
    ExFreePool(memory);
  }
}

MICA_CASE("Ex: nonpaged pool above DISPATCH_LEVEL is bad") {
  SpecialPool const none{0};
  constexpr KIRQL above = DISPATCH_LEVEL + 1;
  Bugcheck const allocated = bugcheck_of([] {
    KIRQL old;
    KeRaiseIrql(above, &old);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag));
  });
  MICA_CHECK(is(allocated, BAD_POOL_CALLER, 0x08));
  MICA_CHECK(allocated.parameters[1] == above);

  void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
  MICA_REQUIRE(memory != nullptr);
  Bugcheck const freed = bugcheck_of([=] {
    KIRQL old;
    KeRaiseIrql(above, &old);
    ExFreePool(memory);
  });
  MICA_CHECK(is(freed, BAD_POOL_CALLER, 0x09));
  ExFreePool(memory);
}

#ifndef MICA_ADDRESS_SANITIZER
MICA_CASE("Ex: a header that a neighbour wrote over is bad") {
  SpecialPool const none{0};
  // Of many blocks some lie one behind the other.
  constexpr int count = 40;
  constexpr SIZE_T bytes = 112;
  UCHAR* blocks[count];
  for (UCHAR*& block : blocks) {
    block = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag));
    MICA_REQUIRE(block != nullptr);
  }
  UCHAR* victim = nullptr;
  for (UCHAR* const block : blocks) {
    for (UCHAR* const other : blocks) {
      if (other == block + bytes + 16) victim = other;
    }
  }
  MICA_REQUIRE(victim != nullptr);
  UCHAR kept[8];
  for (int i = 0; i < 8; ++i) {
    kept[i] = victim[i - 12];
    victim[i - 12] = 0x41;
  }
  Bugcheck const end = bugcheck_of([=] { ExFreePool(victim); });
  MICA_CHECK(is(end, BAD_POOL_HEADER, 0x20));
  MICA_CHECK(end.parameters[1] == number(victim - 16));
  for (int i = 0; i < 8; ++i) victim[i - 12] = kept[i];
  for (UCHAR* const block : blocks) ExFreePoolWithTag(block, tag);
}
#endif
