// Getting and putting adapters.                               [MSDN IoGetDmaAdapter, PutDmaAdapter]
#include <algorithm>
#include <cstring>

#include "dma/operations.hpp"

namespace mica::dma {
namespace {

// A device that reaches all memory and takes what regions there are has nothing copied: its
// registers cost what tells of them.
constexpr std::size_t most_registers = 16384;
constexpr std::size_t most_bounced = 64;
constexpr ULONG isa_address_bits = 24;

constexpr DMA_OPERATIONS all_operations{sizeof(DMA_OPERATIONS),
                                        put_adapter,
                                        allocate_buffer,
                                        free_buffer,
                                        allocate_channel,
                                        flush_buffers,
                                        free_channel,
                                        free_registers,
                                        map_transfer,
                                        alignment,
                                        read_counter,
                                        get_list,
                                        put_list,
                                        list_size,
                                        build_list,
                                        list_as_mdl,
                                        adapter_info,
                                        transfer_info,
                                        initialize_context,
                                        allocate_buffer_ex,
                                        allocate_channel_ex,
                                        configure_channel,
                                        cancel_channel,
                                        map_transfer_ex,
                                        get_list_ex,
                                        build_list_ex,
                                        flush_buffers_ex,
                                        free_object,
                                        cancel_transfer,
                                        allocate_domain_buffer,
                                        flush_caches,
                                        join_domain,
                                        leave_domain,
                                        domain_of,
                                        allocate_buffer_within};

// 0: there is no such version.
std::size_t operations_bytes(ULONG version) noexcept {
  switch (version) {
    case DEVICE_DESCRIPTION_VERSION:
    case DEVICE_DESCRIPTION_VERSION1:
      return offsetof(DMA_OPERATIONS, CalculateScatterGatherList);
    case DEVICE_DESCRIPTION_VERSION2:
      return offsetof(DMA_OPERATIONS, GetDmaAdapterInfo);
    case DEVICE_DESCRIPTION_VERSION3:
      return sizeof(DMA_OPERATIONS);
    default:
      return 0;
  }
}

// Of a master; 0 or more than 64: of none.
ULONG address_bits_of(DEVICE_DESCRIPTION const& device) noexcept {
  if (device.Version == DEVICE_DESCRIPTION_VERSION3) return device.DmaAddressWidth;
  if (device.Dma64BitAddresses != FALSE) return 64;
  bool const pci = device.InterfaceType == PCIBus && device.ScatterGather != FALSE;
  return device.Dma32BitAddresses != FALSE || pci ? 32 : isa_address_bits;
}

std::uint64_t end_of_memory() noexcept {
  std::uint64_t end = 0;
  for (hal::PageRange const& range : Machine::physical_memory())
    end = std::max(end, (range.first.value + range.count) << page_shift);
  return end;
}

// As many neighbouring pages as can be had where the device reaches them, at most `count`; returns
// how many.
std::size_t NTAPI find_bounce(Adapter& adapter, std::size_t count) noexcept {
  PHYSICAL_ADDRESS last;
  last.QuadPart = static_cast<LONGLONG>(std::min<std::uint64_t>(adapter.last_address, MAXLONGLONG));
  for (count = std::min(count, most_bounced); count != 0; count /= 2) {
    void* const pages = MmAllocateContiguousMemory(count << page_shift, last);
    if (pages == nullptr) continue;
    adapter.bounce = static_cast<std::byte*>(pages);
    adapter.bounce_address = {static_cast<std::uint64_t>(MmGetPhysicalAddress(pages).QuadPart)};
    break;
  }
  return count;
}

// Registers for one transfer of the largest size, wherever it begins in its first page; 0: none.
std::size_t NTAPI find_registers(Adapter& adapter, ULONG largest_bytes) noexcept {
  std::size_t const wanted = BYTES_TO_PAGES(std::size_t{largest_bytes}) + 1;
  bool const reaches_all = end_of_memory() - 1 <= adapter.last_address;
  return adapter.scatter_gather && reaches_all ? std::min(wanted, most_registers)
                                               : find_bounce(adapter, wanted);
}

void NTAPI end(Adapter& adapter) noexcept {
  if (adapter.bounce != nullptr) MmFreeContiguousMemory(adapter.bounce);
  if (adapter.registers != nullptr) ExFreePoolWithTag(adapter.registers, tag);
  ExFreePoolWithTag(&adapter, tag);
}

void NTAPI fill(Adapter& adapter, DEVICE_DESCRIPTION const& device, std::size_t bytes) noexcept {
  adapter.header = {1, sizeof(DMA_ADAPTER), &adapter.operations};
  std::memcpy(&adapter.operations, &all_operations, bytes);
  adapter.operations.Size = static_cast<ULONG>(bytes);
  adapter.address_bits = address_bits_of(device);
  adapter.last_address = ~std::uint64_t{0} >> (64 - adapter.address_bits);
  adapter.scatter_gather = device.ScatterGather != FALSE;
  adapter.references.store(1, std::memory_order_relaxed);
  list_initialize(adapter.waiting);
  list_initialize(adapter.lists);
}

// False: there is no memory for them.
bool NTAPI give_registers(Adapter& adapter, ULONG largest_bytes) noexcept {
  std::size_t const count = find_registers(adapter, largest_bytes);
  if (count == 0) return false;
  adapter.register_count = static_cast<ULONG>(count);
  adapter.registers = static_cast<MapRegister*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(MapRegister), tag));
  return adapter.registers != nullptr;
}

