// Making processes, and what is asked of them.
//                     [MSDN PsGetCurrentProcess, PsGetProcessId, PsGetThreadProcessId; ntifs.h]
#include "ps/process.hpp"

#include "ke/apc.hpp"
#include "ob/header.hpp"
#include "ps/state.hpp"

namespace mica::ps {

_EPROCESS* NTAPI make_process(ProcessOptions const& options) noexcept {
  State& ps = state();
  auto* const process =
      static_cast<_EPROCESS*>(ob::allocate_object(ps.process_type, sizeof(_EPROCESS)));
  if (process == nullptr) return nullptr;
  ke::initialize_process(process->kernel, {.base_priority = options.base_priority,
                                           .affinity = options.affinity & ke::active_processors(),
                                           .quantum_100ns = options.quantum_100ns});
  ke::SpinGuard guard{ps.lock};
  process->client.id = new_id(ps);
  ps.processes.add(process->client);
  return process;
}

}  // namespace mica::ps

using namespace mica;

PEPROCESS NTAPI PsGetCurrentProcess() {
  return &ps::process_of(*ke::environment_of(ke::current_thread()).Process);
}

PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread) {
  return &ps::process_of(*Thread->kernel.process);
}

PEPROCESS NTAPI PsGetCurrentThreadProcess() {
  return PsGetThreadProcess(&ps::current_thread());
}

HANDLE NTAPI PsGetProcessId(PEPROCESS Process) {
  return Process->client.id;
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread) {
  return PsGetProcessId(PsGetThreadProcess(Thread));
}

HANDLE NTAPI PsGetCurrentProcessId() {
  return PsGetProcessId(PsGetCurrentThreadProcess());
}

HANDLE NTAPI PsGetCurrentThreadProcessId() {
  return PsGetCurrentProcessId();
}
