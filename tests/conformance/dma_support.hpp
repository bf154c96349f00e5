// What the cases of DMA share: adapters, and buffers whose pages lie where a case wants them.
#pragma once

#include <nt/ntddk.h>

#include <cstring>

#include "io_support.hpp"

namespace mica::test {

// Both machines have memory below and above what so many bits tell.
inline constexpr ULONG short_bits = 25;
inline constexpr LONGLONG short_limit = LONGLONG{1} << short_bits;

inline PHYSICAL_ADDRESS physical(LONGLONG value) noexcept {
  PHYSICAL_ADDRESS address;
  address.QuadPart = value;
  return address;
}

// A bus master of version 3 that takes regions as they are.
inline DEVICE_DESCRIPTION bus_master(ULONG bits, ULONG largest_bytes,
                                     BOOLEAN scatter_gather = TRUE) noexcept {
  DEVICE_DESCRIPTION device{};
  device.Version = DEVICE_DESCRIPTION_VERSION3;
  device.Master = TRUE;
  device.ScatterGather = scatter_gather;
  device.InterfaceType = PCIBus;
  device.MaximumLength = largest_bytes;
  device.DmaAddressWidth = bits;
  return device;
}

class OwnAdapter {
 public:
  explicit OwnAdapter(DEVICE_DESCRIPTION device) noexcept
      : adapter_{IoGetDmaAdapter(nullptr, &device, &registers)} {
    MICA_REQUIRE(adapter_ != nullptr);
  }
  ~OwnAdapter() { (*this)->PutDmaAdapter(adapter_); }
  OwnAdapter(OwnAdapter const&) = delete;
  OwnAdapter& operator=(OwnAdapter const&) = delete;
  operator PDMA_ADAPTER() const noexcept { return adapter_; }
  PDMA_OPERATIONS operator->() const noexcept { return adapter_->DmaOperations; }

  ULONG registers = 0;

 private:
  PDMA_ADAPTER adapter_;
};

// Where the pages of a buffer lie. `anywhere` promises neither side of the limit.
struct PageRange {
  LONGLONG lowest;
  LONGLONG highest;
};
inline constexpr PageRange anywhere{0, MAXLONGLONG};
inline constexpr PageRange within_reach{0, short_limit - 1};
inline constexpr PageRange beyond_reach{short_limit, MAXLONGLONG};

// Pages that are neighbours in memory, with a descriptor list of some of them.
class DmaBuffer {
 public:
  explicit DmaBuffer(ULONG pages, PageRange range = anywhere, ULONG begin = 0,
                     ULONG bytes = 0) noexcept
      : memory_{static_cast<UCHAR*>(MmAllocateContiguousMemorySpecifyCache(
            pages * PAGE_SIZE, physical(range.lowest), physical(range.highest), physical(0),
            MmCached))} {
    MICA_REQUIRE(memory_ != nullptr);
    std::memset(memory_, 0, pages * PAGE_SIZE);
    mdl_ = IoAllocateMdl(memory_ + begin, bytes != 0 ? bytes : pages * PAGE_SIZE - begin, FALSE,
                         FALSE, nullptr);
    MICA_REQUIRE(mdl_ != nullptr);
    MmBuildMdlForNonPagedPool(mdl_);
  }
  ~DmaBuffer() {
    IoFreeMdl(mdl_);
    MmFreeContiguousMemory(memory_);
  }
  DmaBuffer(DmaBuffer const&) = delete;
  DmaBuffer& operator=(DmaBuffer const&) = delete;

  [[nodiscard]] UCHAR* memory() const noexcept { return memory_; }
  [[nodiscard]] PMDL mdl() const noexcept { return mdl_; }
  [[nodiscard]] void* start() const noexcept { return MmGetMdlVirtualAddress(mdl_); }
  [[nodiscard]] LONGLONG address(ULONG offset = 0) const noexcept {
    return MmGetPhysicalAddress(memory_).QuadPart + offset;
  }
  // From now on the list has those two pages the other way round: they are no neighbours there.
  void swap_pages(ULONG first, ULONG second) noexcept {
    PPFN_NUMBER const pages = MmGetMdlPfnArray(mdl_);
    PFN_NUMBER const page = pages[first];
    pages[first] = pages[second];
    pages[second] = page;
  }

