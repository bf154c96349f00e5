// Memory descriptor lists.
#include <nt/ntddk.h>

#include <cstring>

#include "io_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG tag = 'tseT';

// Memory of the pool, for the length of a scope.
class Block {
 public:
  explicit Block(std::size_t bytes, POOL_FLAGS flags = POOL_FLAG_NON_PAGED) noexcept
      : memory_{static_cast<unsigned char*>(ExAllocatePool2(flags, bytes, tag))} {
    MICA_REQUIRE(memory_ != nullptr);
  }
  Block(Block const&) = delete;
  Block& operator=(Block const&) = delete;
  ~Block() { ExFreePoolWithTag(memory_, tag); }
  operator unsigned char*() const noexcept { return memory_; }

 private:
  unsigned char* const memory_;
};

class List {
 public:
  List(void* address, ULONG bytes) noexcept
      : mdl_{IoAllocateMdl(address, bytes, FALSE, FALSE, nullptr)} {
    MICA_REQUIRE(mdl_ != nullptr);
  }
  List(List const&) = delete;
  List& operator=(List const&) = delete;
  ~List() { IoFreeMdl(mdl_); }
  operator PMDL() const noexcept { return mdl_; }
  PMDL operator->() const noexcept { return mdl_; }

 private:
  PMDL const mdl_;
};

PFN_NUMBER page_of(void const* address) {
  return static_cast<PFN_NUMBER>(MmGetPhysicalAddress(const_cast<void*>(address)).QuadPart) >>
         PAGE_SHIFT;
}

unsigned char* map(PMDL mdl, ULONG priority = NormalPagePriority) {
  return static_cast<unsigned char*>(
      MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, priority));
}

// The violation of that rule, about that list.
void require(ULONG_PTR rule, PMDL mdl, Bugcheck const& end) {
  MICA_CHECK(end.happened && end.code == 0xC4);
  MICA_CHECK(end.parameters[0] == rule);
  MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(mdl));
}

PHYSICAL_ADDRESS physical(LONGLONG value) {
  PHYSICAL_ADDRESS address;
  address.QuadPart = value;
  return address;
}

constexpr LONGLONG everywhere = 0x7FFF'FFFF'FFFF'FFFF;

}  // namespace

