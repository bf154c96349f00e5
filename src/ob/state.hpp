// All that ob owns in one System; zero-filled is its state before initialize().
#pragma once

#include "ke/processor.hpp"
#include "ob/callback.hpp"
#include "ob/directory.hpp"
#include "ob/handle_table.hpp"
#include "ob/header.hpp"

namespace mica::ob {

// What higher layers give ob. Registered once, before the first use; null until then.
struct Hooks {
  // The object behind NtCurrentProcess() and NtCurrentThread(), unreferenced, or null. IRQL
  // PASSIVE_LEVEL.
  void*(NTAPI* current_process)();
  void*(NTAPI* current_thread)();
  // The list of objects to delete is no longer empty: somebody must call ob::reap at PASSIVE_LEVEL.
  // IRQL <= DISPATCH_LEVEL.
  void(NTAPI* wake_reaper)();
};

struct State {
  Namespace names;
  HandleTable handles;             // the System process's; kernel handles live here too
  std::atomic<Header*> to_delete;  // last in, first out
  POBJECT_TYPE type_type;
  POBJECT_TYPE directory_type;
  POBJECT_TYPE link_type;
  Callbacks callbacks;       // on handles
  FAST_MUTEX security_lock;  // every object's security descriptor
  Hooks hooks;
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().ob;
}

// Makes the types Type, Directory and SymbolicLink and the directories \, \ObjectTypes,
// \KernelObjects, \??, \Device; the links \DosDevices and \GLOBAL?? to \??. Needs the pool. Once,
// IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

}  // namespace mica::ob
