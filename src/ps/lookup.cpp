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

_ETHREAD& thread_of(Client& client) noexcept {
  return MICA_CONTAINING(client, _ETHREAD, client);
}

ULONG_PTR number_of(HANDLE id) noexcept {
  return reinterpret_cast<ULONG_PTR>(id);
}

}  // namespace

// Identifiers are not given twice, and later threads have larger ones.
_ETHREAD* NTAPI next_thread(HANDLE id, bool(NTAPI* wanted)(_ETHREAD const& thread)) noexcept {
  State& ps = state();
  ke::SpinGuard guard{ps.lock};
  for (;;) {
    Client* next = nullptr;
    ps.threads.for_each([&](Client& client) {
      bool const later = number_of(client.id) > number_of(id);
      bool const nearer = next == nullptr || number_of(client.id) < number_of(next->id);
      if (later && nearer && wanted(thread_of(client))) next = &client;
    });
    if (next == nullptr) return nullptr;
    _ETHREAD& thread = thread_of(*next);
    if (ob::reference_live(ob::header_of(&thread))) return &thread;
    id = next->id;
  }
}

}  // namespace mica::ps

using namespace mica;

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS* Process) {
  return ps::look_up(ps::state().processes, ProcessId, Process);
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD* Thread) {
  return ps::look_up(ps::state().threads, ThreadId, Thread);
}
