// The registry as a transaction sees it.
//   What a transaction has changed stands beside the tree, a Change for each key, until the
//   transaction is decided: then it goes into the tree, or away. Only the transaction sees it
//   before. A key has one Change at most, so what one transaction has changed another cannot, and
//   who is in none has that one rolled back.  [WI6 p1 ch4, "Transactional Registry (TxR)"]
//   A branch lives while its transaction is not decided, and while key objects refer to it. All of
//   it but the references is guarded by the lock of the tree.
#pragma once

#include "base/list.hpp"
#include "cm/state.hpp"
#include "tm/step.hpp"

namespace mica::cm {

struct Branch {
  tm::Participant participant;  // first
  std::atomic<ULONG> references;
  tm::Transaction* transaction;  // referenced
  LIST_ENTRY of_all;
  LIST_ENTRY changes;
  bool over;  // the transaction is decided
};

// What a transaction has made of a key.
struct Change {
  LIST_ENTRY of_branch;
  Branch* branch;
  Node* node;  // referenced
  bool created;
  bool deleted;
  bool has_values;         // instead of the node's
  Pointers<Value> values;  // and then this time
  LONGLONG written_100ns;
};

inline constexpr ULONG tag_branch = ob::pool_tag("CmTx");

// ---- What a viewer sees: a branch, or null for who is in no transaction.
[[nodiscard]] inline bool is_visible(Node const& node, Branch const* viewer) noexcept {
  Change const* const change = node.change;
  if (change == nullptr) return true;
  return change->created ? change->branch == viewer
                         : !(change->deleted && change->branch == viewer);
}
// Of a key that it has opened.
[[nodiscard]] inline bool is_gone(Node const& node, Branch const* viewer) noexcept {
  return node.deleted || !is_visible(node, viewer);
}
[[nodiscard]] inline bool sees_own_values(Node const& node, Branch const* viewer) noexcept {
  return node.change != nullptr && node.change->branch == viewer && node.change->has_values;
}
[[nodiscard]] inline Pointers<Value> const& values_of(Node const& node,
                                                      Branch const* viewer) noexcept {
  return sees_own_values(node, viewer) ? node.change->values : node.values;
}
[[nodiscard]] inline LONGLONG written_of(Node const& node, Branch const* viewer) noexcept {
  return sees_own_values(node, viewer) ? node.change->written_100ns : node.written_100ns;
}
[[nodiscard]] ULONG NTAPI count_subkeys(Node const& node, Branch const* viewer) noexcept;
// Null: there are no more.
[[nodiscard]] Node* NTAPI subkey_at(Node const& node, Branch const* viewer, ULONG index) noexcept;

// ---- Who stands in the way of a change; null: nobody.
// Of a key's values, and of its end.
[[nodiscard]] Branch* NTAPI holder_of(Node const& node, Branch const* viewer) noexcept;
// Of the end of a key: also who has made a key beneath.
[[nodiscard]] Branch* NTAPI holder_below(Node const& node, Branch const* viewer) noexcept;
// Of a new key of that name beneath.
[[nodiscard]] Branch* NTAPI holder_of_name(Node const& parent, UNICODE_STRING const& name,
                                           Branch const* viewer) noexcept;

// ---- Changes; nobody stands in the way. They are STATUS_INSUFFICIENT_RESOURCES or done.
// Where the key's values and its time are to be changed.
struct Contents {
  Pointers<Value>* values;
  LONGLONG* written_100ns;
};
[[nodiscard]] NTSTATUS NTAPI contents_for_change(Node& node, Branch* viewer,
                                                 Contents& contents) noexcept;
[[nodiscard]] NTSTATUS NTAPI create_subkey(Node& parent, UNICODE_STRING const& name,
                                           UNICODE_STRING const* class_name, Traits traits,
                                           Branch* viewer, Node** made) noexcept;
[[nodiscard]] NTSTATUS NTAPI delete_key(Node& node, Branch* viewer) noexcept;

// ---- Life.
inline void reference(Branch& branch) noexcept {
  branch.references.fetch_add(1, std::memory_order_relaxed);
}
// Without locks. IRQL PASSIVE_LEVEL.
void NTAPI dereference(Branch& branch) noexcept;
// The transaction's branch, referenced. STATUS_TRANSACTION_NOT_ACTIVE,
// STATUS_INSUFFICIENT_RESOURCES. Without locks.
[[nodiscard]] NTSTATUS NTAPI branch_of(tm::Transaction& transaction, Branch** branch) noexcept;

// Does a change under the lock of the tree, held alone. `attempt` says which branch stands in its
// way; then it has changed nothing. Who is in no transaction lets that one be rolled back, and
// tries again. STATUS_TRANSACTIONAL_CONFLICT, STATUS_TRANSACTION_NOT_ACTIVE.
template <class Attempt>
[[nodiscard]] NTSTATUS change_tree(Branch* viewer, Attempt attempt) noexcept {
  for (;;) {
    Branch* other = nullptr;
    {
      TreeGuard const guard{Hold::alone};
      if (viewer != nullptr && viewer->over) return STATUS_TRANSACTION_NOT_ACTIVE;
      NTSTATUS const status = attempt(other);
      if (other == nullptr) return status;
      if (viewer != nullptr) return STATUS_TRANSACTIONAL_CONFLICT;
      reference(*other);
    }
    tm::force_out(*other->transaction);
    dereference(*other);
  }
}

}  // namespace mica::cm
