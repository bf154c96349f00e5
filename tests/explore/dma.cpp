// I5: channel and map registers of a DMA adapter: who waits is served once or cancelled.
#include <atomic>

#include "conformance/dma_support.hpp"
#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

using mica::test::bus_master;
using mica::test::ChannelRequest;
using mica::test::OwnAdapter;
using mica::test::Transfer;

// An adapter of two map registers, and devices that want them.
struct Setup {
  mica::test::Driver driver;
  PDEVICE_OBJECT devices[3]{driver.make(), driver.make(), driver.make()};
  OwnAdapter adapter{bus_master(64, PAGE_SIZE)};
  ChannelRequest requests[3];

  void ask(int which, ULONG registers, IO_ALLOCATION_ACTION action = KeepObject) noexcept {
    requests[which].action = action;
    MICA_CHECK(requests[which].ask(adapter, devices[which], registers) == STATUS_SUCCESS);
  }
  void ask(Transfer& transfer, int which, ULONG registers) noexcept {
    mica::test::AtLevel const dispatch{DISPATCH_LEVEL};
    MICA_CHECK(adapter->AllocateAdapterChannelEx(adapter, devices[which], transfer.bytes, registers,
                                                 0, ChannelRequest::control, &requests[which],
                                                 nullptr) == STATUS_SUCCESS);
  }
  bool cancel(Transfer& transfer) noexcept {
    return adapter->CancelAdapterChannel(adapter, devices[0], transfer.bytes) != FALSE;
  }
};

}  // namespace

MICA_EXPLORE("I5-free", "I5: who asks while the channel is freed gets it", .processors = 2,
             .bound = 3) {
  Setup setup;
  setup.ask(0, 1);
  auto program = [&](unsigned number) {
    if (number == 0) setup.adapter->FreeAdapterChannel(setup.adapter);
    if (number == 1) setup.ask(1, 2);
  };
  run_together(window, {2}, program);
  MICA_CHECK(setup.requests[1].calls == 1 && setup.requests[1].base != nullptr);
  mica::test::free_channel(setup.adapter);
}

MICA_EXPLORE("I5-free-two", "I5: of two who wait each is served once, whoever frees what",
             .processors = 2, .bound = 2) {
  Setup setup;
  setup.ask(0, 1, DeallocateObjectKeepRegisters);
  ChannelRequest again{.action = DeallocateObjectKeepRegisters};
  MICA_CHECK(again.ask(setup.adapter, setup.devices[0], 1) == STATUS_SUCCESS);
  setup.ask(1, 1, DeallocateObject);
  setup.ask(2, 1, DeallocateObject);
  auto program = [&](unsigned number) {
    PVOID const base = number == 0 ? setup.requests[0].base : again.base;
    setup.adapter->FreeMapRegisters(setup.adapter, base, 1);
  };
  run_together(window, {2}, program);
  MICA_CHECK(setup.requests[1].calls == 1 && setup.requests[2].calls == 1);
}

MICA_EXPLORE("I5-cancel", "I5: a request that waits is served or cancelled, not both",
             .processors = 2, .bound = 3) {
  Setup setup;
  Transfer transfer{setup.adapter};
  setup.ask(0, 1);
  setup.requests[1].action = DeallocateObject;
  setup.ask(transfer, 1, 1);
  bool cancelled = false;
  auto program = [&](unsigned number) {
    if (number == 0) setup.adapter->FreeAdapterChannel(setup.adapter);
    if (number == 1) cancelled = setup.cancel(transfer);
  };
  run_together(window, {2}, program);
  MICA_CHECK(setup.requests[1].calls == (cancelled ? 0 : 1));
}

MICA_EXPLORE("I5-cancel-early", "I5: a request is made or cancelled before", .processors = 2,
             .bound = 3) {
  Setup setup;
  Transfer transfer{setup.adapter};
  setup.requests[1].action = DeallocateObject;
  NTSTATUS status = STATUS_SUCCESS;
  bool cancelled = false;
  auto program = [&](unsigned number) {
    if (number == 0)
      status = setup.adapter->AllocateAdapterChannelEx(
          setup.adapter, setup.devices[1], transfer.bytes, 1, 0, ChannelRequest::control,
          &setup.requests[1], nullptr);
    if (number == 1) cancelled = setup.cancel(transfer);
  };
  run_together(window, {2}, program);
  bool const served = setup.requests[1].calls == 1;
  MICA_CHECK(served != cancelled);
  MICA_CHECK(served ? status == STATUS_SUCCESS
                    : status == STATUS_CANCELLED || status == STATUS_SUCCESS);
}

