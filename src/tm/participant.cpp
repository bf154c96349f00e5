// Parts of the executive that take part in transactions.
#include "base/list.hpp"
#include "tm/step.hpp"

namespace mica::tm {

NTSTATUS NTAPI join(Transaction& transaction, Participant& participant) noexcept {
  Guard const guard;
  if (transaction.phase != Phase::active) return STATUS_TRANSACTION_NOT_ACTIVE;
  list_append(transaction.participants, participant.of_transaction);
  return STATUS_SUCCESS;
}

void NTAPI force_out(Transaction& transaction) noexcept {
  Step step;
  if (!is_decided(transaction)) step.roll_back(transaction);
}

}  // namespace mica::tm
