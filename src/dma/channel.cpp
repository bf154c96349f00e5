// Who waits for a channel and map registers, and who is given them.
//   [MSDN AllocateAdapterChannel, AllocateAdapterChannelEx, CancelAdapterChannel]
//   First come, first served: whoever waits at the head keeps those behind it waiting, so that who
//   wants many registers gets them in the end. Somebody gives something back and calls serve():
//   that calls who can be served, one after the other, and if somebody is at it already leaves it
//   to him. So no routine is entered by another that has given something back, and no stack grows.
//   Who serves keeps the adapter: a driver may put it while its routine returns. Who does not serve
//   leaves it alone from the moment that what was waited for may be somebody else's.
#include "dma/operations.hpp"
#include "trace/callback.hpp"

namespace mica::dma {
namespace {

using Guard = ke::SpinGuard<ke::Rank::dma>;

struct Grant {
  PDRIVER_CONTROL routine;
  void* routine_context;
  PDEVICE_OBJECT device;
  PIRP irp;
  MapRegister* base;
  ULONG number;
};

// At DISPATCH_LEVEL for a scope.
class [[nodiscard]] Raised {
 public:
  Raised() noexcept : old_{Machine::raise(DISPATCH_LEVEL)} {}
  ~Raised() { Machine::lower(old_); }
  Raised(Raised const&) = delete;
  Raised& operator=(Raised const&) = delete;

