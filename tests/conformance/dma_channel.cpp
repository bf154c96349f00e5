// Channel and map registers of DMA adapters: who is given them, and in which order.
#include "dma_support.hpp"

using namespace mica::test;

namespace {

// An adapter of four map registers, and devices that want them.
struct Setup {
  OwnAdapter adapter{bus_master(64, 3 * PAGE_SIZE)};
  Driver driver;
  PDEVICE_OBJECT devices[3]{driver.make(), driver.make(), driver.make()};
  int counter = 0;
  ChannelRequest requests[3];

  Setup() noexcept {
    MICA_REQUIRE(adapter.registers == 4);
    for (ChannelRequest& request : requests) request.counter = &counter;
  }
  NTSTATUS ask(int which, ULONG registers, IO_ALLOCATION_ACTION action = KeepObject) noexcept {
    requests[which].action = action;
    return requests[which].ask(adapter, devices[which], registers);
  }
  NTSTATUS ask_ex(Transfer& transfer, ULONG registers, ULONG flags, ChannelRequest* request,
                  PVOID* base) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    return adapter->AllocateAdapterChannelEx(adapter, devices[0], transfer.bytes, registers, flags,
                                             request != nullptr ? ChannelRequest::control : nullptr,
                                             request, base);
  }
  BOOLEAN cancel(Transfer& transfer) noexcept {
    return adapter->CancelAdapterChannel(adapter, devices[0], transfer.bytes);
  }
};

}  // namespace

MICA_CASE("Io: a channel that is free is given at once, at DISPATCH_LEVEL") {
  Setup setup;
  int mark = 0;
  setup.devices[0]->CurrentIrp = reinterpret_cast<PIRP>(&mark);
  MICA_CHECK(setup.ask(0, 2) == STATUS_SUCCESS);
  ChannelRequest const& request = setup.requests[0];
  MICA_CHECK(request.calls == 1 && request.level == DISPATCH_LEVEL && request.base != nullptr);
  MICA_CHECK(request.device == setup.devices[0] && request.irp == setup.devices[0]->CurrentIrp);
  setup.devices[0]->CurrentIrp = nullptr;
  free_channel(setup.adapter);
  AtLevel const dispatch{DISPATCH_LEVEL};
  MICA_CHECK(IoAllocateAdapterChannel(setup.adapter, setup.devices[1], 0, ChannelRequest::control,
                                      &setup.requests[1]) == STATUS_SUCCESS);
  MICA_CHECK(setup.requests[1].calls == 1 && setup.requests[1].base == nullptr);
  IoFreeAdapterChannel(setup.adapter);
}

MICA_CASE("Io: who keeps the channel keeps others waiting, who are served in turn") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 1) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask(1, 1) == STATUS_SUCCESS && setup.ask(2, 1) == STATUS_SUCCESS);
  MICA_CHECK(setup.counter == 1);
  free_channel(setup.adapter);
  MICA_CHECK(setup.counter == 2 && setup.requests[1].order == 2);
  MICA_CHECK(setup.requests[1].level == DISPATCH_LEVEL && KeGetCurrentIrql() == PASSIVE_LEVEL);
  free_channel(setup.adapter);
  MICA_CHECK(setup.counter == 3 && setup.requests[2].order == 3);
  free_channel(setup.adapter);
}

MICA_CASE("Io: map registers are kept without the channel, and waited for") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 3, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask(1, 1, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  MICA_CHECK(setup.counter == 2 && setup.requests[0].base != setup.requests[1].base);
  MICA_CHECK(setup.ask(2, 1, DeallocateObject) == STATUS_SUCCESS && setup.counter == 2);
  free_registers(setup.adapter, setup.requests[1].base, 1);
  MICA_CHECK(setup.counter == 3);
  setup.requests[1].calls = 0;
  MICA_CHECK(setup.ask(1, 1) == STATUS_SUCCESS && setup.requests[1].calls == 1);
  free_registers(setup.adapter, setup.requests[0].base, 3);
  free_channel(setup.adapter);
}

