// DMA adapters: what a device gets, and what its common buffers are.
#include "dma_support.hpp"

using namespace mica::test;

namespace {

PDMA_ADAPTER get(DEVICE_DESCRIPTION device) noexcept {
  ULONG registers = 0;
  return IoGetDmaAdapter(nullptr, &device, &registers);
}

DEVICE_DESCRIPTION of_version(ULONG version) noexcept {
  DEVICE_DESCRIPTION device = bus_master(64, 8 * PAGE_SIZE);
  device.Version = version;
  return device;
}

// Whether the device is told of a page as it is, one that takes 26 bits.
bool reaches(DEVICE_DESCRIPTION const& device) noexcept {
  OwnAdapter const adapter{device};
  Driver driver;
  DmaBuffer const buffer{1, beyond_reach};
  HeldChannel const channel{adapter, driver.make(), 1};
  ULONG bytes = PAGE_SIZE;
  LONGLONG const at =
      IoMapTransfer(adapter, buffer.mdl(), channel.base(), buffer.start(), &bytes, TRUE).QuadPart;
  MICA_CHECK(IoFlushAdapterBuffers(adapter, buffer.mdl(), channel.base(), buffer.start(), bytes,
                                   TRUE) != FALSE);
  MICA_CHECK(at == buffer.address() || at + PAGE_SIZE <= 0x100'0000);
  return at == buffer.address();
}

}  // namespace

MICA_CASE("Io: an adapter has the operations of the version that was asked for") {
  struct {
    ULONG version, bytes;
  } const versions[] = {{DEVICE_DESCRIPTION_VERSION, 104},
                        {DEVICE_DESCRIPTION_VERSION1, 104},
                        {DEVICE_DESCRIPTION_VERSION2, 128},
                        {DEVICE_DESCRIPTION_VERSION3, 280}};
  for (auto const& [version, bytes] : versions) {
    OwnAdapter const adapter{of_version(version)};
    PDMA_ADAPTER const plain = adapter;
    MICA_CHECK(plain->Version == 1 && plain->Size == sizeof(DMA_ADAPTER));
    MICA_CHECK(adapter->Size == bytes);
    MICA_CHECK(adapter->PutScatterGatherList != nullptr);
    MICA_CHECK((adapter->BuildScatterGatherList != nullptr) == (version >= 2));
    MICA_CHECK((adapter->MapTransferEx != nullptr) == (version == 3));
  }
  Verified const not_verified{false};
  MICA_CHECK(get(of_version(4)) == nullptr);
}

MICA_CASE("Io: an adapter has map registers for its largest transfer, wherever that begins") {
  MICA_CHECK(OwnAdapter{bus_master(64, 8 * PAGE_SIZE)}.registers == 9);
  MICA_CHECK(OwnAdapter{bus_master(64, 8 * PAGE_SIZE + 1)}.registers == 10);
  MICA_CHECK(OwnAdapter{bus_master(64, 1)}.registers == 2);
  MICA_CHECK(OwnAdapter{bus_master(short_bits, 3 * PAGE_SIZE)}.registers == 4);
  ULONG const many = OwnAdapter{bus_master(64, MAXULONG)}.registers;
  ULONG const copied = OwnAdapter{bus_master(short_bits, MAXULONG)}.registers;
  MICA_CHECK(many == 16384 && copied == 64);
}

MICA_CASE("Io: there is no adapter for what is no bus master, or has no address width") {
  DEVICE_DESCRIPTION device = bus_master(32, PAGE_SIZE);
  device.Master = FALSE;
  device.DmaChannel = 2;
  MICA_CHECK(get(device) == nullptr);
  MICA_CHECK(get(bus_master(0, PAGE_SIZE)) == nullptr);
  MICA_CHECK(get(bus_master(65, PAGE_SIZE)) == nullptr);
  MICA_CHECK(get(bus_master(1, PAGE_SIZE)) == nullptr);  // no page is there
}

MICA_CASE("Io: how far a device of an older version reaches") {
  DEVICE_DESCRIPTION device = of_version(DEVICE_DESCRIPTION_VERSION);
  struct {
    BOOLEAN bits_32, bits_64, gathers;
    INTERFACE_TYPE bus;
    bool far;
  } const devices[] = {{FALSE, FALSE, FALSE, Isa, false},    {FALSE, FALSE, TRUE, Isa, false},
                       {FALSE, FALSE, FALSE, PCIBus, false}, {FALSE, FALSE, TRUE, PCIBus, true},
                       {TRUE, FALSE, FALSE, Isa, true},      {FALSE, TRUE, FALSE, Isa, true}};
  for (auto const& [bits_32, bits_64, gathers, bus, far] : devices) {
    device.Dma32BitAddresses = bits_32;
    device.Dma64BitAddresses = bits_64;
    device.ScatterGather = gathers;
    device.InterfaceType = bus;
    MICA_CHECK(reaches(device) == far);
  }
}

MICA_CASE("Io: a common buffer is one region that the device reaches") {
  OwnAdapter const adapter{bus_master(short_bits, PAGE_SIZE)};
  constexpr ULONG bytes = 3 * PAGE_SIZE + 8;
  PHYSICAL_ADDRESS logical{};
  auto* const memory =
      static_cast<UCHAR*>(adapter->AllocateCommonBuffer(adapter, bytes, &logical, FALSE));
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(logical.QuadPart + bytes <= short_limit);
  std::memset(memory, 0x3C, bytes);
  MICA_CHECK(device_sees(logical.QuadPart, 0x3C, bytes));
  device_writes(logical.QuadPart + PAGE_SIZE, 0xC3, PAGE_SIZE);
  MICA_CHECK(all_are(memory + PAGE_SIZE, 0xC3, PAGE_SIZE) && memory[2 * PAGE_SIZE] == 0x3C);
  adapter->FreeCommonBuffer(adapter, bytes, logical, memory, FALSE);
  MICA_CHECK(adapter->AllocateCommonBuffer(adapter, 0, &logical, FALSE) == nullptr);
}

MICA_CASE("Io: a common buffer lies between the addresses that were asked for") {
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  PHYSICAL_ADDRESS logical{}, highest = physical(short_limit), lowest = physical(short_limit);
  void* memory = adapter->AllocateCommonBufferEx(adapter, &highest, PAGE_SIZE, &logical, TRUE, 0);
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(logical.QuadPart + PAGE_SIZE <= short_limit);
  adapter->FreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, TRUE);
  memory = adapter->AllocateCommonBufferWithBounds(adapter, &lowest, nullptr, PAGE_SIZE, 0, nullptr,
                                                   0, &logical);
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(logical.QuadPart >= short_limit &&
             logical.QuadPart == MmGetPhysicalAddress(memory).QuadPart);
  adapter->FreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, TRUE);
  highest = logical;  // the lowest page that will not do
  memory = adapter->AllocateCommonBufferEx(adapter, &highest, PAGE_SIZE, &logical, TRUE, 0);
  MICA_REQUIRE(memory != nullptr);
  MICA_CHECK(logical.QuadPart < highest.QuadPart);
  adapter->FreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, TRUE);
  highest.QuadPart = 0;
  MICA_CHECK(adapter->AllocateCommonBufferEx(adapter, &highest, PAGE_SIZE, &logical, TRUE, 0) ==
             nullptr);
  MEMORY_CACHING_TYPE caching = MmWriteCombined;
  MICA_CHECK(adapter->AllocateCommonBufferWithBounds(adapter, nullptr, nullptr, PAGE_SIZE, 0,
                                                     &caching, 0, &logical) == nullptr);
  MICA_CHECK(adapter->AllocateCommonBufferWithBounds(adapter, nullptr, nullptr, PAGE_SIZE, 1,
                                                     nullptr, 0, &logical) == nullptr);
  caching = MmNonCached;
  memory = adapter->AllocateCommonBufferWithBounds(adapter, nullptr, nullptr, PAGE_SIZE, 0,
                                                   &caching, 0, &logical);
  MICA_REQUIRE(memory != nullptr);
  adapter->FreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, FALSE);
}

