// Lookaside lists.             [MSDN ExInitializeNPagedLookasideList, ExInitializeLookasideListEx]
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <mica/test.hpp>

#include <initializer_list>

using namespace mica::test;

namespace {

constexpr ULONG tag = 0x6B6C'694D;  // Milk
constexpr SIZE_T bytes = 48;

// What a list's own routines were asked; where they stand, so that they need no variable.
struct Shop {
  alignas(16) UCHAR blocks[4][bytes];
  int made, returned;
  POOL_TYPE type;
  SIZE_T size;
  ULONG asked_tag;
};

// A list with its shop behind it.
struct Stocked {
  LOOKASIDE_LIST_EX list;
  Shop shop;
};

Shop& shop_of(PLOOKASIDE_LIST_EX list) {
  return CONTAINING_RECORD(list, Stocked, list)->shop;
}

PVOID NTAPI make(POOL_TYPE type, SIZE_T size, ULONG asked_tag, PLOOKASIDE_LIST_EX list) {
  Shop& shop = shop_of(list);
  shop.type = type;
  shop.size = size;
  shop.asked_tag = asked_tag;
  return shop.made < 4 ? shop.blocks[shop.made++] : nullptr;
}

VOID NTAPI take_back(PVOID, PLOOKASIDE_LIST_EX list) {
  ++shop_of(list).returned;
}

PVOID NTAPI make_marked(POOL_TYPE type, SIZE_T size, ULONG asked_tag) {
  auto* const block = static_cast<PULONG>(ExAllocatePoolWithTag(type, size, asked_tag));
  if (block != nullptr) block[4] = asked_tag;
  return block;
}

}  // namespace

MICA_CASE("Ex: a block that was freed to a lookaside list is the next that it gives") {
  NPAGED_LOOKASIDE_LIST list;
  ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, bytes, tag, 0);
  MICA_CHECK(list.L.Type == NonPagedPool && list.L.Size == bytes && list.L.Tag == tag);
  void* const first = ExAllocateFromNPagedLookasideList(&list);
  void* const second = ExAllocateFromNPagedLookasideList(&list);
  MICA_REQUIRE(first != nullptr && second != nullptr && first != second);
  MICA_CHECK(list.L.TotalAllocates == 2 && list.L.AllocateMisses == 2);
  ExFreeToNPagedLookasideList(&list, first);
  MICA_CHECK(ExQueryDepthSList(&list.L.ListHead) == 1);
  MICA_CHECK(ExAllocateFromNPagedLookasideList(&list) == first);
  MICA_CHECK(list.L.TotalAllocates == 3 && list.L.AllocateMisses == 2);
  MICA_CHECK(list.L.TotalFrees == 1 && list.L.FreeMisses == 0);
  ExFreeToNPagedLookasideList(&list, first);
  ExFreePoolWithTag(second, tag);  // it is the pool's, and has the list's tag
  ExDeleteNPagedLookasideList(&list);
}

MICA_CASE("Ex: a lookaside list calls the routines that it was given") {
  NPAGED_LOOKASIDE_LIST list;
  ExInitializeNPagedLookasideList(&list, make_marked, ExFreePool,
                                  POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION, bytes, tag,
                                  0);
  MICA_CHECK(static_cast<ULONG>(list.L.Type) ==
             (POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION));
  MICA_CHECK(list.L.Allocate == make_marked && list.L.Free == ExFreePool);
  auto* const block = static_cast<PULONG>(ExAllocateFromNPagedLookasideList(&list));
  MICA_REQUIRE(block != nullptr);
  MICA_CHECK(block[4] == tag);
  ExFreeToNPagedLookasideList(&list, block);
  ExDeleteNPagedLookasideList(&list);
}

MICA_CASE("Ex: deleting a lookaside list frees what it keeps") {
  static int freed;
  freed = 0;
  auto const free = [](PVOID block) NTAPI {
    ++freed;
    ExFreePool(block);
  };
  NPAGED_LOOKASIDE_LIST list;
  ExInitializeNPagedLookasideList(&list, nullptr, free, 0, bytes, tag, 0);
  PVOID const blocks[] = {ExAllocateFromNPagedLookasideList(&list),
                          ExAllocateFromNPagedLookasideList(&list)};
  for (PVOID const block : blocks) {
    MICA_REQUIRE(block != nullptr);
    ExFreeToNPagedLookasideList(&list, block);
  }
  MICA_CHECK(freed == 0);
  ExDeleteNPagedLookasideList(&list);
  MICA_CHECK(freed == 2);
}

MICA_CASE("Ex: a paged lookaside list has paged blocks") {
  SpecialPool const none{0};
  PAGED_LOOKASIDE_LIST list;
  ExInitializePagedLookasideList(&list, nullptr, nullptr, POOL_RAISE_IF_ALLOCATION_FAILURE, bytes,
                                 tag, 0);
  MICA_CHECK(static_cast<ULONG>(list.L.Type) == (PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE));
  void* const block = ExAllocateFromPagedLookasideList(&list);
  MICA_REQUIRE(block != nullptr);
  ExFreeToPagedLookasideList(&list, block);
  MICA_CHECK(ExAllocateFromPagedLookasideList(&list) == block);
  Bugcheck const end = bugcheck_of([=] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExFreePool(block);
  });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER && end.parameters[0] == 0x09);
  ExFreeToPagedLookasideList(&list, block);
  ExDeletePagedLookasideList(&list);
}

