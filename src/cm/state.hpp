// All that cm owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ex.h>

#include "cm/callback.hpp"
#include "cm/node.hpp"
#include "ke/processor.hpp"

namespace mica::cm {

struct State {
  EX_PUSH_LOCK lock;      // the tree, but for what never changes of a node
  EX_PUSH_LOCK joining;   // who makes a branch (branch.hpp); the tree's lock nests inside
  LIST_ENTRY branches;    // of transactions that are not decided; the tree's lock
  Node* root;             // \Registry; it stays
  POBJECT_TYPE key_type;  // the cell that drivers know as CmKeyObjectType
  void* root_key;         // the key object of \Registry
  Callbacks callbacks;
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().cm;
}

// The lock of the tree, for a scope. Callbacks are never called under it.
enum class Hold : bool { shared, alone };
class [[nodiscard]] TreeGuard {
 public:
  explicit TreeGuard(Hold hold) noexcept : hold_{hold} {
    KeEnterCriticalRegion();
    if (hold_ == Hold::alone)
      ExAcquirePushLockExclusive(&state().lock);
    else
      ExAcquirePushLockShared(&state().lock);
  }
  TreeGuard(TreeGuard const&) = delete;
  TreeGuard& operator=(TreeGuard const&) = delete;
  ~TreeGuard() {
    if (hold_ == Hold::alone)
      ExReleasePushLockExclusive(&state().lock);
    else
      ExReleasePushLockShared(&state().lock);
    KeLeaveCriticalRegion();
  }

 private:
  Hold const hold_;
};

// Makes the type Key and the first keys. After ob::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

// io::State::make_service_key: the key of a driver that is about to be loaded, with what a
// installation writes there and is not there yet. STATUS_INVALID_PARAMETER,
// STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI make_service_key(UNICODE_STRING const& service) noexcept;

}  // namespace mica::cm
