// The pool by its older names.
//   [MSDN ExAllocatePoolWithTag, ExFreePoolWithTag, ExAllocatePoolWithQuotaTag]
#include <nt/ex.h>
#include <mica/test.hpp>

#include <initializer_list>

#include "support.hpp"

namespace {

constexpr ULONG tag = 0x6363'694D;  // Micc
constexpr SIZE_T page = 4096;
constexpr SIZE_T too_much = SIZE_T{1} << 45;

constexpr POOL_TYPE kinds[] = {NonPagedPool,
                               NonPagedPoolNx,
                               PagedPool,
                               NonPagedPoolCacheAligned,
                               NonPagedPoolNxCacheAligned,
                               PagedPoolCacheAligned};
constexpr SIZE_T sizes[] = {0,    1,    15,   16,   17,   64,   100,  255,   1000,
                            1024, 2049, 4000, 4095, 4096, 4097, 8192, 70'000};

[[nodiscard]] POOL_TYPE with(POOL_TYPE type, ULONG flags) noexcept {
  return static_cast<POOL_TYPE>(static_cast<ULONG>(type) | flags);
}

[[nodiscard]] ULONG_PTR number(void const* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

void fill(void* memory, SIZE_T bytes, UCHAR value) noexcept {
  for (SIZE_T i = 0; i < bytes; ++i) static_cast<UCHAR volatile*>(memory)[i] = value;
}

[[nodiscard]] bool filled(void const* memory, SIZE_T bytes, UCHAR value) noexcept {
  for (SIZE_T i = 0; i < bytes; ++i) {
    if (static_cast<UCHAR const volatile*>(memory)[i] != value) return false;
  }
  return true;
}

// At or above a page: page-aligned. Below: aligned to 16 and within a page.
//                                                                      [MSDN ExAllocatePoolWithTag]
[[nodiscard]] bool well_placed(void const* memory, SIZE_T bytes) noexcept {
  ULONG_PTR const first = number(memory);
  if (bytes >= page) return first % page == 0;
  return first % 16 == 0 && (bytes == 0 || first / page == (first + bytes - 1) / page);
}

}  // namespace

MICA_CASE("Ex: pool of every type and size is placed as documented") {
  mica::test::Verified const lenient{false};
  for (POOL_TYPE const type : kinds) {
    for (SIZE_T const bytes : sizes) {
      void* const memory = ExAllocatePoolWithTag(type, bytes, tag);
      MICA_REQUIRE(memory != nullptr);
      MICA_CHECK(well_placed(memory, bytes));
      if ((type & NonPagedPoolCacheAligned) != 0) MICA_CHECK(number(memory) % 64 == 0);
      fill(memory, bytes, 0xA5);
      MICA_CHECK(filled(memory, bytes, 0xA5));
      ExFreePoolWithTag(memory, tag);
    }
  }
}

MICA_CASE("Ex: live pool blocks do not overlap") {
  mica::test::Verified const lenient{false};
  constexpr int count = 64;
  void* blocks[count];
  for (int i = 0; i < count; ++i) {
    blocks[i] = ExAllocatePoolWithTag(i % 2 != 0 ? PagedPool : NonPagedPoolNx,
                                      static_cast<SIZE_T>(i * 37), tag);
    MICA_REQUIRE(blocks[i] != nullptr);
    fill(blocks[i], static_cast<SIZE_T>(i * 37), static_cast<UCHAR>(i));
  }
  for (int i = 0; i < count; ++i) {
    MICA_CHECK(filled(blocks[i], static_cast<SIZE_T>(i * 37), static_cast<UCHAR>(i)));
    ExFreePoolWithTag(blocks[i], tag);
  }
}

MICA_CASE("Ex: a pool type may ask for zeroed memory") {
  constexpr SIZE_T bytes = 200;
  for (POOL_TYPE const type : {NonPagedPoolNx, PagedPool}) {
    void* const used = ExAllocatePoolWithTag(type, bytes, tag);
    MICA_REQUIRE(used != nullptr);
    fill(used, bytes, 0xFF);
    ExFreePoolWithTag(used, tag);
    void* const zeroed = ExAllocatePoolWithTag(with(type, POOL_ZERO_ALLOCATION), bytes, tag);
    MICA_REQUIRE(zeroed != nullptr);
    MICA_CHECK(filled(zeroed, bytes, 0));
    ExFreePoolWithTag(zeroed, tag);
  }
}

MICA_CASE("Ex: ExFreePool takes a block of any tag") {
  void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 40, tag);
  MICA_REQUIRE(memory != nullptr);
  ExFreePool(memory);
}

MICA_CASE("Ex: nonpaged pool is there after a driver asked for none that is executable") {
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
  void* const memory = ExAllocatePoolWithTag(NonPagedPool, 40, tag);
  MICA_REQUIRE(memory != nullptr);
  fill(memory, 40, 0x7E);
  ExFreePoolWithTag(memory, tag);
}

MICA_CASE("Ex: ExAllocatePool tags its blocks None") {
  void* const memory = ExAllocatePool(NonPagedPoolNx, 40);
  MICA_REQUIRE(memory != nullptr);
  ExFreePoolWithTag(memory, 0x656E'6F4E);
}

MICA_CASE("Ex: pool of every priority is there while memory is") {
  for (EX_POOL_PRIORITY const priority : {LowPoolPriority, NormalPoolPriority, HighPoolPriority}) {
    void* const memory = ExAllocatePoolWithTagPriority(PagedPool, 500, tag, priority);
    MICA_REQUIRE(memory != nullptr);
    MICA_CHECK(well_placed(memory, 500));
    ExFreePoolWithTag(memory, tag);
  }
  MICA_CHECK(ExAllocatePoolWithTagPriority(PagedPool, too_much, tag, HighPoolPriority) == nullptr);
}

MICA_CASE("Ex: more pool than there is memory is refused") {
  MICA_CHECK(ExAllocatePool(NonPagedPoolNx, too_much) == nullptr);
  MICA_CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, too_much, tag) == nullptr);
  MICA_CHECK(ExAllocatePoolWithTag(PagedPool, ~SIZE_T{0}, tag) == nullptr);
  MICA_CHECK(ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, ~SIZE_T{0} - 20, tag) == nullptr);
}

