// Memory for devices: neighbouring pages, and physical addresses in system space.
//   [MSDN MmAllocateContiguousMemory, MmAllocateContiguousMemorySpecifyCache, MmMapIoSpace]
#include <nt/ex.h>
#include <nt/mm.h>
#include <mica/test.hpp>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "support.hpp"

using namespace mica::test;

namespace {

constexpr LONGLONG everywhere = MAXLONGLONG;

PHYSICAL_ADDRESS physical(LONGLONG address) noexcept {
  PHYSICAL_ADDRESS result;
  result.QuadPart = address;
  return result;
}

LONGLONG address_of(void* memory) noexcept {
  return MmGetPhysicalAddress(memory).QuadPart;
}

bool neighbours(unsigned char* memory, SIZE_T pages) noexcept {
  for (SIZE_T i = 1; i < pages; ++i)
    if (address_of(memory + i * PAGE_SIZE) !=
        address_of(memory) + static_cast<LONGLONG>(i * PAGE_SIZE))
      return false;
  return true;
}

unsigned char* allocate(SIZE_T bytes, LONGLONG low, LONGLONG high, LONGLONG boundary) noexcept {
  return static_cast<unsigned char*>(MmAllocateContiguousMemorySpecifyCache(
      bytes, physical(low), physical(high), physical(boundary), MmCached));
}

}  // namespace

MICA_CASE("Mm: contiguous memory has neighbouring pages, and begins one") {
  constexpr SIZE_T pages = 5;
  auto* const memory = static_cast<unsigned char*>(
      MmAllocateContiguousMemory(pages * PAGE_SIZE - 7, physical(everywhere)));
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(BYTE_OFFSET(memory) == 0 && neighbours(memory, pages));
  std::memset(memory, 0x5A, pages * PAGE_SIZE);
  MICA_CHECK(memory[pages * PAGE_SIZE - 1] == 0x5A);
  MmFreeContiguousMemory(memory);
  MICA_CHECK(MmAllocateContiguousMemory(0, physical(everywhere)) == nullptr);
}

MICA_CASE("Mm: contiguous memory lies where it is wanted, or there is none") {
  unsigned char* const first = allocate(PAGE_SIZE, 0, everywhere, 0);
  MICA_REQUIRE(first != nullptr);
  LONGLONG const low = address_of(first) + 16 * PAGE_SIZE;
  MmFreeContiguousMemorySpecifyCache(first, PAGE_SIZE, MmCached);
  MICA_CHECK(bugcheck_of([first] { MmFreeContiguousMemory(first); }).happened);
  LONGLONG const high = low + 64 * PAGE_SIZE - 1;
  unsigned char* const there = allocate(2 * PAGE_SIZE, low - 5, high, 0);
  if (there != nullptr) {  // that depends on who else has memory
    MICA_CHECK(address_of(there) >= low && address_of(there) + 2 * PAGE_SIZE - 1 <= high);
    MmFreeContiguousMemory(there);
  }
  constexpr LONGLONG beyond = LONGLONG{1} << 46;
  MICA_CHECK(allocate(PAGE_SIZE, beyond, everywhere, 0) == nullptr);
  MICA_CHECK(MmAllocateContiguousMemory(PAGE_SIZE, physical(PAGE_SIZE - 2)) == nullptr);
  MICA_CHECK(MmAllocateContiguousMemory(SIZE_T{1} << 50, physical(everywhere)) == nullptr);
}

MICA_CASE("Mm: contiguous memory crosses no multiple of its boundary") {
  constexpr LONGLONG boundary = 4 * PAGE_SIZE;
  unsigned char* blocks[6];
  for (unsigned char*& block : blocks) {
    block = allocate(3 * PAGE_SIZE, 0, everywhere, boundary);
    MICA_REQUIRE(block != nullptr);
    MICA_CHECK(address_of(block) / boundary == (address_of(block) + 3 * PAGE_SIZE - 1) / boundary);
  }
  for (unsigned char* const block : blocks) MmFreeContiguousMemory(block);
  MICA_CHECK(allocate(2 * PAGE_SIZE, 0, everywhere, PAGE_SIZE) == nullptr);
}

MICA_CASE("Mm: who finds no contiguous memory took nobody's meanwhile") {
  constexpr LONGLONG beyond = LONGLONG{1} << 46;
  std::atomic<bool> over{false};
  auto search = [&] {
    for (int i = 0; i < 3; ++i) MICA_CHECK(allocate(PAGE_SIZE, beyond, everywhere, 0) == nullptr);
    over = true;
  };
  auto* const searcher = start(search, {.processor = 1});
  int refused = 0;
  while (!over) {
    void* const memory = allocate(PAGE_SIZE, 0, everywhere, 0);
    refused += memory == nullptr;
    if (memory != nullptr) MmFreeContiguousMemory(memory);
  }
  join(searcher);
  MICA_CHECK(refused == 0);
}