MICA_EXPLORE("I5-cancel-first", "I5: who waits behind a request that is cancelled is served",
             .processors = 2, .bound = 3) {
  Setup setup;
  Transfer transfer{setup.adapter};
  setup.ask(0, 1, DeallocateObjectKeepRegisters);
  setup.requests[1].action = DeallocateObject;
  setup.ask(transfer, 1, 2);
  setup.ask(2, 1, DeallocateObject);
  bool cancelled = false;
  auto program = [&](unsigned number) {
    if (number == 0) setup.adapter->FreeMapRegisters(setup.adapter, setup.requests[0].base, 1);
    if (number == 1) cancelled = setup.cancel(transfer);
  };
  run_together(window, {2}, program);
  MICA_CHECK(setup.requests[1].calls == (cancelled ? 0 : 1));
  MICA_CHECK(setup.requests[2].calls == 1);
}

MICA_EXPLORE("I5-put-asked",
             "I5: an adapter may be put by who is served, while who asked for him returns",
             .processors = 2, .bound = 3) {
  mica::test::SpecialPool const freed_is_gone{mica::ob::pool_tag("IoDm")};
  mica::test::Driver driver;
  PDEVICE_OBJECT const devices[3]{driver.make(), driver.make(), driver.make()};
  DEVICE_DESCRIPTION device = bus_master(64, PAGE_SIZE);
  ULONG registers = 0;
  PDMA_ADAPTER const adapter = IoGetDmaAdapter(nullptr, &device, &registers);
  MICA_REQUIRE(adapter != nullptr);
  ChannelRequest first, second, between{.action = DeallocateObject};
  std::atomic<bool> called{false};
  second.context = &called;
  second.inside = [](ChannelRequest& self) {
    static_cast<std::atomic<bool>*>(self.context)->store(true);
  };
  auto ask = [&](PDEVICE_OBJECT target, ChannelRequest& request) {
    mica::test::AtLevel const dispatch{DISPATCH_LEVEL};
    MICA_CHECK(adapter->DmaOperations->AllocateAdapterChannel(
                   adapter, target, 1, ChannelRequest::control, &request) == STATUS_SUCCESS);
  };
  auto end = [&] {
    IoFreeAdapterChannel(adapter);
    adapter->DmaOperations->PutDmaAdapter(adapter);
  };
  ask(devices[0], first);
  ask(devices[2], between);
  bool put = false;
  auto program = [&](unsigned number) {
    if (number == 0) return ask(devices[1], second);
    IoFreeAdapterChannel(adapter);
    if (!called.load()) return;
    put = true;
    end();
  };
  run_together(window, {2}, program);
  MICA_CHECK(second.calls == 1 && between.calls == 1);
  if (!put) {
    mica::test::AtLevel const dispatch{DISPATCH_LEVEL};
    end();
  }
}

MICA_EXPLORE("I5-put", "I5: an adapter may be put while a routine that kept nothing of it returns",
             .processors = 2, .bound = 3) {
  mica::test::SpecialPool const freed_is_gone{mica::ob::pool_tag("IoDm")};
  mica::test::Driver driver;
  PDEVICE_OBJECT const devices[2]{driver.make(), driver.make()};
  DEVICE_DESCRIPTION device = bus_master(64, PAGE_SIZE);
  ULONG registers = 0;
  PDMA_ADAPTER const adapter = IoGetDmaAdapter(nullptr, &device, &registers);
  MICA_REQUIRE(adapter != nullptr);
  std::atomic<bool> called{false};
  ChannelRequest first, second;
  second.context = &called;
  second.inside = [](ChannelRequest& self) {
    static_cast<std::atomic<bool>*>(self.context)->store(true);
  };
  auto ask = [&](PDEVICE_OBJECT target, ChannelRequest& request) {
    mica::test::AtLevel const dispatch{DISPATCH_LEVEL};
    MICA_CHECK(adapter->DmaOperations->AllocateAdapterChannel(
                   adapter, target, 1, ChannelRequest::control, &request) == STATUS_SUCCESS);
  };
  ask(devices[0], first);
  ask(devices[1], second);
  bool put = false;
  auto end = [&] {
    IoFreeAdapterChannel(adapter);
    adapter->DmaOperations->PutDmaAdapter(adapter);
  };
  auto program = [&](unsigned number) {
    if (number == 0) IoFreeAdapterChannel(adapter);
    if (number == 1 && called.load()) {
      put = true;
      end();
    }
  };
  run_together(window, {2}, program);
  MICA_CHECK(second.calls == 1);
  if (!put) {
    mica::test::AtLevel const dispatch{DISPATCH_LEVEL};
    end();
  }
}
