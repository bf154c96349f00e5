// Changes that wait for their transaction, and what becomes of them.
#include "cm/branch.hpp"

#include <utility>

namespace mica::cm {
namespace {

// The change of the key, which may be new; null without memory.
[[nodiscard]] Change* change_of(Branch& branch, Node& node) noexcept {
  if (node.change != nullptr) return node.change;
  auto* const change =
      static_cast<Change*>(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(Change), tag_branch));
  if (change == nullptr) return nullptr;
  change->branch = &branch;
  change->node = &node;
  reference(node);
  node.change = change;
  list_append(branch.changes, change->of_branch);
  return change;
}

// The key has it no more; the node may end with it.
void discard(Change& change) noexcept {
  Node& node = *change.node;
  list_remove(change.of_branch);
  node.change = nullptr;
  delete_values(change.values);
  ExFreePoolWithTag(&change, tag_branch);
  dereference(node);
}

void commit(Change& change) noexcept {
  Node& node = *change.node;
  if (change.has_values) {
    std::swap(node.values, change.values);
    node.written_100ns = change.written_100ns;
  }
  if (change.created || change.deleted) touch(*node.parent);
  if (change.deleted) delete_node(node);
}

void NTAPI decide(tm::Participant& participant, bool committed) noexcept {
  auto& branch = reinterpret_cast<Branch&>(participant);
  TreeGuard const guard{Hold::alone};
  branch.over = true;
  list_remove(branch.of_all);
  while (!list_empty(branch.changes)) {
    Change& change = MICA_CONTAINING(*branch.changes.Flink, Change, of_branch);
    if (committed)
      commit(change);
    else if (change.created)
      delete_node(*change.node);
    discard(change);
  }
}

void NTAPI leave(tm::Participant& participant) noexcept {
  dereference(reinterpret_cast<Branch&>(participant));
}

[[nodiscard]] Branch* find(tm::Transaction const& transaction) noexcept {
  TreeGuard const guard{Hold::shared};
  LIST_ENTRY const& all = state().branches;
  for (LIST_ENTRY* entry = all.Flink; entry != &all; entry = entry->Flink) {
    Branch& branch = MICA_CONTAINING(*entry, Branch, of_all);
    if (branch.transaction != &transaction) continue;
    reference(branch);
    return &branch;
  }
  return nullptr;
}

// One reference is the caller's, one the transaction's once it has joined.
[[nodiscard]] Branch* make(tm::Transaction& transaction) noexcept {
  auto* const branch =
      static_cast<Branch*>(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(Branch), tag_branch));
  if (branch == nullptr) return nullptr;
  branch->participant.decided = decide;
  branch->participant.left = leave;
  branch->references.store(2, std::memory_order_relaxed);
  branch->transaction = &transaction;
  ObfReferenceObject(&transaction);
  list_initialize(branch->of_all);
  list_initialize(branch->changes);
  return branch;
}

// The transaction may be decided as soon as the branch has joined it.
[[nodiscard]] NTSTATUS join(Branch& branch) noexcept {
  NTSTATUS const status = tm::join(*branch.transaction, branch.participant);
  if (!NT_SUCCESS(status)) {
    dereference(branch);
    return status;
  }
  TreeGuard const guard{Hold::alone};
  if (branch.over) return STATUS_TRANSACTION_NOT_ACTIVE;
  list_append(state().branches, branch.of_all);
  return STATUS_SUCCESS;
}

// One thread at a time makes branches, so that a transaction has one.
class [[nodiscard]] JoinGuard {
 public:
  JoinGuard() noexcept {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(&state().joining);
  }
  JoinGuard(JoinGuard const&) = delete;
  JoinGuard& operator=(JoinGuard const&) = delete;
  ~JoinGuard() {
    ExReleasePushLockExclusive(&state().joining);
    KeLeaveCriticalRegion();
  }
};

}  // namespace

NTSTATUS NTAPI contents_for_change(Node& node, Branch* viewer, Contents& contents) noexcept {
  if (viewer == nullptr) {
    contents = {&node.values, &node.written_100ns};
    return STATUS_SUCCESS;
  }
  Change* const change = change_of(*viewer, node);
  if (change == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (!change->has_values) {
    if (!copy_values(node.values, change->values)) return STATUS_INSUFFICIENT_RESOURCES;
    change->written_100ns = node.written_100ns;
    change->has_values = true;
  }
  contents = {&change->values, &change->written_100ns};
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI create_subkey(Node& parent, UNICODE_STRING const& name,
                             UNICODE_STRING const* class_name, Traits traits, Branch* viewer,
                             Node** made) noexcept {
  NTSTATUS const status = add_node(&parent, name, class_name, traits, made);
  if (!NT_SUCCESS(status)) return status;
  if (viewer == nullptr) {
    touch(parent);
    return status;
  }
  Change* const change = change_of(*viewer, **made);
  if (change != nullptr) {
    change->created = true;
    return status;
  }
  delete_node(**made);
  return STATUS_INSUFFICIENT_RESOURCES;
}

// What only the transaction knows of goes at once.
NTSTATUS NTAPI delete_key(Node& node, Branch* viewer) noexcept {
  if (viewer == nullptr) {
    touch(*node.parent);
    delete_node(node);
    return STATUS_SUCCESS;
  }
  Change* const change = change_of(*viewer, node);
  if (change == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (!change->created) {
    change->deleted = true;
    return STATUS_SUCCESS;
  }
  delete_node(node);
  discard(*change);
  return STATUS_SUCCESS;
}

void NTAPI dereference(Branch& branch) noexcept {
  if (branch.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  tm::Transaction* const transaction = branch.transaction;
  ExFreePoolWithTag(&branch, tag_branch);
  ObfDereferenceObject(transaction);
}

NTSTATUS NTAPI branch_of(tm::Transaction& transaction, Branch** branch) noexcept {
  JoinGuard const guard;
  Branch* found = find(transaction);
  if (found == nullptr) {
    found = make(transaction);
    if (found == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS const status = join(*found);
    if (!NT_SUCCESS(status)) {
      dereference(*found);
      return status;
    }
  }
  *branch = found;
  return STATUS_SUCCESS;
}

}  // namespace mica::cm