MICA_CASE("Ex: a lookaside list keeps as many blocks as it is deep") {
  Stocked stocked{};
  LOOKASIDE_LIST_EX& list = stocked.list;
  MICA_CHECK(ExInitializeLookasideListEx(&list, make, take_back, NonPagedPoolNx, 0, bytes, tag,
                                         0) == STATUS_SUCCESS);
  MICA_CHECK(list.L.Depth == EX_MAXIMUM_LOOKASIDE_DEPTH_BASE);
  MICA_CHECK(list.L.MaximumDepth == EX_MAXIMUM_LOOKASIDE_DEPTH_BASE);
  list.L.Depth = 2;
  void* blocks[3];
  for (void*& block : blocks) block = ExAllocateFromLookasideListEx(&list);
  MICA_CHECK(stocked.shop.made == 3 && list.L.AllocateMisses == 3);
  for (void* block : blocks) ExFreeToLookasideListEx(&list, block);
  MICA_CHECK(stocked.shop.returned == 1);
  MICA_CHECK(list.L.TotalFrees == 3 && list.L.FreeMisses == 1);
  MICA_CHECK(ExQueryDepthSList(&list.L.ListHead) == 2);
  ExDeleteLookasideListEx(&list);
  MICA_CHECK(stocked.shop.returned == 3);
}

MICA_CASE("Ex: flushing a lookaside list frees what it keeps, and it stays in use") {
  Stocked stocked{};
  LOOKASIDE_LIST_EX& list = stocked.list;
  MICA_CHECK(ExInitializeLookasideListEx(&list, make, take_back, PagedPool,
                                         EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, bytes, tag,
                                         0) == STATUS_SUCCESS);
  void* const first = ExAllocateFromLookasideListEx(&list);
  void* const second = ExAllocateFromLookasideListEx(&list);
  MICA_CHECK(static_cast<ULONG>(stocked.shop.type) ==
             (PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE));
  MICA_CHECK(stocked.shop.size == bytes && stocked.shop.asked_tag == tag);
  ExFreeToLookasideListEx(&list, first);
  ExFreeToLookasideListEx(&list, second);
  ExFlushLookasideListEx(&list);
  MICA_CHECK(stocked.shop.returned == 2 && ExQueryDepthSList(&list.L.ListHead) == 0);
  ExFlushLookasideListEx(&list);
  MICA_CHECK(ExAllocateFromLookasideListEx(&list) != nullptr);
  MICA_CHECK(stocked.shop.made == 3);
  ExDeleteLookasideListEx(&list);
  MICA_CHECK(stocked.shop.returned == 2);
}

MICA_CASE("Ex: without routines of its own a list of the newer kind uses the pool") {
  SpecialPool const none{0};
  LOOKASIDE_LIST_EX list;
  MICA_CHECK(ExInitializeLookasideListEx(&list, nullptr, nullptr, NonPagedPoolNx,
                                         EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, bytes, tag,
                                         0) == STATUS_SUCCESS);
  MICA_CHECK(static_cast<ULONG>(list.L.Type) ==
             (NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE));
  void* const block = ExAllocateFromLookasideListEx(&list);
  void* const other = ExAllocateFromLookasideListEx(&list);
  MICA_REQUIRE(block != nullptr && other != nullptr);
  ExFreePoolWithTag(other, tag);
  list.L.Depth = 0;
  Bugcheck const end = bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());  // nobody is given it in between
    ExFreeToLookasideListEx(&list, block);
    ExFreePool(block);
  });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER);  // it was freed
  ExDeleteLookasideListEx(&list);
}

MICA_CASE("Ex: ExInitializeLookasideListEx names the parameter that is wrong") {
  Stocked stocked{};
  LOOKASIDE_LIST_EX* const list = &stocked.list;
  for (auto const type : {NonPagedPoolMustSucceed, DontUseThisType, MaxPoolType})
    MICA_CHECK(ExInitializeLookasideListEx(list, make, take_back, type, 0, bytes, tag, 0) ==
               STATUS_INVALID_PARAMETER_4);
  for (ULONG const flags : {3u, 4u})
    MICA_CHECK(ExInitializeLookasideListEx(list, make, take_back, NonPagedPool, flags, bytes, tag,
                                           0) == STATUS_INVALID_PARAMETER_5);
  for (auto const type : {NonPagedPool, PagedPool, NonPagedPoolCacheAligned, NonPagedPoolNx,
                          PagedPoolCacheAligned, NonPagedPoolNxCacheAligned}) {
    MICA_CHECK(ExInitializeLookasideListEx(list, make, take_back, type, 0, bytes, tag, 0) ==
               STATUS_SUCCESS);
    MICA_CHECK(list->L.Type == type);
    ExDeleteLookasideListEx(list);
  }
}
