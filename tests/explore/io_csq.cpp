// I1 in cancel-safe queues: of those who insert, remove and cancel an IRP one has it, and a context
// is its owner's again when its IRP was asked for.
#include "conformance/csq_support.hpp"
#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

using mica::test::HeldIrp;
using mica::test::SafeQueue;

void serve(PIRP irp) noexcept {
  if (irp != nullptr) mica::test::complete(irp, STATUS_SUCCESS);
}

}  // namespace

MICA_EXPLORE("I1-queue",
             "I1: an IRP that is inserted, removed and cancelled is not left in its queue",
             .processors = 3, .bound = 2) {
  SafeQueue queue;
  HeldIrp irp;
  auto program = [&](unsigned number) {
    if (number == 0) IoCsqInsertIrp(&queue.csq, irp, nullptr);
    if (number == 1) static_cast<void>(IoCancelIrp(irp));
    if (number == 2) serve(IoCsqRemoveNextIrp(&queue.csq, nullptr));
  };
  run_together(window, {3}, program);
  MICA_CHECK(queue.is_empty());
  MICA_CHECK(irp.status() == (queue.cancelled == 1 ? STATUS_CANCELLED : STATUS_SUCCESS));
}

// A context that is written, plainly, as soon as its owner has it back.
MICA_EXPLORE("I1-queue-context", "I1: nobody looks at a context whose IRP its owner asked for",
             .processors = 2, .bound = 3) {
  SafeQueue queue;
  HeldIrp irp;
  IO_CSQ_IRP_CONTEXT context{};
  IoCsqInsertIrp(&queue.csq, irp, &context);
  auto program = [&](unsigned number) {
    if (number == 0) {
      serve(IoCsqRemoveIrp(&queue.csq, &context));
      context = {};
    } else {
      static_cast<void>(IoCancelIrp(irp));
    }
  };
  run_together(window, {2}, program);
  MICA_CHECK(queue.is_empty());
}

MICA_EXPLORE("I1-queue-again", "I1: a context names another IRP while its first is being cancelled",
             .processors = 2, .bound = 3) {
  SafeQueue queue;
  HeldIrp first, second;
  IO_CSQ_IRP_CONTEXT context{};
  IoCsqInsertIrp(&queue.csq, first, &context);
  auto program = [&](unsigned number) {
    if (number == 1) return static_cast<void>(IoCancelIrp(first));
    serve(IoCsqRemoveIrp(&queue.csq, &context));
    IoCsqInsertIrp(&queue.csq, second, &context);
    PIRP const removed = IoCsqRemoveIrp(&queue.csq, &context);
    MICA_CHECK(removed == second);
    serve(removed);
  };
  run_together(window, {2}, program);
  MICA_CHECK(queue.is_empty());
}

MICA_EXPLORE("I1-queue-three", "I1: of two who remove an IRP and one who cancels it one has it",
             .processors = 3, .bound = 2) {
  SafeQueue queue;
  HeldIrp irp;
  IO_CSQ_IRP_CONTEXT context{};
  IoCsqInsertIrp(&queue.csq, irp, &context);
  auto program = [&](unsigned number) {
    if (number == 0) serve(IoCsqRemoveIrp(&queue.csq, &context));
    if (number == 1) static_cast<void>(IoCancelIrp(irp));
    if (number == 2) serve(IoCsqRemoveNextIrp(&queue.csq, nullptr));
  };
  run_together(window, {3}, program);
  MICA_CHECK(queue.is_empty() && context.Irp == nullptr);
}
