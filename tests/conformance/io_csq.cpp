// Cancel-safe queues: IoCsqInsertIrp, IoCsqRemoveIrp, IoCsqRemoveNextIrp and cancelling.
#include "csq_support.hpp"

using namespace mica::test;

MICA_CASE("Io: a cancel-safe queue gives IRPs out in the order they came, pending") {
  SafeQueue queue;
  HeldIrp first, second;
  MICA_CHECK(queue.csq.Type == IO_TYPE_CSQ);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == nullptr);
  IoCsqInsertIrp(&queue.csq, first, nullptr);
  IoCsqInsertIrp(&queue.csq, second, nullptr);
  MICA_CHECK(first.is_pending() && second.is_pending());
  MICA_CHECK(first->CancelRoutine != nullptr);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == first);
  MICA_CHECK(first->CancelRoutine == nullptr);
  MICA_CHECK(IoCancelIrp(first) == FALSE);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == second);
  MICA_CHECK(queue.is_empty() && queue.cancelled == 0);
  complete(first, STATUS_SUCCESS);
  complete(second, STATUS_SUCCESS);
}

MICA_CASE("Io: a cancel-safe queue gives out those that its peek routine picks") {
  SafeQueue queue;
  HeldIrp first, second;
  FILE_OBJECT file{};
  second->Tail.Overlay.OriginalFileObject = &file;
  IoCsqInsertIrp(&queue.csq, first, nullptr);
  IoCsqInsertIrp(&queue.csq, second, nullptr);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, &file) == second);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, &file) == nullptr);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == first);
  complete(first, STATUS_SUCCESS);
  complete(second, STATUS_SUCCESS);
}

MICA_CASE("Io: a cancelled IRP leaves its cancel-safe queue and is completed by it") {
  SafeQueue queue;
  HeldIrp first, second;
  IoCsqInsertIrp(&queue.csq, first, nullptr);
  IoCsqInsertIrp(&queue.csq, second, nullptr);
  MICA_CHECK(IoCancelIrp(first) != FALSE);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  MICA_CHECK(first.is_complete() && first.status() == STATUS_CANCELLED);
  MICA_CHECK(queue.cancelled == 1);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == second);
  complete(second, STATUS_SUCCESS);
}

MICA_CASE("Io: an IRP that was cancelled before is completed when it is inserted") {
  SafeQueue queue;
  HeldIrp request;
  IO_CSQ_IRP_CONTEXT context{};
  MICA_CHECK(IoCancelIrp(request) == FALSE);
  IoCsqInsertIrp(&queue.csq, request, &context);
  MICA_CHECK(request.is_complete() && request.status() == STATUS_CANCELLED);
  MICA_CHECK(request->PendingReturned != FALSE);
  MICA_CHECK(queue.is_empty() && queue.cancelled == 1);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &context) == nullptr);
}

MICA_CASE("Io: a context takes its IRP out of a cancel-safe queue, once") {
  SafeQueue queue;
  HeldIrp first, second;
  IO_CSQ_IRP_CONTEXT of_first{}, of_second{};
  IoCsqInsertIrp(&queue.csq, first, &of_first);
  IoCsqInsertIrp(&queue.csq, second, &of_second);
  MICA_CHECK(of_second.Type == IO_TYPE_CSQ_IRP_CONTEXT);
  MICA_CHECK(of_second.Irp == second && of_second.Csq == &queue.csq);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &of_second) == second);
  MICA_CHECK(of_second.Irp == nullptr && second->CancelRoutine == nullptr);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &of_second) == nullptr);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == first);
  MICA_CHECK(of_first.Irp == nullptr);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &of_first) == nullptr);
  complete(first, STATUS_SUCCESS);
  complete(second, STATUS_SUCCESS);
}

MICA_CASE("Io: the context of a cancelled IRP finds nothing, and may name another") {
  SafeQueue queue;
  HeldIrp first, second;
  IO_CSQ_IRP_CONTEXT context{};
  IoCsqInsertIrp(&queue.csq, first, &context);
  MICA_CHECK(IoCancelIrp(first) != FALSE);
  MICA_CHECK(context.Irp == nullptr);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &context) == nullptr);
  IoCsqInsertIrp(&queue.csq, second, &context);
  MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &context) == second);
  complete(second, STATUS_SUCCESS);
}

MICA_CASE("Io: an Ex queue's insert routine may refuse, and gets a context") {
  SafeQueue queue{true};
  HeldIrp request;
  IO_CSQ_IRP_CONTEXT context{};
  int mark = 0;
  MICA_CHECK(queue.csq.Type == IO_TYPE_CSQ_EX);
  queue.answer = STATUS_DEVICE_BUSY;
  MICA_CHECK(IoCsqInsertIrpEx(&queue.csq, request, &context, &mark) == STATUS_DEVICE_BUSY);
  MICA_CHECK(queue.insert_context == &mark);
  MICA_CHECK(!request.is_pending() && request->CancelRoutine == nullptr);
  MICA_CHECK(context.Irp == nullptr);
  queue.answer = STATUS_PENDING;
  MICA_CHECK(IoCsqInsertIrpEx(&queue.csq, request, &context, nullptr) == STATUS_PENDING);
  MICA_CHECK(queue.insert_context == nullptr && request.is_pending());
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == request);
  complete(request, STATUS_SUCCESS);
}

MICA_CASE("Io: a plain insertion into an Ex queue has no context") {
  SafeQueue queue{true};
  HeldIrp request;
  int mark = 0;
  queue.insert_context = &mark;
  IoCsqInsertIrp(&queue.csq, request, nullptr);
  MICA_CHECK(queue.insert_context == nullptr);
  MICA_CHECK(IoCancelIrp(request) != FALSE);
  MICA_CHECK(request.status() == STATUS_CANCELLED && queue.cancelled == 1);
}

MICA_CASE("Io: who removes an IRP that is being cancelled is told so and waits for the canceller") {
  SafeQueue queue;
  HeldIrp request;
  IO_CSQ_IRP_CONTEXT context{};
  IoCsqInsertIrp(&queue.csq, request, &context);
  KIRQL old = PASSIVE_LEVEL;
  IoAcquireCancelSpinLock(&old);
  PDRIVER_CANCEL const routine = IoSetCancelRoutine(request, nullptr);  // as IoCancelIrp does
  std::atomic<bool> returned{false};
  auto remover = [&] {
    MICA_CHECK(IoCsqRemoveIrp(&queue.csq, &context) == nullptr);
    returned = true;
  };
  IoReleaseCancelSpinLock(old);
  MICA_CHECK(IoCsqRemoveNextIrp(&queue.csq, nullptr) == nullptr);
  Thread* const thread = start(remover);
  join(thread);
  MICA_CHECK(returned && context.Irp == nullptr);
  context = {};  // it is the owner's again
  IoAcquireCancelSpinLock(&old);
  request->CancelIrql = old;
  routine(nullptr, request);
  MICA_CHECK(request.is_complete() && queue.cancelled == 1);
}