MICA_CASE("Io: what an adapter says of itself and its controller") {
  OwnAdapter const adapter{bus_master(36, 4 * PAGE_SIZE)};
  MICA_CHECK(adapter->GetDmaAlignment(adapter) == 1 && HalGetDmaAlignment(adapter) == 1);
  MICA_CHECK(adapter->ReadDmaCounter(adapter) == 0 && HalReadDmaCounter(adapter) == 0);
  DMA_ADAPTER_INFO info{};
  MICA_CHECK(adapter->GetDmaAdapterInfo(adapter, &info) == STATUS_NOT_SUPPORTED);
  info.Version = DMA_ADAPTER_INFO_VERSION1;
  MICA_CHECK(adapter->GetDmaAdapterInfo(adapter, &info) == STATUS_SUCCESS);
  MICA_CHECK(info.V1.ReadDmaCounterAvailable == FALSE && info.V1.DmaAddressWidth == 36);
  MICA_CHECK(info.V1.ScatterGatherLimit == adapter.registers && info.V1.MinimumTransferUnit == 1);
  MICA_CHECK(info.V1.Flags == 0);
  OwnAdapter const single{bus_master(64, 4 * PAGE_SIZE, FALSE)};
  MICA_CHECK(single->GetDmaAdapterInfo(single, &info) == STATUS_SUCCESS);
  MICA_CHECK(info.V1.ScatterGatherLimit == 1 && info.V1.DmaAddressWidth == 64);
  MICA_CHECK(adapter->ConfigureAdapterChannel(adapter, 0, nullptr) == STATUS_NOT_IMPLEMENTED);
  Transfer transfer{adapter};
  MICA_CHECK(adapter->CancelMappedTransfer(adapter, transfer.bytes) == STATUS_NOT_SUPPORTED);
  MICA_CHECK(adapter->InitializeDmaTransferContext(adapter, nullptr) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: no unit remaps addresses: an adapter is in no domain, and joins none") {
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  PHYSICAL_ADDRESS logical{};
  void* memory = nullptr;
  MICA_CHECK(adapter->GetDmaDomain(adapter) == nullptr);
  MICA_CHECK(adapter->JoinDmaDomain(adapter, &logical) == STATUS_NOT_SUPPORTED);
  MICA_CHECK(adapter->LeaveDmaDomain(adapter) == STATUS_NOT_SUPPORTED);
  MICA_CHECK(adapter->AllocateDomainCommonBuffer(adapter, &logical, nullptr, PAGE_SIZE, 0, nullptr,
                                                 0, &logical, &memory) == STATUS_NOT_SUPPORTED);
}

MICA_CASE("Io: an adapter is got and its buffers are allocated at PASSIVE_LEVEL") {
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  PHYSICAL_ADDRESS logical{};
  Bugcheck end = bugcheck_of([] {
    AtLevel const apc{APC_LEVEL};
    get(bus_master(64, PAGE_SIZE));
  });
  require_violation(end, 0x13, 2);
  MICA_CHECK(end.parameters[2] == PASSIVE_LEVEL && end.parameters[3] == APC_LEVEL);
  end = bugcheck_of([&] {
    AtLevel const dispatch{DISPATCH_LEVEL};
    HalAllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE);
  });
  require_violation(end, 0x13, 2);
  MICA_CHECK(end.parameters[2] == PASSIVE_LEVEL && end.parameters[3] == DISPATCH_LEVEL);
  end = bugcheck_of([&] {
    AtLevel const clock{CLOCK_LEVEL};
    adapter->GetDmaAlignment(adapter);
  });
  require_violation(end, 0x13, 2);
  MICA_CHECK(end.parameters[2] == DISPATCH_LEVEL && end.parameters[3] == CLOCK_LEVEL);
}

MICA_CASE("Io: a driver is told of a version that is none, if it is verified, and of no adapter") {
  Verified const verified{true};
  require_violation(bugcheck_of([] { get(of_version(4)); }), 0x25, 4);
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  require_violation(bugcheck_of([&] { adapter->ReadDmaCounter(nullptr); }), 0x19);
}

MICA_CASE("Io: common buffers are freed once each, and before the adapter") {
  OwnAdapter const adapter{bus_master(64, PAGE_SIZE)};
  PHYSICAL_ADDRESS logical{};
  void* const memory = HalAllocateCommonBuffer(adapter, PAGE_SIZE, &logical, TRUE);
  MICA_REQUIRE(memory != nullptr);
  PDMA_ADAPTER const plain = adapter;
  Bugcheck end = bugcheck_of([&] { adapter->PutDmaAdapter(plain); });
  require_violation(end, 0x07, reinterpret_cast<ULONG_PTR>(plain));
  MICA_CHECK(end.parameters[2] == 1);
  HalFreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, TRUE);
  end = bugcheck_of([&] { HalFreeCommonBuffer(adapter, PAGE_SIZE, logical, memory, TRUE); });
  require_violation(end, 0x03, 1);
}
