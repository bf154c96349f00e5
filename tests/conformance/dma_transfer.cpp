// Transfers by map registers: what the device is told, and what is copied for it.
#include "dma_support.hpp"

using namespace mica::test;

namespace {

// An adapter whose channel and map registers are had.
struct Setup {
  OwnAdapter adapter;
  Driver driver;
  HeldChannel channel;

  explicit Setup(DEVICE_DESCRIPTION const& device) noexcept
      : adapter{device}, channel{adapter, driver.make(), adapter.registers} {}

  LONGLONG map(PMDL mdl, void* from, ULONG& bytes, BOOLEAN writes) noexcept {
    return adapter->MapTransfer(adapter, mdl, channel.base(), from, &bytes, writes).QuadPart;
  }
  LONGLONG map(DmaBuffer const& buffer, ULONG offset, ULONG& bytes, BOOLEAN writes) noexcept {
    return map(buffer.mdl(), static_cast<UCHAR*>(buffer.start()) + offset, bytes, writes);
  }
  BOOLEAN flush(DmaBuffer const& buffer, ULONG offset, ULONG bytes, BOOLEAN writes) noexcept {
    return adapter->FlushAdapterBuffers(adapter, buffer.mdl(), channel.base(),
                                        static_cast<UCHAR*>(buffer.start()) + offset, bytes,
                                        writes);
  }
  NTSTATUS map_ex(PMDL mdl, ULONGLONG offset, ULONG& bytes, BOOLEAN writes,
                  PSCATTER_GATHER_LIST list, ULONG list_bytes) noexcept {
    return adapter->MapTransferEx(adapter, mdl, channel.base(), offset, 0, &bytes, writes, list,
                                  list_bytes, nullptr, nullptr);
  }
  NTSTATUS flush_ex(PMDL mdl, ULONGLONG offset, ULONG bytes, BOOLEAN writes) noexcept {
    return adapter->FlushAdapterBuffersEx(adapter, mdl, channel.base(), offset, bytes, writes);
  }
};

template <ULONG Room>
struct Elements {
  alignas(SCATTER_GATHER_LIST)
      UCHAR bytes[sizeof(SCATTER_GATHER_LIST) + Room * sizeof(SCATTER_GATHER_ELEMENT)];
  PSCATTER_GATHER_LIST list() noexcept { return reinterpret_cast<PSCATTER_GATHER_LIST>(bytes); }
};

}  // namespace

MICA_CASE("Io: a device that gathers is told of pages that are neighbours at once") {
  Setup setup{bus_master(64, 4 * PAGE_SIZE)};
  DmaBuffer buffer{4, anywhere, 100};
  buffer.swap_pages(2, 3);  // 0 1 3 2
  ULONG bytes = 4 * PAGE_SIZE - 100;
  MICA_CHECK(setup.map(buffer, 0, bytes, TRUE) == buffer.address(100));
  MICA_CHECK(bytes == 2 * PAGE_SIZE - 100);
  ULONG const done = bytes;
  bytes = 2 * PAGE_SIZE;
  MICA_CHECK(setup.map(buffer, done, bytes, TRUE) == buffer.address(3 * PAGE_SIZE));
  MICA_CHECK(bytes == PAGE_SIZE);
  MICA_CHECK(setup.map(buffer, done + PAGE_SIZE, bytes, TRUE) == buffer.address(2 * PAGE_SIZE));
  MICA_CHECK(setup.flush(buffer, 0, done + 2 * PAGE_SIZE, TRUE) != FALSE);
}

MICA_CASE("Io: what a device does not reach is copied, to it when it is mapped") {
  Setup setup{bus_master(short_bits, 2 * PAGE_SIZE)};
  DmaBuffer buffer{2, beyond_reach, 64};
  std::memset(buffer.memory(), 0x11, 2 * PAGE_SIZE);
  ULONG bytes = 2 * PAGE_SIZE - 64;
  LONGLONG const at = setup.map(buffer, 0, bytes, TRUE);
  MICA_CHECK(bytes == 2 * PAGE_SIZE - 64 && at + bytes <= short_limit);
  MICA_CHECK((at & (PAGE_SIZE - 1)) == 64);
  MICA_CHECK(device_sees(at, 0x11, bytes));
  device_writes(at, 0x22, bytes);
  MICA_CHECK(setup.flush(buffer, 0, bytes, TRUE) != FALSE);
  MICA_CHECK(all_are(buffer.memory(), 0x11, 2 * PAGE_SIZE));  // it was to the device
}