 private:
  UCHAR* memory_;
  PMDL mdl_ = nullptr;
};

// What a device does at addresses that it was told.
inline void device_reads(LONGLONG from, void* to, ULONG bytes) noexcept {
  void* const mapped = MmMapIoSpace(physical(from), bytes, MmCached);
  MICA_REQUIRE(mapped != nullptr);
  std::memcpy(to, mapped, bytes);
  MmUnmapIoSpace(mapped, bytes);
}
inline void device_writes(LONGLONG to, UCHAR value, ULONG bytes) noexcept {
  void* const mapped = MmMapIoSpace(physical(to), bytes, MmCached);
  MICA_REQUIRE(mapped != nullptr);
  std::memset(mapped, value, bytes);
  MmUnmapIoSpace(mapped, bytes);
}
inline bool device_sees(LONGLONG at, UCHAR value, ULONG bytes) noexcept {
  UCHAR seen[64];
  for (ULONG done = 0; done < bytes; done += sizeof seen) {
    ULONG const some = bytes - done < sizeof seen ? bytes - done : sizeof seen;
    device_reads(at + done, seen, some);
    for (ULONG i = 0; i < some; ++i)
      if (seen[i] != value) return false;
  }
  return true;
}
inline bool all_are(UCHAR const* memory, UCHAR value, ULONG bytes) noexcept {
  for (ULONG i = 0; i < bytes; ++i)
    if (memory[i] != value) return false;
  return true;
}

// The first two parameters of the bugcheck that DMA has.
inline void require_violation(Bugcheck const& end, ULONG_PTR what) noexcept {
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DMA_VIOLATION);
  MICA_CHECK(end.parameters[0] == what);
}
inline void require_violation(Bugcheck const& end, ULONG_PTR what, ULONG_PTR second) noexcept {
  require_violation(end, what);
  MICA_CHECK(end.parameters[1] == second);
}

// A request for a channel, and what came of it.
struct ChannelRequest {
  IO_ALLOCATION_ACTION action = KeepObject;
  int calls = 0;
  PVOID base = nullptr;
  PDEVICE_OBJECT device = nullptr;
  PIRP irp = nullptr;
  KIRQL level = PASSIVE_LEVEL;
  int order = 0;           // which of all it was
  int* counter = nullptr;  // of those that were called
  void (*inside)(ChannelRequest& request) = nullptr;
  void* context = nullptr;  // of `inside`

  static IO_ALLOCATION_ACTION NTAPI control(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                            PVOID context) {
    auto& request = *static_cast<ChannelRequest*>(context);
    ++request.calls;
    request.base = base;
    request.device = device;
    request.irp = irp;
    request.level = KeGetCurrentIrql();
    if (request.counter != nullptr) request.order = ++*request.counter;
    if (request.inside != nullptr) request.inside(request);
    return request.action;
  }

  NTSTATUS ask(OwnAdapter const& adapter, PDEVICE_OBJECT target, ULONG registers) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    return adapter->AllocateAdapterChannel(adapter, target, registers, control, this);
  }
};

// What names a request for a channel.
struct Transfer {
  alignas(16) UCHAR bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];
  explicit Transfer(OwnAdapter const& adapter) noexcept {
    std::memset(bytes, 0xCC, sizeof bytes);
    MICA_CHECK(adapter->InitializeDmaTransferContext(adapter, bytes) == STATUS_SUCCESS);
  }
};

inline void free_channel(OwnAdapter const& adapter) noexcept {
  AtLevel const dispatch{DISPATCH_LEVEL};
  adapter->FreeAdapterChannel(adapter);
}
inline void free_registers(OwnAdapter const& adapter, PVOID base, ULONG count) noexcept {
  AtLevel const dispatch{DISPATCH_LEVEL};
  adapter->FreeMapRegisters(adapter, base, count);
}

// Channel and map registers for a scope.
class [[nodiscard]] HeldChannel {
 public:
  HeldChannel(OwnAdapter const& adapter, PDEVICE_OBJECT device, ULONG registers) noexcept
      : adapter_{adapter} {
    MICA_REQUIRE(request_.ask(adapter, device, registers) == STATUS_SUCCESS);
    MICA_REQUIRE(request_.calls == 1);
  }
  ~HeldChannel() { free_channel(adapter_); }
  HeldChannel(HeldChannel const&) = delete;
  HeldChannel& operator=(HeldChannel const&) = delete;
  [[nodiscard]] PVOID base() const noexcept { return request_.base; }

 private:
  OwnAdapter const& adapter_;
  ChannelRequest request_;
};

}  // namespace mica::test
