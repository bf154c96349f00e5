// What callers of lookaside lists do wrong.       [MSDN Bug Check 0xC4, parameter 1 0xCA to 0xCD]
#include <nt/ex.h>
#include <mica/test.hpp>

#include <initializer_list>

using namespace mica::test;

namespace {

constexpr ULONG tag = 0x6B6C'694D;  // Milk

bool violates(Bugcheck const& end, ULONG_PTR rule, void const* list) {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule && end.parameters[1] == reinterpret_cast<ULONG_PTR>(list);
}

void begin(PNPAGED_LOOKASIDE_LIST list, SIZE_T bytes = 32) {
  ExInitializeNPagedLookasideList(list, nullptr, nullptr, 0, bytes, tag, 0);
}

bool too_high(Bugcheck const& end, void const* list, KIRQL level) {
  return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL &&
         end.parameters[0] == reinterpret_cast<ULONG_PTR>(list) && end.parameters[1] == level;
}

template <class Body>
Bugcheck at(KIRQL level, Body body) {
  return bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(level, &old);
    body();
  });
}

}  // namespace

MICA_CASE("Ex: a lookaside list that is in use must not be initialized") {
  // No locals: with ThreadSanitizer g++ 12 mistakes the place of aligned ones between the calls.
  static NPAGED_LOOKASIDE_LIST list, other;
  begin(&other);
  begin(&list);
  MICA_CHECK(violates(bugcheck_of([&] { begin(&list); }), 0xCA, &list));
  ExDeleteNPagedLookasideList(&list);
  begin(&list);  // now it may
  ExDeleteNPagedLookasideList(&list);
  ExDeleteNPagedLookasideList(&other);
}

MICA_CASE("Ex: only a lookaside list that is in use may be deleted") {
  NPAGED_LOOKASIDE_LIST list{}, other;
  PAGED_LOOKASIDE_LIST paged{};
  LOOKASIDE_LIST_EX newer{};
  begin(&other);
  MICA_CHECK(violates(bugcheck_of([&] { ExDeleteNPagedLookasideList(&list); }), 0xCB, &list));
  MICA_CHECK(violates(bugcheck_of([&] { ExDeletePagedLookasideList(&paged); }), 0xCB, &paged));
  MICA_CHECK(violates(bugcheck_of([&] { ExDeleteLookasideListEx(&newer); }), 0xCB, &newer));
  ExDeleteNPagedLookasideList(&other);
  MICA_CHECK(violates(bugcheck_of([&] { ExDeleteNPagedLookasideList(&other); }), 0xCB, &other));
}

MICA_CASE("Ex: freeing a block with a lookaside list in it is violation CC") {
  for (SIZE_T const bytes : {SIZE_T{1008}, SIZE_T{9008}}) {
    auto* const memory = static_cast<UCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag));
    MICA_REQUIRE(memory != nullptr);
    auto const aligned = (reinterpret_cast<ULONG_PTR>(memory) + 100) & ~ULONG_PTR{63};
    auto* const list = reinterpret_cast<PNPAGED_LOOKASIDE_LIST>(aligned);
    auto* const newer =
        reinterpret_cast<PLOOKASIDE_LIST_EX>(memory + bytes - sizeof(LOOKASIDE_LIST_EX));
    auto free = [&] { ExFreePoolWithTag(memory, tag); };
    auto is_told = [&](void const* address) {
      Bugcheck const end = bugcheck_of(free);
      return violates(end, 0xCC, address) &&
             end.parameters[2] == reinterpret_cast<ULONG_PTR>(memory) && end.parameters[3] == bytes;
    };
    begin(list);
    MICA_CHECK(is_told(list));
    ExDeleteNPagedLookasideList(list);
    MICA_CHECK(ExInitializeLookasideListEx(newer, nullptr, nullptr, NonPagedPoolNx, 0, 32, tag,
                                           0) == STATUS_SUCCESS);
    MICA_CHECK(is_told(newer));
    ExDeleteLookasideListEx(newer);
    free();
  }
}

MICA_CASE("Ex: a lookaside list's blocks hold at least what links them") {
  NPAGED_LOOKASIDE_LIST list;
  Bugcheck const end = bugcheck_of([&] { begin(&list, LOOKASIDE_MINIMUM_BLOCK_SIZE - 1); });
  MICA_CHECK(violates(end, 0xCD, &list));
  MICA_CHECK(end.parameters[2] == LOOKASIDE_MINIMUM_BLOCK_SIZE - 1);
  MICA_CHECK(end.parameters[3] == LOOKASIDE_MINIMUM_BLOCK_SIZE);
  begin(&list, LOOKASIDE_MINIMUM_BLOCK_SIZE);
  ExDeleteNPagedLookasideList(&list);
}

MICA_CASE("Ex: a lookaside list is used at the levels of its pool") {
  NPAGED_LOOKASIDE_LIST list;
  PAGED_LOOKASIDE_LIST paged;
  LOOKASIDE_LIST_EX newer;
  auto begin_paged = [&] {
    ExInitializePagedLookasideList(&paged, nullptr, nullptr, 0, 32, tag, 0);
  };
  auto begin_newer = [&] {
    static_cast<void>(
        ExInitializeLookasideListEx(&newer, nullptr, nullptr, NonPagedPool, 0, 32, tag, 0));
  };
  MICA_CHECK(too_high(at(HIGH_LEVEL, [&] { begin(&list); }), &list, HIGH_LEVEL));
  MICA_CHECK(too_high(at(DISPATCH_LEVEL, begin_paged), &paged, DISPATCH_LEVEL));
  MICA_CHECK(too_high(at(HIGH_LEVEL, begin_newer), &newer, HIGH_LEVEL));
  KIRQL old = KeRaiseIrqlToDpcLevel();
  begin(&list);
  begin_newer();
  KeLowerIrql(old);
  begin_paged();
  MICA_CHECK(
      too_high(at(HIGH_LEVEL, [&] { ExDeleteNPagedLookasideList(&list); }), &list, HIGH_LEVEL));
  MICA_CHECK(too_high(at(DISPATCH_LEVEL, [&] { ExDeletePagedLookasideList(&paged); }), &paged,
                      DISPATCH_LEVEL));
  MICA_CHECK(
      too_high(at(HIGH_LEVEL, [&] { ExDeleteLookasideListEx(&newer); }), &newer, HIGH_LEVEL));
  MICA_CHECK(too_high(at(HIGH_LEVEL, [&] { ExFlushLookasideListEx(&newer); }), &newer, HIGH_LEVEL));
  ExDeletePagedLookasideList(&paged);
  old = KeRaiseIrqlToDpcLevel();
  ExFlushLookasideListEx(&newer);
  ExDeleteLookasideListEx(&newer);
  ExDeleteNPagedLookasideList(&list);
  KeLowerIrql(old);
}