MICA_CASE("Ex: refused pool raises if the caller wants that") {
  auto const end = mica::test::bugcheck_of([] {
    ExFreePool(ExAllocatePoolWithTag(with(NonPagedPoolNx, POOL_RAISE_IF_ALLOCATION_FAILURE),
                                     too_much, tag));
  });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == mica::test::unhandled);
  MICA_CHECK(static_cast<ULONG>(end.parameters[0]) == 0xC000'009A);
}

MICA_CASE("Ex: pool with quota is there, raises when refused, or returns NULL when told to") {
  void* const memory = ExAllocatePoolWithQuotaTag(PagedPool, 64, tag);
  MICA_REQUIRE(memory != nullptr);
  ExFreePoolWithTag(memory, tag);
  void* const untagged = ExAllocatePoolWithQuota(PagedPool, 64);
  MICA_REQUIRE(untagged != nullptr);
  ExFreePool(untagged);

  POOL_TYPE const quiet = with(PagedPool, POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
  MICA_CHECK(ExAllocatePoolWithQuotaTag(quiet, too_much, tag) == nullptr);
  MICA_CHECK(ExAllocatePoolWithQuota(quiet, too_much) == nullptr);

  auto const tagged_end = mica::test::bugcheck_of(
      [] { ExFreePool(ExAllocatePoolWithQuotaTag(PagedPool, too_much, tag)); });
  MICA_CHECK(tagged_end.happened && tagged_end.code == mica::test::unhandled);
  MICA_CHECK(static_cast<ULONG>(tagged_end.parameters[0]) == 0xC000'009A);
  auto const end =
      mica::test::bugcheck_of([] { ExFreePool(ExAllocatePoolWithQuota(PagedPool, too_much)); });
  MICA_CHECK(end.happened && end.code == mica::test::unhandled);
}

MICA_CASE("Ex: nonpaged pool works at DISPATCH_LEVEL, both pools at APC_LEVEL") {
  KIRQL old;
  KeRaiseIrql(DISPATCH_LEVEL, &old);
  for (SIZE_T const bytes : {SIZE_T{64}, SIZE_T{9000}}) {
    void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag);
    MICA_CHECK(memory != nullptr);
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    if (memory != nullptr) ExFreePoolWithTag(memory, tag);
    MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  }
  KeLowerIrql(old);
  KeRaiseIrql(APC_LEVEL, &old);
  void* const paged = ExAllocatePoolWithTag(PagedPool, 64, tag);
  MICA_CHECK(paged != nullptr);
  if (paged != nullptr) ExFreePoolWithTag(paged, tag);
  MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  KeLowerIrql(old);
}

MICA_CASE("Ex: a block freed on another processor is used again") {
  struct Shared {
    void* blocks[100];
  } shared;
  for (void*& block : shared.blocks) block = ExAllocatePoolWithTag(NonPagedPoolNx, 112, tag);
  auto free_all = [&] {
    for (void* const block : shared.blocks) ExFreePoolWithTag(block, tag);
  };
  mica::test::Thread* const thread =
      mica::test::start(free_all, {.processor = static_cast<int>(mica::test::processors()) - 1});
  mica::test::join(thread);
  for (void*& block : shared.blocks) {
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 112, tag);
    MICA_REQUIRE(block != nullptr);
    fill(block, 112, 0x3C);
  }
  for (void* const block : shared.blocks) {
    MICA_CHECK(filled(block, 112, 0x3C));
    ExFreePoolWithTag(block, tag);
  }
}