MICA_CASE("Io: who waits for many map registers is not overtaken by who wants few") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 2, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask(1, 4) == STATUS_SUCCESS && setup.ask(2, 1) == STATUS_SUCCESS);
  MICA_CHECK(setup.counter == 1);
  free_registers(setup.adapter, setup.requests[0].base, 2);
  MICA_CHECK(setup.counter == 2 && setup.requests[1].order == 2);
  free_channel(setup.adapter);
  MICA_CHECK(setup.counter == 3 && setup.requests[2].order == 3);
  free_channel(setup.adapter);
}

MICA_CASE("Io: nobody waits for more map registers than the adapter has") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 5) == STATUS_INSUFFICIENT_RESOURCES && setup.counter == 0);
  MICA_CHECK(setup.ask(0, 4, DeallocateObject) == STATUS_SUCCESS && setup.counter == 1);
  MICA_CHECK(setup.ask(0, 4, DeallocateObject) == STATUS_SUCCESS && setup.counter == 2);
}

MICA_CASE("Io: a routine that asks or gives back is not entered by another: they come in turn") {
  Setup setup;
  struct Inside {
    Setup& setup;
    int depth, deepest;
  } inside{setup, 0, 0};
  for (ChannelRequest& request : setup.requests) {
    request.context = &inside;
    request.inside = [](ChannelRequest& self) {
      auto& at = *static_cast<Inside*>(self.context);
      if (++at.depth > at.deepest) at.deepest = at.depth;
      Setup& in = at.setup;
      if (&self == &in.requests[0]) {
        MICA_CHECK(in.ask(1, 1) == STATUS_SUCCESS);
        MICA_CHECK(in.ask(2, 1, DeallocateObject) == STATUS_SUCCESS);
      }
      if (&self != &in.requests[2]) in.adapter->FreeAdapterChannel(in.adapter);
      --at.depth;
    };
  }
  MICA_CHECK(setup.ask(0, 1) == STATUS_SUCCESS);
  MICA_CHECK(setup.counter == 3 && inside.deepest == 1);
  MICA_CHECK(setup.requests[1].order == 2 && setup.requests[2].order == 3);
}

MICA_CASE("Io: a routine that has freed the channel frees nobody else's when it returns") {
  Setup setup;
  struct Inside {
    Setup& setup;
    Transfer transfer;
    PVOID base;
  } inside{setup, Transfer{setup.adapter}, nullptr};
  setup.requests[0].context = &inside;
  setup.requests[0].inside = [](ChannelRequest& self) {
    auto& at = *static_cast<Inside*>(self.context);
    at.setup.adapter->FreeAdapterChannel(at.setup.adapter);
    MICA_CHECK(at.setup.ask_ex(at.transfer, 2, DMA_SYNCHRONOUS_CALLBACK, nullptr, &at.base) ==
               STATUS_SUCCESS);
  };
  MICA_CHECK(setup.ask(0, 1, DeallocateObject) == STATUS_SUCCESS && inside.base != nullptr);
  MICA_CHECK(setup.ask(1, 1) == STATUS_SUCCESS && setup.counter == 1);
  setup.adapter->FreeAdapterObject(setup.adapter, DeallocateObject);
  MICA_CHECK(setup.counter == 2);
  free_channel(setup.adapter);
}

