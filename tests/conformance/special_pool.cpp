// Special pool: what it gives, and what it notices.
//                       [MSDN "Special Pool"; MSDN Bug Check 0xC1; MSDN Bug Check 0xCC, 0xCD]
#include <nt/ex.h>
#include <nt/io.h>
#include <nt/mm.h>
#include <mica/test.hpp>

#include <initializer_list>

namespace {

using mica::test::Bugcheck;
using mica::test::bugcheck_of;
using mica::test::SpecialPool;

constexpr ULONG tag = 0x7053'694D;        // MiSp
constexpr ULONG other_tag = 0x6363'694D;  // Micc
constexpr SIZE_T page = 4096;
constexpr SIZE_T sizes[] = {0, 1, 15, 16, 17, 100, 1000, 4000, 4080, 4081, 4095, 4096, 4097, 9000};

[[nodiscard]] ULONG_PTR number(void const volatile* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

[[nodiscard]] UCHAR volatile* allocate(SIZE_T bytes, POOL_TYPE type = NonPagedPoolNx) noexcept {
  void* const memory = ExAllocatePoolWithTag(type, bytes, tag);
  MICA_REQUIRE(memory != nullptr);
  return static_cast<UCHAR volatile*>(memory);
}

void free(UCHAR volatile* memory, ULONG with = tag) noexcept {
  ExFreePoolWithTag(const_cast<UCHAR*>(memory), with);
}

// The one access in each is the instruction that a fault names.
[[gnu::noinline]] void load(UCHAR volatile const* from) noexcept {
  static_cast<void>(*from);
}
[[gnu::noinline]] void store(UCHAR volatile* to) noexcept {
  *to = 1;
}

// A page fault at `address`, in a function of a few bytes.
[[nodiscard]] bool faulted(Bugcheck const& end, ULONG code, UCHAR volatile const* address,
                           bool write) noexcept {
  ULONG_PTR const function =
      write ? reinterpret_cast<ULONG_PTR>(&store) : reinterpret_cast<ULONG_PTR>(&load);
  return end.happened && end.code == code && end.parameters[0] == number(address) &&
         end.parameters[1] == (write ? 1u : 0u) && end.parameters[2] - function < 512 &&
         end.parameters[3] == 0;
}

[[nodiscard]] bool corrupted(Bugcheck const& end, UCHAR volatile const* block, ULONG_PTR second,
                             ULONG_PTR third, ULONG_PTR violation) noexcept {
  return end.happened && end.code == SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION &&
         end.parameters[0] == number(block) && end.parameters[1] == second &&
         end.parameters[2] == third && end.parameters[3] == violation;
}

}  // namespace

MICA_CASE("Ex: special pool puts a block at the end of its page, or at the beginning") {
  mica::test::Verified const lenient{false};
  for (POOL_TYPE const type : {NonPagedPoolNx, PagedPool, NonPagedPoolNxCacheAligned}) {
    SIZE_T const unit = (type & NonPagedPoolCacheAligned) != 0 ? 64 : 16;
    for (SIZE_T const bytes : sizes) {
      SpecialPool const end{tag};
      UCHAR volatile* const last = allocate(bytes, type);
      SIZE_T const held = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
      MICA_CHECK(number(last) % page == (bytes >= page ? 0 : page - held));
      for (SIZE_T i = 0; i < bytes; ++i) last[i] = 0xA5;
      MICA_CHECK(MmIsAddressValid(const_cast<UCHAR*>(last)) == TRUE);
      SIZE_T const behind = bytes >= page ? (bytes + page - 1) / page * page : held;
      MICA_CHECK(MmIsAddressValid(const_cast<UCHAR*>(last) + behind) == FALSE);

      SpecialPool const start{tag, SpecialPool::Align::start};
      UCHAR volatile* const first = allocate(bytes, type);
      MICA_CHECK(number(first) % page == 0);
      for (SIZE_T i = 0; i < bytes; ++i) first[i] = 0x5A;
      MICA_CHECK(MmIsAddressValid(const_cast<UCHAR*>(first) - 1) == FALSE);
      SIZE_T same = 0;
      while (same < bytes && last[same] == 0xA5) ++same;
      MICA_CHECK(same == bytes);
      free(last);
      free(first, 0);
    }
  }
}

MICA_CASE("Ex: special pool takes the blocks of its tag alone, as long as it is asked to") {
  SpecialPool const none{0};
  UCHAR volatile* kept;
  {
    SpecialPool const special{tag};
    kept = allocate(100);
    MICA_CHECK(number(kept) % page == page - 112);
    for (int i = 0; i < 3; ++i) {
      void* const other = ExAllocatePoolWithTag(NonPagedPoolNx, 4080, other_tag);
      MICA_REQUIRE(other != nullptr);
      MICA_CHECK(number(other) % page == 0);  // pages of its own: no header, nor at the end
      ExFreePoolWithTag(other, other_tag);
      void* const small = ExAllocatePoolWithTag(NonPagedPoolNx, 100, other_tag);
      MICA_REQUIRE(small != nullptr);
      MICA_CHECK(bugcheck_of([=] { ExFreePool(static_cast<UCHAR*>(small) + 16); }).code ==
                 BAD_POOL_CALLER);
      ExFreePoolWithTag(small, other_tag);
    }
  }
  UCHAR volatile* const usual = allocate(100);
  MICA_CHECK(bugcheck_of([=] { free(usual + 16); }).code == BAD_POOL_CALLER);
  free(usual);
  MICA_CHECK(bugcheck_of([=] { free(kept + 16); }).code == SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION);
  free(kept);
}

MICA_CASE("Ex: a priority says where special pool puts the block") {
  SpecialPool const special{tag, SpecialPool::Align::start};
  auto place = [](EX_POOL_PRIORITY priority) {
    void* const memory = ExAllocatePoolWithTagPriority(PagedPool, 100, tag, priority);
    MICA_REQUIRE(memory != nullptr);
    SIZE_T const offset = number(memory) % page;
    ExFreePoolWithTag(memory, tag);
    return offset;
  };
  for (EX_POOL_PRIORITY const priority :
       {LowPoolPrioritySpecialPoolOverrun, NormalPoolPrioritySpecialPoolOverrun,
        HighPoolPrioritySpecialPoolOverrun}) {
    MICA_CHECK(place(priority) == page - 112);
  }
  for (EX_POOL_PRIORITY const priority :
       {LowPoolPrioritySpecialPoolUnderrun, NormalPoolPrioritySpecialPoolUnderrun,
        HighPoolPrioritySpecialPoolUnderrun, NormalPoolPriority}) {
    MICA_CHECK(place(priority) == 0);
  }
}

MICA_CASE("Ex: touching what special pool freed faults with 0xCC") {
  SpecialPool const special{tag};
  for (SIZE_T const bytes : {SIZE_T{100}, SIZE_T{9000}}) {
    UCHAR volatile* const block = allocate(bytes);
    block[0] = 1;
    free(block);
    UCHAR volatile* const last = block + bytes - 1;
    constexpr ULONG code = PAGE_FAULT_IN_FREED_SPECIAL_POOL;
    MICA_CHECK(faulted(bugcheck_of([=] { load(block); }), code, block, false));
    MICA_CHECK(faulted(bugcheck_of([=] { store(block); }), code, block, true));
    MICA_CHECK(faulted(bugcheck_of([=] { load(last); }), code, last, false));
    Bugcheck const raised = bugcheck_of([=] {
      static_cast<void>(KeRaiseIrqlToDpcLevel());
      store(last);
    });
    MICA_CHECK(faulted(raised, code, last, true));
  }
}

MICA_CASE("Ex: running over a block of special pool faults with 0xCD") {
  constexpr ULONG code = PAGE_FAULT_BEYOND_END_OF_ALLOCATION;
  SpecialPool const special{tag};
  UCHAR volatile* const small = allocate(112);
  MICA_CHECK(faulted(bugcheck_of([=] { store(small + 112); }), code, small + 112, true));
  MICA_CHECK(faulted(bugcheck_of([=] { load(small + 112); }), code, small + 112, false));
  UCHAR volatile* const large = allocate(2 * page);
  UCHAR volatile* const behind = large + 2 * page;
  MICA_CHECK(faulted(bugcheck_of([=] { store(behind); }), code, behind, true));
  SpecialPool const start{tag, SpecialPool::Align::start};
  UCHAR volatile* const first = allocate(100);
  MICA_CHECK(faulted(bugcheck_of([=] { load(first - 1); }), code, first - 1, false));
  free(first);
  free(large);
  free(small);
}

MICA_CASE("Ex: what was written around a block of special pool is found when it is freed") {
  struct Place {
    SpecialPool::Align align;
    SIZE_T bytes;
    LONG_PTR at;  // from the block's beginning
    ULONG_PTR violation;
  };
  constexpr Place places[] = {
      {SpecialPool::Align::end, 100, -1, 0x23},
      {SpecialPool::Align::end, 100, -(4096 - 112), 0x23},
      {SpecialPool::Align::end, 100, 100, 0x24},
      {SpecialPool::Align::end, 100, 111, 0x24},
      {SpecialPool::Align::start, 100, 100, 0x24},
      {SpecialPool::Align::start, 100, 4095, 0x24},
      {SpecialPool::Align::end, 5000, 5000, 0x24},
      {SpecialPool::Align::end, 5000, 8191, 0x24},
  };
  for (Place const& place : places) {
    SpecialPool const special{tag, place.align};
    UCHAR volatile* const block = allocate(place.bytes);
    UCHAR volatile* const bad = block + place.at;
    UCHAR const was = *bad;
    for (UCHAR const change : {UCHAR{0xFF}, UCHAR{0x01}, UCHAR{0x80}}) {
      *bad = was ^ change;
      ULONG_PTR const violation = change == 0xFF ? place.violation : 0x32;
      MICA_CHECK(corrupted(bugcheck_of([=] { free(block); }), block, number(bad), 0, violation));
    }
    *bad = was;
    free(block);
  }
}

MICA_CASE("Ex: freeing what is no block of special pool is bad") {
  SpecialPool const special{tag};
  UCHAR volatile* const block = allocate(100);
  UCHAR volatile* const large = allocate(9000);
  MICA_CHECK(corrupted(bugcheck_of([=] { free(block + 16); }), block + 16, 100, 84, 0x21));
  MICA_CHECK(
      corrupted(bugcheck_of([=] { free(large + page); }), large + page, 9000, 9000 - page, 0x21));
  MICA_CHECK(corrupted(bugcheck_of([=] { free(block + 112); }), block + 112, 0, 0, 0x20));
  free(large);
  free(block);
  MICA_CHECK(corrupted(bugcheck_of([=] { free(block); }), block, 0, 0, 0x20));
  MICA_CHECK(corrupted(bugcheck_of([=] { free(large); }), large, 0, 0, 0x20));
}

MICA_CASE("Ex: a wrong tag is what it is, in special pool too") {
  SpecialPool const special{tag};
  UCHAR volatile* const block = allocate(100);
  Bugcheck const end = bugcheck_of([=] { free(block, other_tag); });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER && end.parameters[0] == 0x0A);
  MICA_CHECK(end.parameters[1] == number(block));
  MICA_CHECK(end.parameters[2] == tag && end.parameters[3] == other_tag);
  free(block);
}

