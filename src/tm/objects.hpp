// The objects of transactions.                                                [MSDN "KTM Objects"]
//   All but what never changes is guarded by the lock, State::lock. A resource manager refers to
//   its transaction manager, an enlistment to its resource manager and its transaction; lists the
//   other way refer to nothing: what is found in one may be about to be deleted
//   (ob::reference_live).
#pragma once

#include <nt/ke.h>
#include <nt/tm.h>

#include "ob/type.hpp"

namespace mica::tm {

// What a caller says of a transaction or of a resource manager.
struct Description {
  USHORT bytes;
  WCHAR text[MAX_TRANSACTION_DESCRIPTION_LENGTH];

  // STATUS_INVALID_PARAMETER: it is too long.
  [[nodiscard]] NTSTATUS set(UNICODE_STRING const* given) noexcept;
};

struct Manager {
  GUID id;
  LIST_ENTRY of_all;
  LONGLONG clock;
};

enum class Phase : UCHAR {
  active,
  pre_preparing,
  preparing,
  single_phase,
  committing,  // from here on it is decided
  committed,
  rolling_back,
  rolled_back,
};

// A part of the executive that takes part in transactions: it is always prepared, and does at once
// what is decided. The memory is its owner's.
struct Participant {
  LIST_ENTRY of_transaction;
  // It is decided; under the lock.
  void(NTAPI* decided)(Participant& participant, bool committed);
  // The transaction does not know it any more; without the lock.
  void(NTAPI* left)(Participant& participant);
};

}  // namespace mica::tm

struct _KTRANSACTION {
  KEVENT over;  // first: what is waited for by handle
  GUID id;
  LIST_ENTRY of_all;
  mica::tm::Manager* manager;  // referenced; null: nobody has enlisted yet
  LIST_ENTRY enlistments;
  LIST_ENTRY participants;
  mica::tm::Phase phase;
  ULONG awaited;  // answers
  LARGE_INTEGER timeout;
  mica::tm::Description description;
  // The timer has a reference while it is set and until its work is done.
  bool has_timer;
  KTIMER timer;
  KDPC expiry;
  WORK_QUEUE_ITEM work;
};

struct _KRESOURCEMANAGER {
  GUID id;
  mica::tm::Manager* manager;  // referenced
  LIST_ENTRY of_all;
  LIST_ENTRY enlistments;
  LIST_ENTRY queue;   // enlistments that are to be told something, if there is no routine
  KEVENT arrived;     // something is in the queue
  LIST_ENTRY calls;   // that go on
  KEVENT call_ended;  // after the last handle was closed
  PTM_RM_NOTIFICATION routine;
  void* context;  // the routine's
  bool closed;
  mica::tm::Description description;
};

namespace mica::tm {

// Where an enlistment stands that is to be told something: in the queue of its resource manager,
// or in a step's list of those to be called, or, if there is nothing to tell, of those to drop.
enum class Place : UCHAR { nowhere, queued, called, dropped };

}  // namespace mica::tm

struct _KENLISTMENT {
  GUID id;
  PKTRANSACTION transaction;           // referenced
  PKRESOURCEMANAGER resource_manager;  // referenced
  LIST_ENTRY of_transaction;
  LIST_ENTRY of_resource_manager;
  NOTIFICATION_MASK mask;
  void* key;
  NOTIFICATION_MASK asked;  // what its answer is awaited to
  NOTIFICATION_MASK due;    // what it is still to be told
  bool prepared;            // it said so
  bool apart;               // read-only
  bool over;                // it takes part no more
  mica::tm::Place place;    // each but nowhere refers to it
  LIST_ENTRY told;
};

namespace mica::tm {

using Transaction = _KTRANSACTION;
using ResourceManager = _KRESOURCEMANAGER;
using Enlistment = _KENLISTMENT;

[[nodiscard]] inline bool is_decided(Transaction const& transaction) noexcept {
  return transaction.phase >= Phase::committing;
}

inline constexpr ULONG tag_manager = ob::pool_tag("TmTm");
inline constexpr ULONG tag_transaction = ob::pool_tag("TmTx");
inline constexpr ULONG tag_resource_manager = ob::pool_tag("TmRm");
inline constexpr ULONG tag_enlistment = ob::pool_tag("TmEn");

}  // namespace mica::tm