MICA_CASE("Io: what a device does not reach is copied, from it when it is flushed") {
  Setup setup{bus_master(short_bits, 2 * PAGE_SIZE)};
  DmaBuffer buffer{2, beyond_reach, 64, PAGE_SIZE};
  std::memset(buffer.memory(), 0x11, 2 * PAGE_SIZE);
  ULONG bytes = PAGE_SIZE;
  LONGLONG const at = setup.map(buffer, 0, bytes, FALSE);
  device_writes(at, 0x22, bytes);
  MICA_CHECK(all_are(buffer.memory(), 0x11, 2 * PAGE_SIZE));
  MICA_CHECK(setup.flush(buffer, 0, bytes, FALSE) != FALSE);
  MICA_CHECK(all_are(buffer.memory(), 0x11, 64));
  MICA_CHECK(all_are(buffer.memory() + 64, 0x22, PAGE_SIZE));
  MICA_CHECK(all_are(buffer.memory() + 64 + PAGE_SIZE, 0x11, PAGE_SIZE - 64));
}

MICA_CASE("Io: only what lies beyond a device's reach is copied") {
  Setup setup{bus_master(short_bits, 4 * PAGE_SIZE)};
  DmaBuffer const below{1, within_reach};
  DmaBuffer above{3, beyond_reach};
  PPFN_NUMBER const pages = MmGetMdlPfnArray(above.mdl());
  PFN_NUMBER const own = pages[1];
  pages[1] = MmGetMdlPfnArray(below.mdl())[0];
  ULONG bytes = 3 * PAGE_SIZE;
  LONGLONG const first = setup.map(above, 0, bytes, FALSE);
  MICA_CHECK(bytes == PAGE_SIZE && first != above.address() && first < short_limit);
  bytes = 2 * PAGE_SIZE;
  MICA_CHECK(setup.map(above, PAGE_SIZE, bytes, FALSE) == below.address() && bytes == PAGE_SIZE);
  LONGLONG const last = setup.map(above, 2 * PAGE_SIZE, bytes, FALSE);
  MICA_CHECK(bytes == PAGE_SIZE && last < short_limit && last != first);
  device_writes(first, 1, PAGE_SIZE);
  device_writes(below.address(), 2, PAGE_SIZE);
  device_writes(last, 3, PAGE_SIZE);
  MICA_CHECK(setup.flush(above, 0, 3 * PAGE_SIZE, FALSE) != FALSE);
  MICA_CHECK(all_are(above.memory(), 1, PAGE_SIZE) && all_are(below.memory(), 2, PAGE_SIZE));
  MICA_CHECK(all_are(above.memory() + 2 * PAGE_SIZE, 3, PAGE_SIZE));
  pages[1] = own;
}

MICA_CASE("Io: a device that does not gather is told of one region") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE, FALSE)};
  DmaBuffer buffer{3, anywhere, 8};
  ULONG bytes = 3 * PAGE_SIZE - 8;
  MICA_CHECK(setup.map(buffer, 0, bytes, TRUE) == buffer.address(8));  // it is one
  MICA_CHECK(setup.flush(buffer, 0, bytes, TRUE) != FALSE);
  buffer.swap_pages(0, 2);  // 2 1 0
  std::memset(buffer.memory(), 0xA0, PAGE_SIZE);
  std::memset(buffer.memory() + PAGE_SIZE, 0xA1, PAGE_SIZE);
  std::memset(buffer.memory() + 2 * PAGE_SIZE, 0xA2, PAGE_SIZE);
  LONGLONG const at = setup.map(buffer, 0, bytes, TRUE);
  MICA_CHECK(bytes == 3 * PAGE_SIZE - 8);
  MICA_CHECK(device_sees(at, 0xA2, PAGE_SIZE - 8));
  MICA_CHECK(device_sees(at + PAGE_SIZE - 8, 0xA1, PAGE_SIZE));
  MICA_CHECK(device_sees(at + 2 * PAGE_SIZE - 8, 0xA0, PAGE_SIZE));
  MICA_CHECK(setup.flush(buffer, 0, bytes, TRUE) != FALSE);
}