MICA_CASE("Mm: what is no contiguous memory is not freed as that") {
  auto* const memory =
      static_cast<unsigned char*>(MmAllocateContiguousMemory(2 * PAGE_SIZE, physical(everywhere)));
  MICA_REQUIRE(memory != nullptr);
  int local = 0;
  for (void* const wrong : std::initializer_list<void*>{memory + 8, memory + PAGE_SIZE, &local}) {
    Bugcheck const end = bugcheck_of([wrong] { MmFreeContiguousMemory(wrong); });
    MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER && end.parameters[0] == 0x60);
    MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(wrong));
  }
  MmFreeContiguousMemory(memory);
  Bugcheck const end = bugcheck_of([memory] { MmFreeContiguousMemory(memory); });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER && end.parameters[0] == 0x60);
}

MICA_CASE("Mm: physical addresses are mapped as input and output space") {
  unsigned char* const memory = allocate(3 * PAGE_SIZE, 0, everywhere, 0);
  MICA_REQUIRE(memory != nullptr);
  PHYSICAL_ADDRESS const inside = physical(address_of(memory) + 100);
  auto* const mapped =
      static_cast<unsigned char*>(MmMapIoSpace(inside, 2 * PAGE_SIZE, MmNonCached));
  MICA_REQUIRE(mapped != nullptr);
  MICA_CHECK(mapped != memory + 100 && BYTE_OFFSET(mapped) == BYTE_OFFSET(memory + 100));
  MICA_CHECK(address_of(mapped + PAGE_SIZE) == inside.QuadPart + PAGE_SIZE);
  mapped[2 * PAGE_SIZE - 1] = 0x42;
  MICA_CHECK(memory[100 + 2 * PAGE_SIZE - 1] == 0x42);
  MmUnmapIoSpace(mapped, 2 * PAGE_SIZE);
  MICA_CHECK(!MmIsAddressValid(mapped));
  Bugcheck const end = bugcheck_of([mapped] { MmUnmapIoSpace(mapped, 2 * PAGE_SIZE); });
  MICA_CHECK(end.happened && end.code == SYSTEM_PTE_MISUSE && end.parameters[0] == 6);
  MICA_CHECK(MmMapIoSpace(inside, 0, MmNonCached) == nullptr);
  MICA_CHECK(MmMapIoSpace(physical(-8), 16, MmNonCached) == nullptr);
  MmFreeContiguousMemory(memory);
}

MICA_CASE("Mm: input and output space is protected as it is asked for") {
  unsigned char* const memory = allocate(PAGE_SIZE, 0, everywhere, 0);
  MICA_REQUIRE(memory != nullptr);
  PHYSICAL_ADDRESS const there = physical(address_of(memory));
  *memory = 7;
  auto* const read = static_cast<unsigned char volatile*>(
      MmMapIoSpaceEx(there, PAGE_SIZE, PAGE_READONLY | PAGE_NOCACHE));
  MICA_REQUIRE(read != nullptr);
  MICA_CHECK(*read == 7);
  Bugcheck const end = bugcheck_of([read] { *read = 8; });
  MICA_CHECK(end.happened && *memory == 7);
  MmUnmapIoSpace(const_cast<unsigned char*>(read), PAGE_SIZE);
  auto* const written = static_cast<unsigned char*>(
      MmMapIoSpaceEx(there, PAGE_SIZE, PAGE_READWRITE | PAGE_WRITECOMBINE));
  MICA_REQUIRE(written != nullptr);
  *written = 9;
  MICA_CHECK(*memory == 9);
  MmUnmapIoSpace(written, PAGE_SIZE);
  for (int const protection : {0, PAGE_NOACCESS, PAGE_EXECUTE_READWRITE})
    MICA_CHECK(MmMapIoSpaceEx(there, PAGE_SIZE, static_cast<ULONG>(protection)) == nullptr);
  MmFreeContiguousMemory(memory);
}

MICA_CASE("Mm: what the executive has is above the beginning of its range") {
  int local = 0;
  void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'rimM');
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(memory >= MmSystemRangeStart && MmSystemRangeStart != nullptr);
  MICA_CHECK(static_cast<void*>(&local) >= MM_SYSTEM_RANGE_START);
  ExFreePoolWithTag(memory, 'rimM');
}
