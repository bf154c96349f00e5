// From the beginning of a commit or a rollback to its end.
//                             [MSDN "Handling Commit Operations"; "Handling Rollback Operations"]
#include "base/list.hpp"
#include "tm/step.hpp"

namespace mica::tm {
namespace {

[[nodiscard]] Enlistment& enlistment_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, Enlistment, of_transaction);
}

template <class Do>
void for_each(Transaction& transaction, Do act) noexcept {
  LIST_ENTRY* entry = transaction.enlistments.Flink;
  for (; entry != &transaction.enlistments; entry = entry->Flink) act(enlistment_of(*entry));
}

[[nodiscard]] bool takes_part(Enlistment const& enlistment) noexcept {
  return !enlistment.over && !enlistment.apart;
}

// Whether one before it in the list has the same transaction manager.
[[nodiscard]] bool is_counted(Transaction& transaction, Enlistment const& enlistment) noexcept {
  Manager const* const manager = enlistment.resource_manager->manager;
  LIST_ENTRY* entry = enlistment.of_transaction.Blink;
  for (; entry != &transaction.enlistments; entry = entry->Blink)
    if (enlistment_of(*entry).resource_manager->manager == manager) return true;
  return false;
}

// Each clock goes on when a commit begins.                    [MSDN "Using Virtual Clock Values"]
void count(Transaction& transaction) noexcept {
  bool own = transaction.manager == nullptr;
  for_each(transaction, [&](Enlistment& enlistment) {
    if (is_counted(transaction, enlistment)) return;
    Manager& manager = *enlistment.resource_manager->manager;
    ++manager.clock;
    own = own || &manager == transaction.manager;
  });
  if (!own) ++transaction.manager->clock;
}

// The only one that takes part, if it commits in one phase.
[[nodiscard]] bool is_single(Transaction& transaction) noexcept {
  ULONG taking_part = 0, single = 0;
  for_each(transaction, [&](Enlistment& enlistment) {
    if (!takes_part(enlistment)) return;
    ++taking_part;
    if ((enlistment.mask & TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT) != 0) ++single;
  });
  return taking_part == 1 && single == 1 && list_empty(transaction.participants);
}

}  // namespace

// Who did not register for it has nothing to say.
void Step::ask(Transaction& transaction, NOTIFICATION_MASK what) noexcept {
  for_each(transaction, [&](Enlistment& enlistment) {
    if (!takes_part(enlistment) || (enlistment.mask & what) == 0) return;
    if (!tell(enlistment, what)) return;
    enlistment.asked = what;
    ++transaction.awaited;
  });
}

// The participants have done it before anybody else is told.
void Step::decide(Transaction& transaction, bool committed) noexcept {
  transaction.phase = committed ? Phase::committing : Phase::rolling_back;
  while (LIST_ENTRY* const entry = list_pop_front(transaction.participants)) {
    Participant& participant = MICA_CONTAINING(*entry, Participant, of_transaction);
    participant.decided(participant, committed);
    list_append(left_, participant.of_transaction);
  }
}

void Step::conclude(Transaction& transaction) noexcept {
  transaction.phase =
      transaction.phase == Phase::rolling_back ? Phase::rolled_back : Phase::committed;
  for_each(transaction, [](Enlistment& enlistment) { enlistment.over = true; });
  cancel_timeout(*this, transaction);
  KeSetEvent(&transaction.over, 0, FALSE);
}

void NTAPI Step::advance(Transaction& transaction) noexcept {
  while (transaction.awaited == 0) switch (transaction.phase) {
      case Phase::pre_preparing:
        transaction.phase = Phase::preparing;
        ask(transaction, TRANSACTION_NOTIFY_PREPARE);
        break;
      case Phase::preparing:
        decide(transaction, true);
        ask(transaction, TRANSACTION_NOTIFY_COMMIT);
        break;
      case Phase::single_phase:
        decide(transaction, true);
        break;
      case Phase::committing:
      case Phase::rolling_back:
        return conclude(transaction);
      default:
        return;
    }
}

void NTAPI Step::begin_phases(Transaction& transaction) noexcept {
  transaction.phase = Phase::pre_preparing;
  ask(transaction, TRANSACTION_NOTIFY_PREPREPARE);
  advance(transaction);
}

void NTAPI Step::begin_commit(Transaction& transaction) noexcept {
  count(transaction);
  if (!is_single(transaction)) return begin_phases(transaction);
  transaction.phase = Phase::single_phase;
  ask(transaction, TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT);
  advance(transaction);
}

void NTAPI Step::roll_back(Transaction& transaction) noexcept {
  for_each(transaction, [this](Enlistment& enlistment) {
    enlistment.asked = 0;
    if (takes_part(enlistment)) forget(enlistment);
  });
  transaction.awaited = 0;
  decide(transaction, false);
  ask(transaction, TRANSACTION_NOTIFY_ROLLBACK);
  advance(transaction);
}

void NTAPI Step::leave(Enlistment& enlistment) noexcept {
  if (enlistment.over) return;
  Transaction& transaction = *enlistment.transaction;
  bool const alone = enlistment.asked == TRANSACTION_NOTIFY_SINGLE_PHASE_COMMIT;
  bool const took_part = takes_part(enlistment);
  enlistment.over = true;
  forget(enlistment);
  if (!took_part) return;
  if (alone)
    for_each(transaction, [this](Enlistment& other) {
      if (!other.over && (other.mask & TRANSACTION_NOTIFY_RM_DISCONNECTED) != 0)
        tell(other, TRANSACTION_NOTIFY_RM_DISCONNECTED);
    });
  if (!is_decided(transaction)) return roll_back(transaction);
  if (enlistment.asked == 0) return;
  enlistment.asked = 0;
  --transaction.awaited;
  advance(transaction);
}

}  // namespace mica::tm