 private:
  KIRQL const old_;
};

void fill(Request const& request) noexcept {
  WAIT_CONTEXT_BLOCK& wait = request.wait;
  wait.DeviceRoutine = reinterpret_cast<void*>(request.routine);
  wait.DeviceContext = request.routine_context;
  wait.NumberOfMapRegisters = request.registers;
  wait.DeviceObject = request.device;
  wait.CurrentIrp = request.device->CurrentIrp;
}

// Both or nothing. Lock.
bool NTAPI take(Adapter& adapter, WAIT_CONTEXT_BLOCK const& wait, Grant& grant) noexcept {
  if (adapter.channel_taken) return false;
  ULONG const wanted = wait.NumberOfMapRegisters;
  MapRegister* const base = wanted != 0 ? take_run(adapter, wanted) : nullptr;
  if (base == nullptr && wanted != 0) return false;
  adapter.channel_taken = true;
  adapter.channel_base = base;
  grant = {reinterpret_cast<PDRIVER_CONTROL>(wait.DeviceRoutine),
           wait.DeviceContext,
           static_cast<PDEVICE_OBJECT>(wait.DeviceObject),
           static_cast<PIRP>(wait.CurrentIrp),
           base,
           ++adapter.channel_grant};
  return true;
}

// Registers that the driver has freed by themselves are free still: nobody gets any while the
// channel is taken. Lock.
void NTAPI release(Adapter& adapter, IO_ALLOCATION_ACTION action) noexcept {
  if (action == DeallocateObject && adapter.channel_base != nullptr)
    free_run(adapter, *adapter.channel_base);
  adapter.channel_base = nullptr;
  adapter.channel_taken = false;
}

// What the routine wants is done, unless the channel was freed meanwhile.
void NTAPI perform(Adapter& adapter, Grant const& grant) noexcept {
  bool const ours = grant.routine == list_control;
  IO_ALLOCATION_ACTION const action =
      trace::call(ours ? nullptr : ke::listener(), trace::Callback::adapter_control, grant.routine,
                  grant.device, grant.irp, static_cast<void*>(grant.base), grant.routine_context);
  if (action == KeepObject) return;
  Guard guard{adapter.lock};
  if (adapter.channel_taken && adapter.channel_grant == grant.number) release(adapter, action);
}

// False: nobody is left whom there is enough for, and nobody serves any more.
bool NTAPI take_first(Adapter& adapter, Grant& grant) noexcept {
  Guard guard{adapter.lock};
  if (!list_empty(adapter.waiting)) {
    auto& wait =
        MICA_CONTAINING(*adapter.waiting.Flink, WAIT_CONTEXT_BLOCK, WaitQueueEntry.DeviceListEntry);
    if (take(adapter, wait, grant)) {
      list_remove(wait.WaitQueueEntry.DeviceListEntry);
      wait.WaitQueueEntry.Inserted = FALSE;
      return true;
    }
  }
  adapter.serving = false;
  return false;
}

bool NTAPI may_serve(Adapter& adapter) noexcept {
  Guard guard{adapter.lock};
  return begin_serving(adapter);
}

NTSTATUS NTAPI ask_now(Adapter& adapter, Request const& request, MapRegister** base) noexcept {
  Grant grant;
  {
    Guard guard{adapter.lock};
    if (request.context != nullptr && request.context->state == TransferContext::State::cancelled)
      return STATUS_CANCELLED;
    fill(request);
    if (!list_empty(adapter.waiting) || !take(adapter, request.wait, grant))
      return STATUS_INSUFFICIENT_RESOURCES;
    if (request.context != nullptr) request.context->state = TransferContext::State::asked;
    adapter.references.fetch_add(1, std::memory_order_relaxed);
  }
  if (base != nullptr) *base = grant.base;
  if (request.routine != nullptr) {
    Raised const raised;
    perform(adapter, grant);
    serve(adapter, may_serve(adapter));
  }
  dereference(adapter);
  return STATUS_SUCCESS;
}

// STATUS_DEVICE_BUSY: the wait block is in the queue.
NTSTATUS NTAPI queue(Adapter& adapter, Request const& request, bool& serves) noexcept {
  Guard guard{adapter.lock};
  KDEVICE_QUEUE_ENTRY& entry = request.wait.WaitQueueEntry;
  if (request.context != nullptr && request.context->state == TransferContext::State::cancelled)
    return STATUS_CANCELLED;
  if (entry.Inserted != FALSE) return STATUS_DEVICE_BUSY;
  if (request.context != nullptr) request.context->state = TransferContext::State::asked;
  fill(request);
  entry.Inserted = TRUE;
  list_append(adapter.waiting, entry.DeviceListEntry);
  serves = begin_serving(adapter);
  return STATUS_SUCCESS;
}

}  // namespace

bool NTAPI begin_serving(Adapter& adapter) noexcept {
  if (adapter.serving || list_empty(adapter.waiting)) return false;
  adapter.serving = true;
  adapter.references.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Cancelled NTAPI take_out(Adapter& adapter, TransferContext& context, bool& serves) noexcept {
  Guard guard{adapter.lock};
  KDEVICE_QUEUE_ENTRY& entry = context.wait.WaitQueueEntry;
  bool const waits = entry.Inserted != FALSE;
  if (!waits && context.state == TransferContext::State::asked) return Cancelled::too_late;
  context.state = TransferContext::State::cancelled;
  if (!waits) return Cancelled::early;
  list_remove(entry.DeviceListEntry);
  entry.Inserted = FALSE;
  serves = begin_serving(adapter);  // it may have kept others waiting
  return Cancelled::waiting;
}

bool NTAPI give_back(Adapter& adapter, IO_ALLOCATION_ACTION action, bool& serves) noexcept {
  Guard guard{adapter.lock};
  if (!adapter.channel_taken) return false;
  release(adapter, action);
  serves = begin_serving(adapter);
  return true;
}

bool NTAPI give_back(Adapter& adapter, MapRegister& base) noexcept {
  Guard guard{adapter.lock};
  free_run(adapter, base);
  return begin_serving(adapter);
}

NTSTATUS NTAPI ask(Adapter& adapter, Request const& request, MapRegister** base) noexcept {
  if (request.registers > adapter.register_count) return STATUS_INSUFFICIENT_RESOURCES;
  if (request.synchronous) return ask_now(adapter, request, base);
  bool serves = false;
  NTSTATUS const status = queue(adapter, request, serves);
  if (status == STATUS_DEVICE_BUSY) [[unlikely]]
    violation(Violation::channel_again, 1, ke::as_parameter(request.device));
  serve(adapter, serves);
  return status;
}

void NTAPI serve(Adapter& adapter, bool serves) noexcept {
  if (!serves) return;
  {
    Raised const raised;
    Grant grant;
    while (take_first(adapter, grant)) perform(adapter, grant);
  }
  dereference(adapter);
}

}  // namespace mica::dma