MICA_CASE("Ex: special pool at too high a level is bad") {
  SpecialPool const special{tag};
  for (POOL_TYPE const type : {NonPagedPoolNx, PagedPool}) {
    KIRQL const above = type == PagedPool ? DISPATCH_LEVEL : DISPATCH_LEVEL + 1;
    UCHAR volatile* const block = allocate(100, type);
    auto at_level = [=](auto routine) {
      return bugcheck_of([=] {
        KIRQL old;
        KeRaiseIrql(above, &old);
        routine();
      });
    };
    auto is = [=](Bugcheck const& end, ULONG_PTR what, ULONG_PTR violation) {
      return end.happened && end.code == SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION &&
             end.parameters[0] == above && end.parameters[1] == (type == PagedPool ? 1u : 0u) &&
             end.parameters[2] == what && end.parameters[3] == violation;
    };
    MICA_CHECK(is(at_level([=] { free(allocate(100, type)); }), 100, 0x30));
    MICA_CHECK(is(at_level([=] { free(block); }), number(block), 0x31));
    free(block);
  }
}

MICA_CASE("Mm: paged memory of special pool has no list of nonpaged pool") {
  SpecialPool const special{tag};
  UCHAR volatile* const nonpaged = allocate(2 * page);
  UCHAR volatile* const paged = allocate(2 * page, PagedPool);
  auto list_of = [](UCHAR volatile* memory) {
    return IoAllocateMdl(const_cast<UCHAR*>(memory), 100, FALSE, FALSE, nullptr);
  };
  for (UCHAR volatile* const at : {paged, paged + page}) {
    PMDL const mdl = list_of(at);
    Bugcheck const end = bugcheck_of([=] { MmBuildMdlForNonPagedPool(mdl); });
    MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
    MICA_CHECK(end.parameters[0] == 0x7F && end.parameters[2] == number(mdl));
    IoFreeMdl(mdl);
  }
  PMDL const mdl = list_of(nonpaged + page);
  MmBuildMdlForNonPagedPool(mdl);
  MICA_CHECK((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
  IoFreeMdl(mdl);
  free(paged);
  free(nonpaged);
}

MICA_CASE("Ex: special pool without room leaves the block to the other pool") {
  SpecialPool const special{tag};
  constexpr SIZE_T too_large = SIZE_T{1} << 45;
  MICA_CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, too_large, tag) == nullptr);
  MICA_CHECK(ExAllocatePoolWithTag(PagedPool, ~SIZE_T{0}, tag) == nullptr);
}

