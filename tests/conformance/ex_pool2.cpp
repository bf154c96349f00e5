// ExAllocatePool2.                                           [MSDN ExAllocatePool2, POOL_FLAGS]
#include <nt/ex.h>
#include <mica/test.hpp>

#include <initializer_list>

#include "support.hpp"

namespace {

constexpr ULONG tag = 0x3263'694D;  // Mic2
constexpr SIZE_T too_much = SIZE_T{1} << 45;

[[nodiscard]] bool zeroed(void const* memory, SIZE_T bytes) noexcept {
  for (SIZE_T i = 0; i < bytes; ++i) {
    if (static_cast<UCHAR const*>(memory)[i] != 0) return false;
  }
  return true;
}

}  // namespace

MICA_CASE("Ex: ExAllocatePool2 returns zeroed memory of every kind") {
  for (POOL_FLAGS const kind :
       {POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED_EXECUTE, POOL_FLAG_PAGED}) {
    for (SIZE_T const bytes : {SIZE_T{1}, SIZE_T{64}, SIZE_T{3000}, SIZE_T{4096}, SIZE_T{20'000}}) {
      // What lay there before shows if it is not cleared.
      auto* const before =
          static_cast<UCHAR*>(ExAllocatePool2(kind | POOL_FLAG_UNINITIALIZED, bytes, tag));
      MICA_REQUIRE(before != nullptr);
      for (SIZE_T i = 0; i < bytes; ++i) before[i] = 0xEE;
      ExFreePoolWithTag(before, tag);
      void* const memory = ExAllocatePool2(kind, bytes, tag);
      MICA_REQUIRE(memory != nullptr);
      MICA_CHECK(zeroed(memory, bytes));
      MICA_CHECK(bytes < 4096 || reinterpret_cast<ULONG_PTR>(memory) % 4096 == 0);
      ExFreePoolWithTag(memory, tag);
    }
  }
}

MICA_CASE("Ex: ExAllocatePool2 aligns to the cache line when asked") {
  for (SIZE_T const bytes : {SIZE_T{1}, SIZE_T{64}, SIZE_T{100}, SIZE_T{3990}}) {
    void* blocks[8];
    for (void*& block : blocks) {
      block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, bytes, tag);
      MICA_REQUIRE(block != nullptr);
      MICA_CHECK(reinterpret_cast<ULONG_PTR>(block) % 64 == 0);
    }
    for (void* const block : blocks) ExFreePoolWithTag(block, tag);
  }
}

MICA_CASE("Ex: ExAllocatePool2 takes quota and ignores optional flags it does not know") {
  void* const quota = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_USE_QUOTA, 64, tag);
  MICA_CHECK(quota != nullptr);
  if (quota != nullptr) ExFreePool(quota);
  void* const optional = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAGS{1} << 40, 64, tag);
  MICA_CHECK(optional != nullptr);
  if (optional != nullptr) ExFreePool(optional);
}

MICA_CASE("Ex: ExAllocatePool2 refuses a zero tag and invalid flags with NULL") {
  MICA_CHECK(ExAllocatePool2(POOL_FLAG_PAGED, 64, 0) == nullptr);
  MICA_CHECK(ExAllocatePool2(0, 64, tag) == nullptr);  // no kind
  MICA_CHECK(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 64, tag) == nullptr);  // two
  MICA_CHECK(ExAllocatePool2(POOL_FLAG_PAGED | 0x10, 64, tag) == nullptr);  // reserved
  MICA_CHECK(ExAllocatePool2(POOL_FLAG_PAGED | 0x4000'0000, 64, tag) ==
             nullptr);  // unknown, required
  MICA_CHECK(ExAllocatePool2(POOL_FLAG_PAGED, too_much, tag) == nullptr);
}

MICA_CASE("Ex: ExAllocatePool2 raises instead when asked") {
  for (ULONG const used_tag : {tag, ULONG{0}}) {
    auto const end = mica::test::bugcheck_of([=] {
      ExFreePool(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, too_much, used_tag));
    });
    MICA_CHECK(end.happened && end.code == mica::test::unhandled);
    ULONG const status = used_tag == 0 ? 0xC000'000D : 0xC000'009A;
    MICA_CHECK(static_cast<ULONG>(end.parameters[0]) == status);
  }
}