MICA_CASE("Io: a channel that is asked for synchronously is given now or not at all") {
  Setup setup;
  Transfer first{setup.adapter}, second{setup.adapter};
  ChannelRequest called{.action = DeallocateObject};
  PVOID base = nullptr;
  MICA_CHECK(setup.ask_ex(first, 2, DMA_SYNCHRONOUS_CALLBACK, nullptr, &base) == STATUS_SUCCESS);
  MICA_CHECK(base != nullptr);
  MICA_CHECK(setup.ask_ex(second, 1, DMA_SYNCHRONOUS_CALLBACK, &called, nullptr) ==
             STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(called.calls == 0);
  setup.adapter->FreeAdapterObject(setup.adapter, KeepObject);
  MICA_CHECK(setup.ask_ex(second, 1, DMA_SYNCHRONOUS_CALLBACK, &called, nullptr) ==
             STATUS_INSUFFICIENT_RESOURCES);
  setup.adapter->FreeAdapterObject(setup.adapter, DeallocateObjectKeepRegisters);
  MICA_CHECK(setup.ask_ex(second, 3, DMA_SYNCHRONOUS_CALLBACK, &called, nullptr) ==
             STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(setup.ask_ex(second, 2, DMA_SYNCHRONOUS_CALLBACK, &called, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(called.calls == 1 && called.level == DISPATCH_LEVEL && called.base != base);
  free_registers(setup.adapter, base, 2);
  MICA_CHECK(setup.ask_ex(second, 4, DMA_SYNCHRONOUS_CALLBACK, nullptr, &base) == STATUS_SUCCESS);
  setup.adapter->FreeAdapterObject(setup.adapter, DeallocateObject);
}

MICA_CASE("Io: whoever waits is not overtaken by who asks synchronously") {
  Setup setup;
  Transfer transfer{setup.adapter};
  PVOID base = nullptr;
  MICA_CHECK(setup.ask(0, 1, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask(1, 4) == STATUS_SUCCESS && setup.counter == 1);
  MICA_CHECK(setup.ask_ex(transfer, 1, DMA_SYNCHRONOUS_CALLBACK, nullptr, &base) ==
             STATUS_INSUFFICIENT_RESOURCES);
  free_registers(setup.adapter, setup.requests[0].base, 1);
  MICA_CHECK(setup.counter == 2);
  free_channel(setup.adapter);
}

MICA_CASE("Io: what a channel may not be asked for with") {
  Setup setup;
  Transfer transfer{setup.adapter};
  ChannelRequest request{.action = DeallocateObject};
  PVOID base = nullptr;
  constexpr ULONG now = DMA_SYNCHRONOUS_CALLBACK;
  MICA_CHECK(setup.ask_ex(transfer, 1, 0, nullptr, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.ask_ex(transfer, 1, 0, &request, &base) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.ask_ex(transfer, 1, now, nullptr, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.ask_ex(transfer, 1, now | 0x80, &request, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(setup.ask_ex(transfer, 5, 0, &request, nullptr) == STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(request.calls == 0);
  MICA_CHECK(setup.ask_ex(transfer, 1, now, &request, &base) == STATUS_SUCCESS);
  MICA_CHECK(request.calls == 1 && request.base == base);
}

MICA_CASE("Io: a request that waits for a channel is cancelled by its context") {
  Setup setup;
  Transfer transfer{setup.adapter}, other{setup.adapter};
  ChannelRequest waiting{.action = DeallocateObject};
  MICA_CHECK(setup.ask(0, 2, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask_ex(transfer, 4, 0, &waiting, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(setup.ask(1, 1) == STATUS_SUCCESS && setup.counter == 1);
  MICA_CHECK(setup.cancel(transfer) != FALSE);
  MICA_CHECK(setup.counter == 2 && waiting.calls == 0);  // nobody is before it any more
  MICA_CHECK(setup.ask_ex(transfer, 1, 0, &waiting, nullptr) == STATUS_CANCELLED);
  free_channel(setup.adapter);
  free_registers(setup.adapter, setup.requests[0].base, 2);
  MICA_CHECK(setup.ask_ex(other, 1, 0, &waiting, nullptr) == STATUS_SUCCESS && waiting.calls == 1);
  MICA_CHECK(setup.cancel(other) == FALSE);
}

MICA_CASE("Io: a request for a channel can be cancelled before it is made") {
  Setup setup;
  Transfer transfer{setup.adapter};
  ChannelRequest request{.action = DeallocateObject};
  PVOID base = nullptr;
  MICA_CHECK(setup.cancel(transfer) != FALSE);
  MICA_CHECK(setup.ask_ex(transfer, 1, 0, &request, nullptr) == STATUS_CANCELLED);
  MICA_CHECK(setup.ask_ex(transfer, 1, DMA_SYNCHRONOUS_CALLBACK, nullptr, &base) ==
             STATUS_CANCELLED);
  MICA_CHECK(request.calls == 0 && base == nullptr);
  setup.adapter->InitializeDmaTransferContext(setup.adapter, transfer.bytes);
  MICA_CHECK(setup.ask_ex(transfer, 1, 0, &request, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(request.calls == 1);
}

MICA_CASE("Io: a transfer context may begin anywhere") {
  Setup setup;
  UCHAR bytes[DMA_TRANSFER_CONTEXT_SIZE_V1 + 3];
  UCHAR* const odd = bytes + 1;
  std::memset(bytes, 0x5A, sizeof bytes);
  MICA_CHECK(setup.adapter->InitializeDmaTransferContext(setup.adapter, odd) == STATUS_SUCCESS);
  MICA_CHECK(bytes[0] == 0x5A && odd[DMA_TRANSFER_CONTEXT_SIZE_V1] == 0x5A);
  MICA_CHECK(setup.adapter->CancelAdapterChannel(setup.adapter, setup.devices[0], odd) != FALSE);
  MICA_CHECK(odd[DMA_TRANSFER_CONTEXT_SIZE_V1] == 0x5A);
}

MICA_CASE("Io: channel and map registers are freed once each, as many as there are") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 3, DeallocateObjectKeepRegisters) == STATUS_SUCCESS);
  auto* const base = static_cast<UCHAR*>(setup.requests[0].base);
  require_violation(bugcheck_of([&] { free_channel(setup.adapter); }), 0x04, 1);
  require_violation(bugcheck_of([&] { free_registers(setup.adapter, base, 4); }), 0x05, 1);
  require_violation(bugcheck_of([&] { free_registers(setup.adapter, base + 1, 3); }), 0x05);
  free_registers(setup.adapter, base, 3);
  require_violation(bugcheck_of([&] { free_registers(setup.adapter, base, 3); }), 0x05);
  free_registers(setup.adapter, nullptr, 0);
}

MICA_CASE("Io: who keeps the channel may free its map registers before") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 4) == STATUS_SUCCESS);
  free_registers(setup.adapter, setup.requests[0].base, 4);
  MICA_CHECK(setup.ask(1, 4) == STATUS_SUCCESS && setup.counter == 1);
  free_channel(setup.adapter);
  MICA_CHECK(setup.counter == 2);
  free_channel(setup.adapter);
}

MICA_CASE("Io: a device waits once for a channel") {
  Setup setup;
  MICA_CHECK(setup.ask(0, 1) == STATUS_SUCCESS && setup.ask(1, 1) == STATUS_SUCCESS);
  require_violation(bugcheck_of([&] { static_cast<void>(setup.ask(1, 1)); }), 0x0B, 1);
  free_channel(setup.adapter);
  free_channel(setup.adapter);
}

MICA_CASE("Io: an adapter is put when channel and map registers are free") {
  Setup setup;
  PDMA_ADAPTER const adapter = setup.adapter;
  MICA_CHECK(setup.ask(0, 1) == STATUS_SUCCESS);
  require_violation(bugcheck_of([&] { setup.adapter->PutDmaAdapter(adapter); }), 0x08,
                    reinterpret_cast<ULONG_PTR>(adapter));
  setup.adapter->FreeAdapterObject(adapter, DeallocateObjectKeepRegisters);
  Bugcheck const end = bugcheck_of([&] { setup.adapter->PutDmaAdapter(adapter); });
  require_violation(end, 0x09, reinterpret_cast<ULONG_PTR>(adapter));
  MICA_CHECK(end.parameters[2] == 1);
  free_registers(setup.adapter, setup.requests[0].base, 1);
}

MICA_CASE("Io: a verified driver asks for a channel at DISPATCH_LEVEL") {
  Setup setup;
  auto ask = [&] {
    static_cast<void>(setup.adapter->AllocateAdapterChannel(
        setup.adapter, setup.devices[0], 1, ChannelRequest::control, &setup.requests[0]));
  };
  {
    Verified const verified{true};
    Bugcheck const end = bugcheck_of(ask);
    require_violation(end, 0x13, 1);
    MICA_CHECK(end.parameters[2] == DISPATCH_LEVEL && end.parameters[3] == PASSIVE_LEVEL);
  }
  Verified const not_verified{false};
  ask();
  MICA_CHECK(setup.counter == 1 && KeGetCurrentIrql() == PASSIVE_LEVEL);
  free_channel(setup.adapter);
}
