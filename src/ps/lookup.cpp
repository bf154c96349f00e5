// From an identifier to its object.     [MSDN PsLookupProcessByProcessId, PsLookupThreadByThreadId]
#include <nt/ps.h>

#include "ob/header.hpp"
#include "ps/state.hpp"

namespace mica::ps {
namespace {

// *found is the object with one more reference; there may be none, or its last one is gone.
template <class Object>
NTSTATUS look_up(ClientTable& clients, HANDLE id, Object** found) noexcept {
  ke::SpinGuard guard{state().lock};
  Client* const client = clients.find(id);
  if (client == nullptr) return STATUS_INVALID_CID;
  Object& object = MICA_CONTAINING(*client, Object, client);
  if (!ob::reference_live(ob::header_of(&object))) return STATUS_INVALID_CID;
  *found = &object;
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::ps

using namespace mica;

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process) {
  return ps::look_up(ps::state().processes, ProcessId, Process);
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread) {
  return ps::look_up(ps::state().threads, ThreadId, Thread);
}
