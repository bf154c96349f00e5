// Scatter/gather lists of DMA adapters.
#include "dma_support.hpp"

using namespace mica::test;

namespace {

// A driver's use of a list.
struct ListUse {
  int calls = 0;
  PSCATTER_GATHER_LIST list = nullptr;
  PDEVICE_OBJECT device = nullptr;
  KIRQL level = PASSIVE_LEVEL;

  static void NTAPI control(PDEVICE_OBJECT device, PIRP, PSCATTER_GATHER_LIST list, PVOID context) {
    auto& use = *static_cast<ListUse*>(context);
    ++use.calls;
    use.list = list;
    use.device = device;
    use.level = KeGetCurrentIrql();
  }
};

struct Setup {
  OwnAdapter adapter;
  Driver driver;
  PDEVICE_OBJECT device = driver.make();

  explicit Setup(DEVICE_DESCRIPTION const& description) noexcept : adapter{description} {}

  NTSTATUS get(PMDL mdl, void* from, ULONG bytes, ListUse& use, BOOLEAN writes = TRUE) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    return adapter->GetScatterGatherList(adapter, device, mdl, from, bytes, ListUse::control, &use,
                                         writes);
  }
  NTSTATUS get_ex(Transfer& transfer, DmaBuffer const& buffer, ULONGLONG offset, ULONG bytes,
                  ULONG flags, ListUse* use, PSCATTER_GATHER_LIST* list) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    return adapter->GetScatterGatherListEx(
        adapter, device, transfer.bytes, buffer.mdl(), offset, bytes, flags,
        use != nullptr ? ListUse::control : nullptr, use, TRUE, nullptr, nullptr, list);
  }
  void put(PSCATTER_GATHER_LIST list, BOOLEAN writes = TRUE) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    adapter->PutScatterGatherList(adapter, list, writes);
  }
};

}  // namespace

MICA_CASE("Io: a list has the regions of a buffer, and the channel is free again") {
  Setup setup{bus_master(64, 8 * PAGE_SIZE)};
  DmaBuffer buffer{4, anywhere, 12};
  buffer.swap_pages(1, 2);  // 0 2 1 3
  ListUse use;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.memory() + 20, 3 * PAGE_SIZE, use) == STATUS_SUCCESS);
  MICA_REQUIRE(use.calls == 1);
  MICA_CHECK(use.device == setup.device && use.level == DISPATCH_LEVEL);
  SCATTER_GATHER_LIST const& list = *use.list;
  MICA_CHECK(list.NumberOfElements == 4);
  MICA_CHECK(list.Elements[0].Address.QuadPart == buffer.address(20));
  MICA_CHECK(list.Elements[0].Length == PAGE_SIZE - 20);
  MICA_CHECK(list.Elements[1].Address.QuadPart == buffer.address(2 * PAGE_SIZE));
  MICA_CHECK(list.Elements[2].Address.QuadPart == buffer.address(PAGE_SIZE));
  MICA_CHECK(list.Elements[3].Address.QuadPart == buffer.address(3 * PAGE_SIZE));
  MICA_CHECK(list.Elements[3].Length == 20);
  ListUse second;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE - 12, second) == STATUS_SUCCESS);
  MICA_CHECK(second.calls == 1 && second.list->NumberOfElements == 1);
  setup.put(use.list);
  setup.put(second.list);
}

MICA_CASE("Io: a list waits for map registers until others are put") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE)};
  DmaBuffer const buffer{4};
  ListUse first, second, third;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), 2 * PAGE_SIZE, first) == STATUS_SUCCESS);
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), 3 * PAGE_SIZE, second) == STATUS_SUCCESS);
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE, third) == STATUS_SUCCESS);
  MICA_CHECK(first.calls == 1 && second.calls == 0 && third.calls == 0);
  setup.put(first.list);
  MICA_CHECK(second.calls == 1 && third.calls == 1);
  setup.put(third.list);
  setup.put(second.list);
}

MICA_CASE("Io: there is no list of more than the adapter or the buffer has") {
  Setup setup{bus_master(64, PAGE_SIZE)};
  DmaBuffer const buffer{3};
  ListUse use;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), 3 * PAGE_SIZE, use) ==
             STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(setup.get(buffer.mdl(), buffer.memory() + 2 * PAGE_SIZE, PAGE_SIZE + 1, use) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(use.calls == 0);
  require_violation(
      bugcheck_of([&] { static_cast<void>(setup.get(buffer.mdl(), buffer.start(), 0, use)); }),
      0x21);
}