MICA_CASE("Mm: a list says where its buffer begins and how long it is") {
  Block block{3 * PAGE_SIZE};
  unsigned char* const start = block + 100;
  List list{start, 2 * PAGE_SIZE};
  MICA_CHECK(MmGetMdlVirtualAddress(list) == start && MmGetMdlByteOffset(list) == 100);
  MICA_CHECK(MmGetMdlByteCount(list) == 2 * PAGE_SIZE && MmGetMdlBaseVa(list) == block);
  MICA_CHECK(list->Size == sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
  MICA_CHECK(MmSizeOfMdl(start, 2 * PAGE_SIZE) == static_cast<SIZE_T>(list->Size));
  MICA_CHECK(MmSizeOfMdl(nullptr, 0) == sizeof(MDL));
  MICA_CHECK(list->Next == nullptr && list->MdlFlags == 0);
  MICA_CHECK(IoAllocateMdl(start, MAXULONG, FALSE, FALSE, nullptr) == nullptr);
}

MICA_CASE("Io: an IRP's lists are a chain in the order in which they were added") {
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  unsigned char data[8];
  PMDL const first = IoAllocateMdl(data, 8, FALSE, FALSE, irp);
  PMDL const second = IoAllocateMdl(data, 8, TRUE, FALSE, irp);
  PMDL const third = IoAllocateMdl(data, 8, TRUE, FALSE, irp);
  MICA_CHECK(irp->MdlAddress == first && first->Next == second && second->Next == third);
  MICA_CHECK(third->Next == nullptr);
  for (PMDL const mdl : {first, second, third}) IoFreeMdl(mdl);
  IoFreeIrp(irp);
}

MICA_CASE("Mm: a list of nonpaged pool has its pages, and the pool's own address") {
  Block block{2 * PAGE_SIZE};
  List list{block + 8, PAGE_SIZE};
  MmBuildMdlForNonPagedPool(list);
  MICA_CHECK((list->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
  MICA_CHECK(MmGetMdlPfnArray(list)[0] == page_of(block));
  MICA_CHECK(MmGetMdlPfnArray(list)[1] == page_of(block + PAGE_SIZE));
  MICA_CHECK(MmGetSystemAddressForMdlSafe(list, NormalPagePriority) == block + 8);
  MICA_CHECK(MmGetSystemAddressForMdl(list) == block + 8);
}

MICA_CASE("Mm: locked pages can be reached at another address until they are unlocked") {
  Block block{2 * PAGE_SIZE, POOL_FLAG_PAGED};
  unsigned char* const start = block + PAGE_SIZE - 2;
  List list{start, 4};
  MmProbeAndLockPages(list, KernelMode, IoModifyAccess);
  MICA_CHECK((list->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION)) ==
             (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
  auto* const other =
      static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(list, HighPagePriority));
  MICA_REQUIRE(other != nullptr);
  MICA_CHECK(other != start && BYTE_OFFSET(other) == BYTE_OFFSET(start));
  MICA_CHECK(MmGetSystemAddressForMdlSafe(list, HighPagePriority) == other);
  std::memcpy(other, "abcd", 4);
  MICA_CHECK(std::memcmp(start, "abcd", 4) == 0);
  start[3] = 'x';
  MICA_CHECK(other[3] == 'x' && page_of(other + 2) == page_of(start + 2));
  MmUnlockPages(list);
  MICA_CHECK((list->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)) == 0);
  MICA_CHECK(!MmIsAddressValid(other));
  MmProbeAndLockPages(list, KernelMode, IoReadAccess);  // it serves again
  MICA_CHECK((list->MdlFlags & MDL_WRITE_OPERATION) == 0);
  MmUnlockPages(list);
}

MICA_CASE("Mm: a mapping may be read-only, and its protection changed") {
  Block block{PAGE_SIZE};
  List list{block, PAGE_SIZE};
  MICA_CHECK(MmProtectMdlSystemAddress(list, PAGE_READONLY) == STATUS_NOT_MAPPED_VIEW);
  MmProbeAndLockPages(list, KernelMode, IoModifyAccess);
  unsigned char* const other = map(list, NormalPagePriority | MdlMappingNoExecute);
  MICA_REQUIRE(other != nullptr);
  other[0] = 1;
  MICA_CHECK(MmProtectMdlSystemAddress(list, PAGE_NOACCESS) == STATUS_SUCCESS);
  MICA_CHECK(!MmIsAddressValid(other) && MmIsAddressValid(block));
  MICA_CHECK(MmProtectMdlSystemAddress(list, PAGE_READONLY) == STATUS_SUCCESS);
  MICA_CHECK(MmIsAddressValid(other) && other[0] == 1);
  MICA_CHECK(MmProtectMdlSystemAddress(list, PAGE_READWRITE) == STATUS_SUCCESS);
  other[0] = 2;
  MICA_CHECK(block[0] == 2);
  MICA_CHECK(MmProtectMdlSystemAddress(list, 0x1234) == STATUS_INVALID_PAGE_PROTECTION);
  MmUnmapLockedPages(other, list);
  MICA_CHECK(!MmIsAddressValid(other) && (list->MdlFlags & MDL_PAGES_LOCKED) != 0);
  auto* const again = static_cast<unsigned char*>(MmMapLockedPages(list, KernelMode));
  MICA_CHECK(again[0] == 2);
  MmUnmapLockedPages(again, list);
  MmUnlockPages(list);
}

MICA_CASE("Io: a partial list describes a part of another, through its mapping if it has one") {
  Block block{3 * PAGE_SIZE};
  List source{block, 3 * PAGE_SIZE};
  List part{block, 2 * PAGE_SIZE};
  unsigned char* const start = block + PAGE_SIZE + 16;
  MmProbeAndLockPages(source, KernelMode, IoModifyAccess);
  IoBuildPartialMdl(source, part, start, PAGE_SIZE);
  MICA_CHECK(MmGetMdlVirtualAddress(part) == start && MmGetMdlByteCount(part) == PAGE_SIZE);
  MICA_CHECK((part->MdlFlags & MDL_PARTIAL) != 0);
  MICA_CHECK(MmGetMdlPfnArray(part)[0] == page_of(block + PAGE_SIZE));
  MICA_CHECK(MmGetMdlPfnArray(part)[1] == page_of(block + 2 * PAGE_SIZE));
  auto* own = static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(part, 0));
  MICA_REQUIRE(own != nullptr);
  own[0] = 7;
  MICA_CHECK(start[0] == 7 && (part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0);
  unsigned char* const whole = map(source);
  IoBuildPartialMdl(source, part, start, 0);  // gives its own mapping up
  MICA_CHECK(!MmIsAddressValid(own));
  MICA_CHECK(MmGetMdlByteCount(part) == 2 * PAGE_SIZE - 16);
  own = static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(part, 0));
  MICA_CHECK(own == whole + PAGE_SIZE + 16);
  MmPrepareMdlForReuse(part);
  MICA_CHECK(MmIsAddressValid(whole));  // which was lent
  MmUnmapLockedPages(whole, source);
  unsigned char* mapped = nullptr;
  {
    List freed{block, 2 * PAGE_SIZE};
    IoBuildPartialMdl(source, freed, start, PAGE_SIZE);
    mapped = static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(freed, 0));
    MICA_REQUIRE(mapped != nullptr);
  }
  MICA_CHECK(!MmIsAddressValid(mapped));  // its mapping went with it
  MmUnlockPages(source);
}

