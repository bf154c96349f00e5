// From an identifier to its object.     [MSDN PsLookupProcessByProcessId, PsLookupThreadByThreadId]
#include <nt/ps.h>

#include "ob/header.hpp"
#include "ps/state.hpp"

namespace mica::ps {
namespace {

// The object with one more reference; null if there is none, or its last reference is gone.
template <class Object>
Object* find(ClientTable& clients, HANDLE id) noexcept {
  ke::SpinGuard guard{state().lock};
  Client* const client = clients.find(id);
  if (client == nullptr) return nullptr;
  Object& object = MICA_CONTAINING(*client, Object, client);
  return ob::reference_live(ob::header_of(&object)) ? &object : nullptr;
}

}  // namespace
}  // namespace mica::ps

using namespace mica;

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process) {
  PEPROCESS const found = ps::find<_EPROCESS>(ps::state().processes, ProcessId);
  if (found == nullptr) return STATUS_INVALID_CID;
  *Process = found;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread) {
  PETHREAD const found = ps::find<_ETHREAD>(ps::state().threads, ThreadId);
  if (found == nullptr) return STATUS_INVALID_CID;
  *Thread = found;
  return STATUS_SUCCESS;
}