MICA_CASE("Io: a list of a chain goes through all of it") {
  Setup setup{bus_master(64, 8 * PAGE_SIZE)};
  DmaBuffer first{1, anywhere, 4000, 96}, second{2, anywhere, 8, PAGE_SIZE};
  first.mdl()->Next = second.mdl();
  ListUse use;
  MICA_CHECK(setup.get(first.mdl(), first.start(), 96 + PAGE_SIZE, use, FALSE) == STATUS_SUCCESS);
  MICA_REQUIRE(use.calls == 1);
  MICA_CHECK(use.list->NumberOfElements == 2);
  MICA_CHECK(use.list->Elements[0].Address.QuadPart == first.address(4000));
  MICA_CHECK(use.list->Elements[0].Length == 96);
  MICA_CHECK(use.list->Elements[1].Address.QuadPart == second.address(8));
  MICA_CHECK(use.list->Elements[1].Length == PAGE_SIZE);
  setup.put(use.list, FALSE);
  first.mdl()->Next = nullptr;
}

MICA_CASE("Io: what the device writes beyond its reach is in the buffer when the list is put") {
  Setup setup{bus_master(short_bits, 4 * PAGE_SIZE)};
  DmaBuffer const buffer{2, beyond_reach, 40};
  for (BOOLEAN const writes : {FALSE, TRUE}) {
    std::memset(buffer.memory(), 0x31, 2 * PAGE_SIZE);
    ListUse use;
    MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE, use, writes) == STATUS_SUCCESS);
    MICA_REQUIRE(use.calls == 1 && use.list->NumberOfElements == 1);
    LONGLONG const at = use.list->Elements[0].Address.QuadPart;
    MICA_CHECK(at + PAGE_SIZE <= short_limit);
    if (writes != FALSE) MICA_CHECK(device_sees(at, 0x31, PAGE_SIZE));
    device_writes(at, 0x32, PAGE_SIZE);
    MICA_CHECK(all_are(buffer.memory(), 0x31, 2 * PAGE_SIZE));
    setup.put(use.list, writes);
    MICA_CHECK(all_are(buffer.memory() + 40, writes != FALSE ? 0x31 : 0x32, PAGE_SIZE));
    MICA_CHECK(all_are(buffer.memory(), 0x31, 40));
  }
}

MICA_CASE("Io: a list is built in a driver's own memory, of the size that is said") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE)};
  DmaBuffer buffer{3, anywhere, 10, 2 * PAGE_SIZE};
  ULONG bytes = 0, registers = 0, most = 0;
  PDMA_ADAPTER const adapter = setup.adapter;
  MICA_CHECK(setup.adapter->CalculateScatterGatherList(adapter, buffer.mdl(), buffer.start(),
                                                       2 * PAGE_SIZE, &bytes,
                                                       &registers) == STATUS_SUCCESS);
  MICA_CHECK(registers == 3);
  MICA_CHECK(bytes >= sizeof(SCATTER_GATHER_LIST) + 3 * sizeof(SCATTER_GATHER_ELEMENT));
  MICA_CHECK(setup.adapter->CalculateScatterGatherList(adapter, nullptr, buffer.start(),
                                                       2 * PAGE_SIZE, &most,
                                                       nullptr) == STATUS_SUCCESS);
  MICA_CHECK(most == bytes);
  MICA_CHECK(setup.adapter->CalculateScatterGatherList(adapter, buffer.mdl(), buffer.start(),
                                                       2 * PAGE_SIZE + 1, &most,
                                                       nullptr) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(setup.adapter->CalculateScatterGatherList(adapter, nullptr, buffer.start(),
                                                       4 * PAGE_SIZE, &most,
                                                       nullptr) == STATUS_INSUFFICIENT_RESOURCES);
  alignas(16) UCHAR memory[512];
  MICA_REQUIRE(bytes <= sizeof memory);
  ListUse use;
  auto const build = [&](ULONG length) {
    AtLevel const dispatch{DISPATCH_LEVEL};
    return setup.adapter->BuildScatterGatherList(adapter, setup.device, buffer.mdl(),
                                                 buffer.start(), 2 * PAGE_SIZE, ListUse::control,
                                                 &use, TRUE, memory, length);
  };
  MICA_CHECK(build(bytes - 1) == STATUS_BUFFER_TOO_SMALL && use.calls == 0);
  MICA_CHECK(build(bytes) == STATUS_SUCCESS && use.calls == 1);
  MICA_CHECK(static_cast<void*>(use.list) == memory && use.list->NumberOfElements == 1);
  setup.put(use.list);
}