MICA_CASE("Ex: special pool serves DISPATCH_LEVEL and every processor") {
  SpecialPool const special{tag};
  UCHAR volatile* blocks[20];
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  for (auto& block : blocks) block = allocate(300);
  KeLowerIrql(old);
  auto free_all = [&] {
    KIRQL const level = KeRaiseIrqlToDpcLevel();
    for (UCHAR volatile* const block : blocks) free(block);
    KeLowerIrql(level);
  };
  mica::test::join(
      mica::test::start(free_all, {.processor = static_cast<int>(mica::test::processors()) - 1}));
  for (UCHAR volatile* const block : blocks)
    MICA_CHECK(MmIsAddressValid(const_cast<UCHAR*>(block)) == FALSE);
}

MICA_CASE("Ex: a live resource in a block of special pool is found when that is freed") {
  SpecialPool const special{tag};
  auto* const resource =
      static_cast<PERESOURCE>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(ERESOURCE), tag));
  MICA_REQUIRE(resource != nullptr);
  MICA_REQUIRE(ExInitializeResourceLite(resource) == STATUS_SUCCESS);
  Bugcheck const end = bugcheck_of([=] { ExFreePoolWithTag(resource, tag); });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0xD2);
  MICA_CHECK(ExDeleteResourceLite(resource) == STATUS_SUCCESS);
  ExFreePoolWithTag(resource, tag);
}
