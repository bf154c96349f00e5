// Rules for what goes on in a transaction
//   Who changes one makes a Step, which holds the lock. What comes of the change is done when the
//   step ends and the lock is given back: routines are called, references dropped. So everybody who
//   makes a step may be in a resource manager's routine at its end. IRQL PASSIVE_LEVEL.
#pragma once

#include "tm/state.hpp"

namespace mica::tm {

class [[nodiscard]] Step {
 public:
  Step() noexcept;
  Step(Step const&) = delete;
  Step& operator=(Step const&) = delete;
  ~Step();

  // ---- progress.cpp: from one phase to the next.
  // The transaction is active. Asks whoever takes part, and goes on as far as nobody is awaited.
  void NTAPI begin_commit(Transaction& transaction) noexcept;
  // The transaction is not decided.
  void NTAPI roll_back(Transaction& transaction) noexcept;
  // Goes on to the phase after, and further, while no answer is awaited.
  void NTAPI advance(Transaction& transaction) noexcept;
  // The only one that takes part will not commit alone.
  void NTAPI begin_phases(Transaction& transaction) noexcept;
  // The enlistment takes part no more. What is awaited of it is not awaited any longer; before the
  // decision, that rolls the transaction back.
  void NTAPI leave(Enlistment& enlistment) noexcept;

  // ---- notification.cpp.
  // False: nobody holds the enlistment any more, so nobody can be told.
  bool NTAPI tell(Enlistment& enlistment, NOTIFICATION_MASK what) noexcept;
  // It is told nothing of what it was to be told.
  void NTAPI forget(Enlistment& enlistment) noexcept;
  // Those that wait in the queue are called by the routine that there is now.
  void NTAPI call_queued(ResourceManager& manager) noexcept;

  // An object that was referenced and is not needed any more.
  void drop(Transaction& transaction) noexcept { timed_ = &transaction; }

 private:
  void ask(Transaction& transaction, NOTIFICATION_MASK what) noexcept;
  void decide(Transaction& transaction, bool committed) noexcept;
  void conclude(Transaction& transaction) noexcept;

  LIST_ENTRY called_;             // enlistments whose routine is to be called
  LIST_ENTRY dropped_;            // enlistments that were in a queue
  LIST_ENTRY left_;               // participants
  Transaction* timed_ = nullptr;  // had a timer
};

// The next notification of the enlistment, which it is not told again; 0: there is none.
[[nodiscard]] NOTIFICATION_MASK NTAPI take_notification(Enlistment& enlistment) noexcept;

// The larger of the two is the clock. Null stands for none.
void NTAPI set_clock(Manager& manager, LARGE_INTEGER const* clock) noexcept;

// ---- timeout.cpp. Under the lock.
// When the transaction is rolled back: of a new one, and from now on.
// STATUS_TRANSACTION_NOT_ACTIVE: it is just expiring.
NTSTATUS NTAPI start_timeout(Transaction& transaction, LARGE_INTEGER timeout) noexcept;
[[nodiscard]] NTSTATUS NTAPI set_timeout(Step& step, Transaction& transaction,
                                         LARGE_INTEGER timeout) noexcept;
void NTAPI cancel_timeout(Step& step, Transaction& transaction) noexcept;

// ---- For those who take part (participant.cpp). IRQL PASSIVE_LEVEL, without locks.
// STATUS_TRANSACTION_NOT_ACTIVE.
[[nodiscard]] NTSTATUS NTAPI join(Transaction& transaction, Participant& participant) noexcept;
// When it returns, the transaction is decided, and the participants have done what that means.
void NTAPI force_out(Transaction& transaction) noexcept;

}  // namespace mica::tm