MICA_CASE("Io: a list that is made says nothing of a process and of a mapping") {
  constexpr std::size_t bytes = sizeof(MDL) + sizeof(PFN_NUMBER);
  {
    Block const used[] = {Block{bytes}, Block{bytes}, Block{bytes}, Block{bytes}};
    for (Block const& block : used) std::memset(block, 0xAA, bytes);
  }
  Block block{PAGE_SIZE};
  List source{block, 64}, part{block, 64};
  for (PMDL const mdl : {PMDL{source}, PMDL{part}})
    MICA_CHECK(mdl->Process == nullptr && mdl->MappedSystemVa == nullptr);
  auto* const process = reinterpret_cast<decltype(source->Process)>(&source);
  source->Process = process;  // a part's pages are of the same
  IoBuildPartialMdl(source, part, block, 64);
  MICA_CHECK(part->Process == process);
}

MICA_CASE("Io: an IRP's lists are in a row, or the only one is another") {
  Block block{PAGE_SIZE};
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  PMDL const first = IoAllocateMdl(block, 8, FALSE, FALSE, irp);
  MICA_CHECK(irp->MdlAddress == first);
  PMDL const second = IoAllocateMdl(block, 8, TRUE, FALSE, irp);
  MICA_CHECK(irp->MdlAddress == first && first->Next == second);
  PMDL const other = IoAllocateMdl(block, 8, FALSE, FALSE, irp);
  MICA_CHECK(irp->MdlAddress == other && other->Next == nullptr && second->Next == nullptr);
  for (PMDL const mdl : {first, second, other}) IoFreeMdl(mdl);
  irp->MdlAddress = nullptr;
  IoFreeIrp(irp);
}

