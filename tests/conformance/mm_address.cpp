// What an address is.                          [MSDN MmGetPhysicalAddress, MmIsAddressValid]
#include <nt/ex.h>
#include <nt/mm.h>
#include <mica/test.hpp>

namespace {

constexpr ULONG tag = 0x6D63'694D;  // Micm
constexpr LONGLONG page = 4096;

}  // namespace

MICA_CASE("Mm: pool has physical addresses that keep the offset in the page") {
  auto* const memory = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * page, tag));
  auto* const other = static_cast<UCHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, page, tag));
  MICA_REQUIRE(memory != nullptr && other != nullptr);
  LONGLONG const first = MmGetPhysicalAddress(memory).QuadPart;
  MICA_CHECK(first != 0);
  MICA_CHECK(first % page == 0);
  MICA_CHECK(MmGetPhysicalAddress(memory + 123).QuadPart == first + 123);
  // Pages that are neighbours need not be physical neighbours.
  LONGLONG const elsewhere = MmGetPhysicalAddress(other).QuadPart;
  LONGLONG const second = MmGetPhysicalAddress(memory + page).QuadPart;
  LONGLONG const third = MmGetPhysicalAddress(memory + 2 * page).QuadPart;
  MICA_CHECK(second % page == 0 && third % page == 0 && elsewhere % page == 0);
  MICA_CHECK(first != second && first != third && second != third);
  MICA_CHECK(elsewhere != first && elsewhere != second && elsewhere != third);
  ExFreePoolWithTag(memory, tag);
  ExFreePoolWithTag(other, tag);
}

MICA_CASE("Mm: an address with nothing behind it has the physical address 0") {
  MICA_CHECK(MmGetPhysicalAddress(nullptr).QuadPart == 0);
  MICA_CHECK(MmGetPhysicalAddress(reinterpret_cast<void*>(0x10'000)).QuadPart == 0);
}

MICA_CASE("Mm: pool and locals are valid addresses, null is not") {
  int local = 0;
  void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(MmIsAddressValid(memory));
  MICA_CHECK(MmIsAddressValid(&local));
  MICA_CHECK(!MmIsAddressValid(nullptr));
  MICA_CHECK(!MmIsAddressValid(reinterpret_cast<void*>(0x8000'0000'0000'0000)));
  ExFreePoolWithTag(memory, tag);
}