MICA_CASE("Io: a part of what is mapped is flushed, and no more") {
  Verified const not_verified{false};
  Setup setup{bus_master(short_bits, 2 * PAGE_SIZE)};
  DmaBuffer const buffer{2, beyond_reach};
  ULONG bytes = 2 * PAGE_SIZE;
  LONGLONG const at = setup.map(buffer, 0, bytes, FALSE);
  device_writes(at, 0x77, bytes);
  MICA_CHECK(setup.flush(buffer, PAGE_SIZE, PAGE_SIZE, FALSE) != FALSE);
  MICA_CHECK(all_are(buffer.memory(), 0, PAGE_SIZE));
  MICA_CHECK(all_are(buffer.memory() + PAGE_SIZE, 0x77, PAGE_SIZE));
  MICA_CHECK(setup.flush(buffer, PAGE_SIZE, PAGE_SIZE, FALSE) == FALSE);
  MICA_CHECK(setup.flush(buffer, 0, PAGE_SIZE, FALSE) != FALSE);
  MICA_CHECK(all_are(buffer.memory(), 0x77, PAGE_SIZE));
  MICA_CHECK(setup.flush_ex(buffer.mdl(), 0, PAGE_SIZE, FALSE) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: of two parts of a page that are mapped that one is flushed which is meant") {
  Setup setup{bus_master(short_bits, PAGE_SIZE)};
  DmaBuffer const page{1, beyond_reach, 0, 100};
  PMDL const second = IoAllocateMdl(page.memory() + 200, 50, FALSE, FALSE, nullptr);
  MICA_REQUIRE(second != nullptr);
  MmBuildMdlForNonPagedPool(second);
  page.mdl()->Next = second;
  Elements<2> room;
  ULONG bytes = 150;
  MICA_CHECK(setup.map_ex(page.mdl(), 0, bytes, FALSE, room.list(), sizeof room.bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(bytes == 150 && room.list()->NumberOfElements == 1);
  device_writes(room.list()->Elements[0].Address.QuadPart, 0x44, 150);
  MICA_CHECK(setup.flush_ex(page.mdl(), 100, 50, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(all_are(page.memory(), 0, 200) && all_are(page.memory() + 200, 0x44, 50));
  MICA_CHECK(setup.flush_ex(page.mdl(), 0, 100, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(all_are(page.memory(), 0x44, 100) && page.memory()[100] == 0);
  page.mdl()->Next = nullptr;
  IoFreeMdl(second);
}

MICA_CASE("Io: map registers that were flushed map again") {
  Setup setup{bus_master(short_bits, PAGE_SIZE)};
  DmaBuffer const buffer{2, beyond_reach};
  for (UCHAR round = 1; round < 5; ++round) {
    ULONG bytes = 2 * PAGE_SIZE;
    std::memset(buffer.memory(), round, bytes);
    MICA_CHECK(device_sees(setup.map(buffer, 0, bytes, TRUE), round, bytes));
    MICA_CHECK(setup.flush(buffer, 0, bytes, TRUE) != FALSE);
  }
}

MICA_CASE("Io: a chain of descriptor lists is mapped from any byte on, as far as there is room") {
  Setup setup{bus_master(64, 6 * PAGE_SIZE)};
  DmaBuffer first{2, anywhere, 16, PAGE_SIZE}, second{3};
  first.mdl()->Next = second.mdl();
  second.swap_pages(0, 2);  // 2 1 0
  Elements<2> small;
  Elements<8> large;
  ULONG bytes = 4 * PAGE_SIZE - 10;
  MICA_CHECK(setup.map_ex(first.mdl(), 10, bytes, TRUE, large.list(), sizeof large.bytes) ==
             STATUS_SUCCESS);
  SCATTER_GATHER_LIST const& list = *large.list();
  MICA_CHECK(bytes == 4 * PAGE_SIZE - 10 && list.NumberOfElements >= 3);
  MICA_CHECK(list.Elements[0].Address.QuadPart == first.address(26));
  ULONG total = 0;
  for (ULONG i = 0; i < list.NumberOfElements; ++i) total += list.Elements[i].Length;
  MICA_CHECK(total == bytes);
  SCATTER_GATHER_ELEMENT const& last = list.Elements[list.NumberOfElements - 1];
  MICA_CHECK(last.Address.QuadPart == second.address() && last.Length == PAGE_SIZE);
  MICA_CHECK(setup.flush_ex(first.mdl(), 10, bytes, TRUE) == STATUS_SUCCESS);

  bytes = 3 * PAGE_SIZE;
  MICA_CHECK(setup.map_ex(first.mdl(), PAGE_SIZE, bytes, TRUE, small.list(), sizeof small.bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(small.list()->NumberOfElements == 2 && bytes == 2 * PAGE_SIZE);
  MICA_CHECK(small.list()->Elements[0].Address.QuadPart == second.address(2 * PAGE_SIZE));
  MICA_CHECK(small.list()->Elements[1].Address.QuadPart == second.address(PAGE_SIZE));
  MICA_CHECK(setup.flush_ex(first.mdl(), PAGE_SIZE, bytes, TRUE) == STATUS_SUCCESS);
  first.mdl()->Next = nullptr;
}

MICA_CASE("Io: what a device does not reach of a chain is copied next to each other") {
  Setup setup{bus_master(short_bits, 4 * PAGE_SIZE)};
  DmaBuffer first{1, beyond_reach, 0, 100}, second{1, beyond_reach, 200, 50};
  first.mdl()->Next = second.mdl();
  Elements<4> room;
  ULONG bytes = 150;
  MICA_CHECK(setup.map_ex(first.mdl(), 0, bytes, FALSE, room.list(), sizeof room.bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(bytes == 150 && room.list()->NumberOfElements == 1);
  MICA_CHECK(room.list()->Elements[0].Length == 150);
  device_writes(room.list()->Elements[0].Address.QuadPart, 0x66, 150);
  MICA_CHECK(setup.flush_ex(first.mdl(), 0, 150, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(all_are(first.memory(), 0x66, 100) && first.memory()[100] == 0);
  MICA_CHECK(all_are(second.memory() + 200, 0x66, 50) && second.memory()[199] == 0);
  MICA_CHECK(second.memory()[250] == 0);
  first.mdl()->Next = nullptr;
}

MICA_CASE("Io: a transfer is mapped as far as there are map registers") {
  Verified const not_verified{false};
  Setup setup{bus_master(64, PAGE_SIZE)};
  DmaBuffer buffer{4};
  buffer.swap_pages(0, 1);
  Elements<4> room;
  ULONG bytes = 4 * PAGE_SIZE;
  MICA_CHECK(setup.map_ex(buffer.mdl(), 0, bytes, TRUE, room.list(), sizeof room.bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(bytes == 2 * PAGE_SIZE && room.list()->NumberOfElements == 2);
  ULONG more = PAGE_SIZE;
  MICA_CHECK(setup.map_ex(buffer.mdl(), bytes, more, TRUE, room.list(), sizeof room.bytes) ==
             STATUS_INSUFFICIENT_RESOURCES);
  Bugcheck const end = bugcheck_of([&] { setup.map(buffer, 2 * PAGE_SIZE, more, TRUE); });
  require_violation(end, 0x00, 2);
  MICA_CHECK(end.parameters[2] == 1 && end.parameters[3] == 0);
  MICA_CHECK(setup.flush_ex(buffer.mdl(), 0, bytes, TRUE) == STATUS_SUCCESS);
}

MICA_CASE("Io: what a device is to have as one region is mapped as a whole, or not") {
  Setup single{bus_master(64, PAGE_SIZE, FALSE)};
  DmaBuffer buffer{4};
  buffer.swap_pages(0, 1);
  Elements<4> room;
  ULONG bytes = 4 * PAGE_SIZE;
  MICA_CHECK(single.map_ex(buffer.mdl(), 0, bytes, TRUE, room.list(), sizeof room.bytes) ==
             STATUS_INSUFFICIENT_RESOURCES);
  bytes = 2 * PAGE_SIZE;
  MICA_CHECK(single.map_ex(buffer.mdl(), 0, bytes, TRUE, room.list(), sizeof room.bytes) ==
             STATUS_SUCCESS);
  MICA_CHECK(bytes == 2 * PAGE_SIZE && room.list()->NumberOfElements == 1);
  MICA_CHECK(single.flush_ex(buffer.mdl(), 0, bytes, TRUE) == STATUS_SUCCESS);
}

MICA_CASE("Io: what a transfer may not be mapped with") {
  Setup setup{bus_master(64, 4 * PAGE_SIZE)};
  DmaBuffer const buffer{2};
  Elements<2> room;
  auto const refused = [&](ULONGLONG offset, ULONG bytes, PSCATTER_GATHER_LIST list,
                           ULONG list_bytes) {
    return setup.map_ex(buffer.mdl(), offset, bytes, TRUE, list, list_bytes) ==
           STATUS_INVALID_PARAMETER;
  };
  MICA_CHECK(refused(0, PAGE_SIZE, nullptr, 0));
  MICA_CHECK(refused(0, PAGE_SIZE, room.list(), sizeof(SCATTER_GATHER_LIST) + 8));
  MICA_CHECK(refused(0, 0, room.list(), sizeof room.bytes));
  MICA_CHECK(refused(0, 2 * PAGE_SIZE + 1, room.list(), sizeof room.bytes));
  MICA_CHECK(refused(2 * PAGE_SIZE, 1, room.list(), sizeof room.bytes));
  ULONG bytes = PAGE_SIZE;
  auto completed = [](PDMA_ADAPTER, PDEVICE_OBJECT, PVOID, DMA_COMPLETION_STATUS) NTAPI {};
  MICA_CHECK(setup.adapter->MapTransferEx(setup.adapter, buffer.mdl(), setup.channel.base(), 0, 0,
                                          &bytes, TRUE, room.list(), sizeof room.bytes, completed,
                                          nullptr) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: a transfer is of bytes that are in a descriptor list with pages") {
  Setup setup{bus_master(64, 4 * PAGE_SIZE)};
  DmaBuffer const buffer{2};
  PMDL const mdl = buffer.mdl();
  auto* const start = static_cast<UCHAR*>(buffer.start());
  auto map = [&](UCHAR* from, ULONG bytes) {
    return bugcheck_of([&] { setup.map(mdl, from, bytes, TRUE); });
  };
  require_violation(map(start, 0), 0x21);
  Bugcheck const before = map(start - 1, 1);
  require_violation(before, 0x1B, reinterpret_cast<ULONG_PTR>(start - 1));
  MICA_CHECK(before.parameters[2] == reinterpret_cast<ULONG_PTR>(mdl));
  require_violation(map(start + 2 * PAGE_SIZE, 1), 0x1B);
  require_violation(map(start, 2 * PAGE_SIZE + 5), 0x24, 5);
  PMDL const bare = IoAllocateMdl(buffer.memory(), PAGE_SIZE, FALSE, FALSE, nullptr);
  MICA_REQUIRE(bare != nullptr);
  ULONG bytes = PAGE_SIZE;
  require_violation(bugcheck_of([&] { setup.map(bare, start, bytes, TRUE); }), 0x0E,
                    reinterpret_cast<ULONG_PTR>(bare));
  IoFreeMdl(bare);
}

MICA_CASE("Io: a verified driver flushes what it has mapped, and nothing else") {
  Verified const verified{true};
  OwnAdapter const adapter{bus_master(64, 2 * PAGE_SIZE)};
  Driver driver;
  DmaBuffer const buffer{2};
  ChannelRequest request{.action = DeallocateObjectKeepRegisters};
  MICA_REQUIRE(request.ask(adapter, driver.make(), 2) == STATUS_SUCCESS);
  Elements<2> room;
  ULONG bytes = PAGE_SIZE;
  auto map = [&] {
    static_cast<void>(adapter->MapTransferEx(adapter, buffer.mdl(), request.base, 0, 0, &bytes,
                                             TRUE, room.list(), sizeof room.bytes, nullptr,
                                             nullptr));
  };
  auto flush = [&] {
    static_cast<void>(adapter->FlushAdapterBuffers(adapter, buffer.mdl(), request.base,
                                                   buffer.start(), PAGE_SIZE, TRUE));
  };
  map();
  Bugcheck end = bugcheck_of(map);
  require_violation(end, 0x0D, PAGE_SIZE);
  MICA_CHECK(end.parameters[2] == 2 * PAGE_SIZE);
  require_violation(bugcheck_of([&] { free_registers(adapter, request.base, 2); }), 0x10, 1);
  flush();
  end = bugcheck_of(flush);
  require_violation(end, 0x20, reinterpret_cast<ULONG_PTR>(request.base));
  MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(buffer.start()));
  MICA_CHECK(end.parameters[3] == reinterpret_cast<ULONG_PTR>(buffer.mdl()));
  free_registers(adapter, request.base, 2);
}

MICA_CASE("Io: there are no caches between a device and memory") {
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  DmaBuffer const buffer{1};
  MICA_CHECK(adapter->FlushDmaBuffer(adapter, buffer.mdl(), TRUE) == STATUS_SUCCESS);
  PMDL const bare = IoAllocateMdl(buffer.memory(), PAGE_SIZE, FALSE, FALSE, nullptr);
  MICA_REQUIRE(bare != nullptr);
  MICA_CHECK(adapter->FlushDmaBuffer(adapter, bare, TRUE) == STATUS_INVALID_PARAMETER);
  IoFreeMdl(bare);
}