MICA_CASE("Io: what a transfer will take is told before") {
  Setup setup{bus_master(64, PAGE_SIZE)};
  DmaBuffer const buffer{3, anywhere, 10};
  DMA_TRANSFER_INFO info{};
  auto const ask = [&](ULONGLONG offset, ULONG bytes) {
    return setup.adapter->GetDmaTransferInfo(setup.adapter, buffer.mdl(), offset, bytes, TRUE,
                                             &info);
  };
  info.Version = 3;
  MICA_CHECK(ask(0, PAGE_SIZE) == STATUS_NOT_SUPPORTED);
  info.Version = DMA_TRANSFER_INFO_VERSION1;
  info.V2.LogicalPageCount = 77;
  MICA_CHECK(ask(0, PAGE_SIZE) == STATUS_SUCCESS);
  MICA_CHECK(info.V1.MapRegisterCount == 2 && info.V1.ScatterGatherElementCount == 2);
  ULONG bytes = 0;
  MICA_CHECK(setup.adapter->CalculateScatterGatherList(setup.adapter, buffer.mdl(), buffer.start(),
                                                       PAGE_SIZE, &bytes,
                                                       nullptr) == STATUS_SUCCESS);
  MICA_CHECK(info.V1.ScatterGatherListSize == bytes && info.V2.LogicalPageCount == 77);
  info.Version = DMA_TRANSFER_INFO_VERSION2;
  MICA_CHECK(ask(PAGE_SIZE - 10, 2 * PAGE_SIZE) == STATUS_SUCCESS);
  MICA_CHECK(info.V2.MapRegisterCount == 2 && info.V2.LogicalPageCount == 2);
  MICA_CHECK(ask(PAGE_SIZE, 2 * PAGE_SIZE) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: a list that is asked for synchronously is the caller's") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE)};
  DmaBuffer const buffer{2};
  Transfer transfer{setup.adapter}, other{setup.adapter};
  PSCATTER_GATHER_LIST list = nullptr, none = nullptr;
  constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
  MICA_CHECK(setup.get_ex(transfer, buffer, 4, PAGE_SIZE, now, nullptr, &list) == STATUS_SUCCESS);
  MICA_REQUIRE(list != nullptr);
  MICA_CHECK(list->NumberOfElements == 1 &&
             list->Elements[0].Address.QuadPart == buffer.address(4));
  MICA_CHECK(list->Elements[0].Length == PAGE_SIZE);
  MICA_CHECK(setup.get_ex(other, buffer, 0, 1, now, nullptr, &none) ==
             STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(none == nullptr);
  setup.adapter->FreeAdapterObject(setup.adapter, DeallocateObjectKeepRegisters);
  ListUse use;
  MICA_CHECK(setup.get_ex(other, buffer, 0, 1, now, &use, &none) == STATUS_SUCCESS);
  MICA_CHECK(use.calls == 1 && use.list == none);
  setup.put(none);
  setup.put(list);
  // Registers may go with the channel; then the list is but memory.
  MICA_CHECK(setup.get_ex(other, buffer, 0, 1, now, nullptr, &list) == STATUS_SUCCESS);
  setup.adapter->FreeAdapterObject(setup.adapter, DeallocateObject);
  MICA_CHECK(setup.get_ex(other, buffer, 0, 2 * PAGE_SIZE, now, &use, nullptr) == STATUS_SUCCESS);
  setup.put(list);
  setup.put(use.list);
}

MICA_CASE("Io: what a list may not be asked for with") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE)};
  DmaBuffer const buffer{1};
  Transfer transfer{setup.adapter};
  PSCATTER_GATHER_LIST list = nullptr;
  ListUse use;
  constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
  MICA_CHECK(setup.get_ex(transfer, buffer, 0, 1, 0, nullptr, &list) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.get_ex(transfer, buffer, 0, 1, now, nullptr, nullptr) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.get_ex(transfer, buffer, 0, 0, now, &use, &list) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.get_ex(transfer, buffer, 0, 1, 4, &use, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.get_ex(transfer, buffer, 1, PAGE_SIZE, 0, &use, nullptr) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(use.calls == 0);
}

MICA_CASE("Io: a request for a list is cancelled as one for a channel is") {
  Setup setup{bus_master(64, PAGE_SIZE)};
  DmaBuffer const buffer{2};
  Transfer transfer{setup.adapter};
  alignas(16) UCHAR memory[512];
  ListUse first, waiting;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), 2 * PAGE_SIZE, first) == STATUS_SUCCESS);
  MICA_CHECK(setup.get_ex(transfer, buffer, 0, 1, 0, &waiting, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(setup.adapter->CancelAdapterChannel(setup.adapter, setup.device, transfer.bytes) !=
             FALSE);
  setup.adapter->InitializeDmaTransferContext(setup.adapter, transfer.bytes);
  {
    AtLevel const dispatch{DISPATCH_LEVEL};
    PVOID list = nullptr;
    MICA_CHECK(setup.adapter->BuildScatterGatherListEx(setup.adapter, setup.device, transfer.bytes,
                                                       buffer.mdl(), 0, 1, 0, ListUse::control,
                                                       &waiting, TRUE, memory, sizeof memory,
                                                       nullptr, nullptr, &list) == STATUS_SUCCESS);
    MICA_CHECK(list == memory);
  }
  MICA_CHECK(waiting.calls == 0);
  setup.put(first.list);
  MICA_CHECK(waiting.calls == 1 && static_cast<void*>(waiting.list) == memory);
  MICA_CHECK(setup.adapter->CancelAdapterChannel(setup.adapter, setup.device, transfer.bytes) ==
             FALSE);
  setup.put(waiting.list);
}

MICA_CASE("Io: a list is a descriptor list of what the device sees") {
  DmaBuffer const buffer{2, beyond_reach, 24};
  PMDL target = nullptr;
  {
    Setup setup{bus_master(64, 3 * PAGE_SIZE)};
    ListUse use;
    MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE, use) == STATUS_SUCCESS);
    auto const& build = setup.adapter->BuildMdlFromScatterGatherList;
    MICA_CHECK(build(setup.adapter, use.list, nullptr, &target) == STATUS_INVALID_PARAMETER);
    MICA_CHECK(build(setup.adapter, use.list, buffer.mdl(), &target) == STATUS_SUCCESS);
    MICA_CHECK(target == buffer.mdl());  // that is the buffer
    setup.put(use.list);
  }
  Setup setup{bus_master(short_bits, 3 * PAGE_SIZE)};
  ListUse use;
  std::memset(buffer.memory(), 0x55, 2 * PAGE_SIZE);
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE, use) == STATUS_SUCCESS);
  auto const& build = setup.adapter->BuildMdlFromScatterGatherList;
  MICA_CHECK(build(setup.adapter, use.list, buffer.mdl(), &target) == STATUS_SUCCESS);
  MICA_REQUIRE(target != nullptr && target != buffer.mdl());
  MICA_CHECK(MmGetMdlByteCount(target) == PAGE_SIZE && MmGetMdlByteOffset(target) == 24);
  auto* const seen = static_cast<UCHAR*>(
      MmMapLockedPagesSpecifyCache(target, KernelMode, MmCached, nullptr, FALSE, 0));
  MICA_REQUIRE(seen != nullptr);
  MICA_CHECK(all_are(seen, 0x55, PAGE_SIZE) &&
             MmGetPhysicalAddress(seen).QuadPart == use.list->Elements[0].Address.QuadPart);
  MICA_CHECK(build(setup.adapter, use.list, buffer.mdl(), &target) == STATUS_NONE_MAPPED);
  setup.put(use.list);
}

MICA_CASE("Io: a list is put once, and before its adapter") {
  Setup setup{bus_master(64, 3 * PAGE_SIZE)};
  DmaBuffer const buffer{1};
  PDMA_ADAPTER const adapter = setup.adapter;
  ListUse use;
  MICA_CHECK(setup.get(buffer.mdl(), buffer.start(), PAGE_SIZE, use) == STATUS_SUCCESS);
  Bugcheck end = bugcheck_of([&] { setup.adapter->PutDmaAdapter(adapter); });
  require_violation(end, 0x0A, reinterpret_cast<ULONG_PTR>(adapter));
  MICA_CHECK(end.parameters[2] == 1);
  setup.put(use.list);
  end = bugcheck_of([&] { setup.put(use.list); });
  require_violation(end, 0x06, 1);
  MICA_CHECK(end.parameters[2] == 2);
}
