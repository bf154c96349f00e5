// Making processes, and what is asked of them.
//                     [MSDN PsGetCurrentProcess, PsGetProcessId, PsGetThreadProcessId; ntifs.h]
#include "ps/process.hpp"

#include <cstring>

#include "ke/apc.hpp"
#include "ob/header.hpp"
#include "ps/state.hpp"

namespace mica::ps {

namespace {

// A copy of the characters at `to`, which it advances.
UNICODE_STRING copied(UNICODE_STRING const& text, std::byte*& to) noexcept {
  if (text.Length != 0) std::memcpy(to, text.Buffer, text.Length);
  UNICODE_STRING const copy{text.Length, text.Length, reinterpret_cast<WCHAR*>(to)};
  to += text.Length;
  return copy;
}

}  // namespace

_EPROCESS* NTAPI make_process(ProcessOptions const& options) noexcept {
  State& ps = state();
  std::size_t const bytes =
      sizeof(_EPROCESS) + options.image_name.Length + options.command_line.Length;
  auto* const process = static_cast<_EPROCESS*>(ob::allocate_object(ps.process_type, bytes));
  if (process == nullptr) return nullptr;
  ke::initialize_process(process->kernel, {.base_priority = options.base_priority,
                                           .affinity = options.affinity & ke::active_processors(),
                                           .quantum_100ns = options.quantum_100ns});
  process->parent = PsGetCurrentProcessId();
  auto* text = reinterpret_cast<std::byte*>(process + 1);
  process->image_name = copied(options.image_name, text);
  process->command_line = copied(options.command_line, text);
  KeInitializeMutex(&process->birth, 0);
  process->threads.store(unborn, std::memory_order_relaxed);
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
