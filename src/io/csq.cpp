// Cancel-safe queues.                                           [MSDN "Cancel-Safe IRP Queues"]
//   Who takes the cancel routine out of an IRP has the IRP, and takes it off the queue under the
//   queue's lock: a remover at once, the canceller in the cancel routine. Until then it stays in
//   the queue, so that a remover who comes too late may still look at it.
//   While in a queue, an IRP names its context, or without one the queue; both begin with a type.
#include <bit>

#include "io/state.hpp"

using namespace mica;
using namespace mica::io;

namespace {

using Link = std::atomic_ref<PVOID>;

Link link_of(IRP& irp) noexcept {
  return Link{irp.Tail.Overlay.DriverContext[3]};
}

// Null: the link is the queue's.
PIO_CSQ_IRP_CONTEXT context_at(PVOID link) noexcept {
  auto* const context = static_cast<PIO_CSQ_IRP_CONTEXT>(link);
  return context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? context : nullptr;
}

class [[nodiscard]] QueueGuard {
 public:
  explicit QueueGuard(IO_CSQ& queue) noexcept : queue_{queue} {
    queue_.CsqAcquireLock(&queue_, &old_);
  }
  ~QueueGuard() { queue_.CsqReleaseLock(&queue_, old_); }
  QueueGuard(QueueGuard const&) = delete;
  QueueGuard& operator=(QueueGuard const&) = delete;

 private:
  IO_CSQ& queue_;
  KIRQL old_ = PASSIVE_LEVEL;
};

// The caller holds the queue's lock and has the IRP.
void NTAPI take_off(IO_CSQ& queue, IRP& irp) noexcept {
  queue.CsqRemoveIrp(&queue, &irp);
  PVOID const link = link_of(irp).exchange(nullptr, std::memory_order_relaxed);
  if (PIO_CSQ_IRP_CONTEXT const context = context_at(link)) context->Irp = nullptr;
}

// The cancel routine. A context may end as soon as the cancel lock is free (wait_for_canceller),
// unless the IRP still names it under the queue's lock.
void NTAPI cancel(PDEVICE_OBJECT, PIRP irp) MICA_NO_ANALYSIS {
  PVOID const link = link_of(*irp).load(std::memory_order_relaxed);
  PIO_CSQ_IRP_CONTEXT const context = context_at(link);
  IO_CSQ& queue = context != nullptr ? *context->Csq : *static_cast<PIO_CSQ>(link);
  IoReleaseCancelSpinLock(irp->CancelIrql);
  {
    QueueGuard guard{queue};
    take_off(queue, *irp);
  }
  queue.CsqCompleteCanceledIrp(&queue, irp);
}

// Who has taken a cancel routine calls it before the cancel lock is free.
void NTAPI wait_for_canceller() noexcept {
  ke::SpinGuard const guard{state().cancel_lock};
}

NTSTATUS NTAPI call_insert(IO_CSQ& queue, IRP& irp, PVOID context) noexcept {
  if (queue.Type == IO_TYPE_CSQ_EX)
    return std::bit_cast<PIO_CSQ_INSERT_IRP_EX>(queue.CsqInsertIrp)(&queue, &irp, context);
  queue.CsqInsertIrp(&queue, &irp);
  return STATUS_SUCCESS;
}

// The IRP is in the queue and can be cancelled; whether the caller has to do that.
[[nodiscard]] bool NTAPI publish(IO_CSQ& queue, IRP& irp) noexcept {
  IoMarkIrpPending(&irp);
  static_cast<void>(IoSetCancelRoutine(&irp, cancel));
  // IoCancelIrp sets the flag first and takes the routine then: one of the two sees the other.
  bool const cancelled = is_cancelled(irp) && IoSetCancelRoutine(&irp, nullptr) != nullptr;
  if (cancelled) take_off(queue, irp);
  return cancelled;
}

NTSTATUS NTAPI insert(IO_CSQ& queue, IRP& irp, PIO_CSQ_IRP_CONTEXT context,
                      PVOID insert_context) noexcept {
  PVOID link = &queue;
  if (context != nullptr) {
    *context = {IO_TYPE_CSQ_IRP_CONTEXT, &irp, &queue};
    link = context;
  }
  NTSTATUS status;
  bool cancelled = false;
  {
    QueueGuard guard{queue};
    link_of(irp).store(link, std::memory_order_relaxed);
    status = call_insert(queue, irp, insert_context);
    if (NT_SUCCESS(status)) {
      cancelled = publish(queue, irp);
    } else if (context != nullptr) {
      context->Irp = nullptr;
    }
  }
  if (cancelled) queue.CsqCompleteCanceledIrp(&queue, &irp);
  return status;
}

}  // namespace

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp,
                               PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                               PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  *Csq = {IO_TYPE_CSQ,    CsqInsertIrp,   CsqRemoveIrp,           CsqPeekNextIrp,
          CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, nullptr};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrpEx,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                                 PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                 PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
  static_cast<void>(IoCsqInitialize(Csq, std::bit_cast<PIO_CSQ_INSERT_IRP>(CsqInsertIrpEx),
                                    CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock,
                                    CsqCompleteCanceledIrp));
  Csq->Type = IO_TYPE_CSQ_EX;
  return STATUS_SUCCESS;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context) {
  static_cast<void>(insert(*Csq, *Irp, Context, nullptr));
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context,
                                PVOID InsertContext) {
  return insert(*Csq, *Irp, Context, InsertContext);
}

// Who comes too late takes the context's name out of the IRP: the canceller will not touch the
// context when it has the queue's lock. It may be looking at it before that.
PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context) {
  {
    QueueGuard guard{*Csq};
    PIRP const irp = Context->Irp;
    if (irp == nullptr) return nullptr;
    if (IoSetCancelRoutine(irp, nullptr) != nullptr) {
      take_off(*Csq, *irp);
      return irp;
    }
    link_of(*irp).store(Csq, std::memory_order_relaxed);
    Context->Irp = nullptr;
  }
  wait_for_canceller();
  return nullptr;
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext) {
  QueueGuard guard{*Csq};
  PIRP irp = nullptr;
  do irp = Csq->CsqPeekNextIrp(Csq, irp, PeekContext);
  while (irp != nullptr && IoSetCancelRoutine(irp, nullptr) == nullptr);
  if (irp != nullptr) take_off(*Csq, *irp);
  return irp;
}
