// A transaction that is not decided in time is rolled back.
//                                        [MSDN ZwCreateTransaction, "Handling Rollback Operations"]
#include "tm/step.hpp"

namespace mica::tm {
namespace {

void NTAPI expire(void* parameter) noexcept {
  auto& transaction = *static_cast<Transaction*>(parameter);
  {
    Step step;
    transaction.has_timer = false;
    step.drop(transaction);
    if (!is_decided(transaction)) step.roll_back(transaction);
  }
}

void NTAPI queue(KDPC*, void* context, void*, void*) noexcept {
  ExQueueWorkItem(&static_cast<Transaction*>(context)->work, DelayedWorkQueue);
}

// False: its work is just being done, or will be.
[[nodiscard]] bool stop(Transaction& transaction) noexcept {
  if (KeCancelTimer(&transaction.timer) == FALSE) return false;
  transaction.has_timer = false;
  return true;
}

}  // namespace

NTSTATUS NTAPI start_timeout(Transaction& transaction, LARGE_INTEGER timeout) noexcept {
  transaction.timeout = timeout;
  if (timeout.QuadPart == 0) return STATUS_SUCCESS;
  KeInitializeTimer(&transaction.timer);
  KeInitializeDpc(&transaction.expiry, queue, &transaction);
  ExInitializeWorkItem(&transaction.work, expire, &transaction);
  ObfReferenceObject(&transaction);
  transaction.has_timer = true;
  KeSetTimer(&transaction.timer, timeout, &transaction.expiry);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI set_timeout(Step& step, Transaction& transaction, LARGE_INTEGER timeout) noexcept {
  if (transaction.has_timer) {
    if (!stop(transaction)) return STATUS_TRANSACTION_NOT_ACTIVE;
    step.drop(transaction);
  }
  return start_timeout(transaction, timeout);
}

void NTAPI cancel_timeout(Step& step, Transaction& transaction) noexcept {
  if (transaction.has_timer && stop(transaction)) step.drop(transaction);
}

}  // namespace mica::tm