struct Left {
  ULONG lists;
  ULONG registers;
  bool channel;
};

// Who serves may be about to take back what a routine has not kept.
Left NTAPI left_in(Adapter& adapter) noexcept {
  ke::SpinGuard<ke::Rank::dma> guard{adapter.lock};
  Left left{};
  for (LIST_ENTRY const* entry = adapter.lists.Flink; entry != &adapter.lists; entry = entry->Flink)
    ++left.lists;
  left.registers = adapter.serving ? 0 : adapter.registers_taken;
  left.channel = !list_empty(adapter.waiting) || (adapter.channel_taken && !adapter.serving);
  return left;
}

// A violation of the first thing that a driver has left.
void NTAPI require_nothing_left(Adapter& adapter) noexcept {
  ULONG_PTR const object = ke::as_parameter(&adapter);
  ULONG const buffers = adapter.common_buffers.load(std::memory_order_relaxed);
  Left const left = left_in(adapter);
  if (buffers != 0) violation(Violation::leave_common_buffers, object, buffers);
  if (left.channel) violation(Violation::leave_channel, object, 1);
  if (left.lists != 0) violation(Violation::leave_lists, object, left.lists);
  if (left.registers != 0) violation(Violation::leave_map_registers, object, left.registers);
}

}  // namespace

void NTAPI dereference(Adapter& adapter) noexcept {
  if (adapter.references.fetch_sub(1, std::memory_order_acq_rel) == 1) end(adapter);
}

VOID NTAPI put_adapter(PDMA_ADAPTER adapter) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  require_nothing_left(object);
  dereference(object);
}

ULONG NTAPI alignment(PDMA_ADAPTER adapter) {
  require_adapter(adapter, DISPATCH_LEVEL);
  return 1;
}

// Of a master: it counts for itself.
ULONG NTAPI read_counter(PDMA_ADAPTER adapter) {
  require_adapter(adapter, DISPATCH_LEVEL);
  return 0;
}

NTSTATUS NTAPI adapter_info(PDMA_ADAPTER adapter, PDMA_ADAPTER_INFO info) {
  Adapter const& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (info->Version != DMA_ADAPTER_INFO_VERSION1) return STATUS_NOT_SUPPORTED;
  info->V1 = {.ReadDmaCounterAvailable = FALSE,
              .ScatterGatherLimit = object.scatter_gather ? object.register_count : 1,
              .DmaAddressWidth = object.address_bits,
              .Flags = 0,
              .MinimumTransferUnit = 1};
  return STATUS_SUCCESS;
}

// Only a system DMA controller has functions of its own.
NTSTATUS NTAPI configure_channel(PDMA_ADAPTER adapter, ULONG, PVOID) {
  require_adapter(adapter, DISPATCH_LEVEL);
  return STATUS_NOT_IMPLEMENTED;
}

// A master's transfers are its own.
NTSTATUS NTAPI cancel_transfer(PDMA_ADAPTER adapter, PVOID) {
  require_adapter(adapter, DISPATCH_LEVEL);
  return STATUS_NOT_SUPPORTED;
}

}  // namespace mica::dma

using namespace mica;
using namespace mica::dma;

PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT, PDEVICE_DESCRIPTION DeviceDescription,
                                   PULONG NumberOfMapRegisters) {
  require_at_most(PASSIVE_LEVEL);
  DEVICE_DESCRIPTION const& device = *DeviceDescription;
  std::size_t const bytes = operations_bytes(device.Version);
  if (bytes == 0 && ke::state().verified) violation(Violation::unknown_version, device.Version);
  if (bytes == 0 || device.Master == FALSE) return nullptr;
  if (ULONG const bits = address_bits_of(device); bits == 0 || bits > 64) return nullptr;
  auto* const adapter =
      static_cast<Adapter*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Adapter), tag));
  if (adapter == nullptr) return nullptr;
  fill(*adapter, device, bytes);
  if (!give_registers(*adapter, device.MaximumLength)) {
    dereference(*adapter);
    return nullptr;
  }
  *NumberOfMapRegisters = adapter->register_count;
  return &adapter->header;
}