MICA_CASE("Io: a list describes 4 GB less a page at most, and any part of that") {
  constexpr ULONG most = 0xFFFF'F000;
  auto* const start = reinterpret_cast<char*>(ULONG_PTR{16} * PAGE_SIZE);  // nobody looks there
  PMDL const whole = IoAllocateMdl(start, most, FALSE, FALSE, nullptr);
  MICA_REQUIRE(whole != nullptr);
  MICA_CHECK(MmGetMdlByteCount(whole) == most && MmGetMdlVirtualAddress(whole) == start);
  MmGetMdlPfnArray(whole)[0xFFFFE] = 77;
  MICA_CHECK(IoAllocateMdl(start, most + 1, FALSE, FALSE, nullptr) == nullptr);
  constexpr ULONG part_bytes = 8'191 * PAGE_SIZE;  // more pages than the list's Size can say
  List part{start, part_bytes};
  IoBuildPartialMdl(whole, part, start + most - part_bytes, 0);
  MICA_CHECK(MmGetMdlByteCount(part) == part_bytes);
  MICA_CHECK(MmGetMdlPfnArray(part)[8'190] == 77);
  IoFreeMdl(whole);
}

MICA_CASE("Mm: pages for a list are new, zeroed, and go back") {
  PMDL const mdl =
      MmAllocatePagesForMdl(physical(0), physical(everywhere), physical(0), 3 * PAGE_SIZE - 1);
  MICA_REQUIRE(mdl != nullptr);
  MICA_CHECK(MmGetMdlByteCount(mdl) == 3 * PAGE_SIZE && (mdl->MdlFlags & MDL_PAGES_LOCKED) != 0);
  unsigned char* const memory = map(mdl);
  MICA_REQUIRE(memory != nullptr);
  bool zero = true;
  for (ULONG i = 0; i < 3 * PAGE_SIZE; ++i) zero = zero && memory[i] == 0;
  MICA_CHECK(zero);
  for (ULONG i = 0; i < 3; ++i)
    MICA_CHECK(page_of(memory + i * PAGE_SIZE) == MmGetMdlPfnArray(mdl)[i]);
  MmFreePagesFromMdl(mdl);
  MICA_CHECK(!MmIsAddressValid(memory));
  Bugcheck const end = bugcheck_of([mdl] { MmFreePagesFromMdl(mdl); });
  require(0x7C, mdl, end);
  ExFreePool(mdl);
}

MICA_CASE("Mm: pages for a list come from where they are wanted, or there are none") {
  PMDL const found = MmAllocatePagesForMdl(physical(0), physical(everywhere), physical(0), 1);
  MICA_REQUIRE(found != nullptr);
  LONGLONG const page = static_cast<LONGLONG>(MmGetMdlPfnArray(found)[0]);
  MmFreePagesFromMdl(found);
  ExFreePool(found);
  LONGLONG const low = (page + 16) << PAGE_SHIFT;
  LONGLONG const high = low + 16 * PAGE_SIZE - 1;
  PMDL const there = MmAllocatePagesForMdlEx(physical(low), physical(high), physical(0),
                                             2 * PAGE_SIZE, MmCached, MM_ALLOCATE_FULLY_REQUIRED);
  if (there != nullptr) {  // that depends on who else has memory
    for (ULONG i = 0; i < 2; ++i) {
      auto const at = static_cast<LONGLONG>(MmGetMdlPfnArray(there)[i] << PAGE_SHIFT);
      MICA_CHECK(at >= low && at <= high);
    }
    MmFreePagesFromMdl(there);
    ExFreePool(there);
  }
  constexpr LONGLONG beyond = LONGLONG{1} << 46;
  MICA_CHECK(MmAllocatePagesForMdl(physical(beyond), physical(everywhere), physical(0),
                                   PAGE_SIZE) == nullptr);
  MICA_CHECK(MmAllocatePagesForMdl(physical(0), physical(everywhere), physical(0), 0) == nullptr);
  PMDL const chunk =
      MmAllocatePagesForMdlEx(physical(0), physical(everywhere), physical(2 * PAGE_SIZE),
                              4 * PAGE_SIZE, MmCached, MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
  MICA_REQUIRE(chunk != nullptr);
  PPFN_NUMBER const pages = MmGetMdlPfnArray(chunk);
  MICA_CHECK(pages[1] == pages[0] + 1 && pages[3] == pages[2] + 1);
  MmFreePagesFromMdl(chunk);
  ExFreePool(chunk);
}

MICA_CASE("Mm: what is no memory is not locked") {
  List list{reinterpret_cast<void*>(0x1000), 8};
  PMDL const mdl = list;
  Bugcheck end = bugcheck_of([mdl] { MmProbeAndLockPages(mdl, KernelMode, IoReadAccess); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_ACCESS_VIOLATION);
  end = bugcheck_of([mdl] { MmBuildMdlForNonPagedPool(mdl); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(list->MdlFlags == 0);
}

MICA_CASE("Mm: lists with the wrong flags are violations") {
  Block block{PAGE_SIZE};
  List pool{block, 64};
  List locked{block, 64};
  List plain{block, 64};
  List part{block, 64};
  MmBuildMdlForNonPagedPool(pool);
  MmProbeAndLockPages(locked, KernelMode, IoReadAccess);
  IoBuildPartialMdl(locked, part, block, 64);
  PMDL const lists[] = {pool, locked, part};
  for (PMDL const mdl : lists)
    require(0xB0, mdl, bugcheck_of([mdl] { MmProbeAndLockPages(mdl, KernelMode, IoReadAccess); }));
  require(0x7C, plain, bugcheck_of([mdl = PMDL{plain}] { MmUnlockPages(mdl); }));
  require(0x7D, pool, bugcheck_of([mdl = PMDL{pool}] { MmUnlockPages(mdl); }));
  require(0xB4, part, bugcheck_of([mdl = PMDL{part}] { MmUnlockPages(mdl); }));
  require(0xB3, plain, bugcheck_of([mdl = PMDL{plain}] { static_cast<void>(map(mdl)); }));
  require(0xB2, pool, bugcheck_of([mdl = PMDL{pool}] { static_cast<void>(map(mdl)); }));
  unsigned char* const other = map(locked);
  require(0xB2, locked, bugcheck_of([mdl = PMDL{locked}] { static_cast<void>(map(mdl)); }));
  require(0xB8, locked, bugcheck_of([mdl = PMDL{locked}] { IoFreeMdl(mdl); }));
  Bugcheck end = bugcheck_of([&] { MmUnmapLockedPages(other + PAGE_SIZE, locked); });
  MICA_CHECK(end.happened && end.code == 0xDA && end.parameters[0] == 3);
  MmUnlockPages(locked);
  end = bugcheck_of([&] { MmUnmapLockedPages(other, locked); });
  MICA_CHECK(end.happened && end.code == 0xDA && end.parameters[0] == 6);
  Block paged{PAGE_SIZE, POOL_FLAG_PAGED};
  List of_paged{paged, 64};
  end = bugcheck_of([&] { MmBuildMdlForNonPagedPool(of_paged); });
  MICA_CHECK(end.happened && end.code == 0xC4 && end.parameters[0] == 0x7F);
  MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(PMDL{of_paged}));
}

MICA_CASE("Mm: there is no user's address space to map pages in") {
  Block block{PAGE_SIZE};
  List list{block, 64};
  MmProbeAndLockPages(list, KernelMode, IoReadAccess);
  Bugcheck const end = bugcheck_of([&] { MmMapLockedPages(list, UserMode); });
  MICA_CHECK(end.happened && end.code == unhandled);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_INSUFFICIENT_RESOURCES);
  MmUnlockPages(list);
}

MICA_CASE("Io: a partial list without room for its pages is bugcheck TARGET_MDL_TOO_SMALL") {
  Block block{2 * PAGE_SIZE};
  List source{block, 2 * PAGE_SIZE};
  List part{block, 8};
  MmBuildMdlForNonPagedPool(source);
  Bugcheck const end = bugcheck_of([&] { IoBuildPartialMdl(source, part, block, 2 * PAGE_SIZE); });
  MICA_CHECK(end.happened && end.code == 0x40);
}

MICA_CASE("Mm: pages of lists are for DISPATCH_LEVEL and below") {
  Block block{PAGE_SIZE};
  List list{block, 64};
  struct {
    ULONG_PTR rule;
    void (*act)(PMDL);
  } constexpr tries[] = {
      {0x70, [](PMDL mdl) { MmProbeAndLockPages(mdl, KernelMode, IoReadAccess); }},
      {0x76, [](PMDL mdl) { static_cast<void>(map(mdl)); }},
      {0x78, [](PMDL mdl) { MmUnlockPages(mdl); }},
      {0x79, [](PMDL mdl) { MmUnmapLockedPages(nullptr, mdl); }},
      {0x7E, [](PMDL mdl) { MmFreePagesFromMdl(mdl); }},
      {0x7E, [](PMDL) {
         static_cast<void>(
             MmAllocatePagesForMdl(physical(0), physical(everywhere), physical(0), 1));
       }}};
  for (auto const& one : tries) {
    PMDL const mdl = list;
    Bugcheck const end = bugcheck_of([mdl, &one] {
      KIRQL old;
      KeRaiseIrql(HIGH_LEVEL, &old);
      one.act(mdl);
    });
    MICA_CHECK(end.happened && end.code == 0xC4 && end.parameters[0] == one.rule);
    MICA_CHECK(end.parameters[1] == HIGH_LEVEL);
  }
}
