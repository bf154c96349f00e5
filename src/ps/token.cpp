// Tokens of processes and threads. Every process has LocalSystem's; no thread impersonates anybody.
//                        [MSDN ZwOpenProcessTokenEx, ZwOpenThreadTokenEx, PsReferencePrimaryToken]
#include <nt/se.h>

#include "ob/header.hpp"
#include "ps/state.hpp"
#include "se/token.hpp"

using namespace mica;

namespace {

// Whether a handle is of that type and gives that access.
[[nodiscard]] NTSTATUS check(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type) noexcept {
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(handle, access, type, KernelMode, &object, nullptr);
  if (NT_SUCCESS(status)) ObDereferenceObject(object);
  return status;
}

}  // namespace

NTSTATUS NTAPI ZwOpenProcessToken(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                  PHANDLE TokenHandle) {
  return ZwOpenProcessTokenEx(ProcessHandle, DesiredAccess, 0, TokenHandle);
}

NTSTATUS NTAPI ZwOpenProcessTokenEx(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                                    ULONG HandleAttributes, PHANDLE TokenHandle) {
  NTSTATUS const status = check(ProcessHandle, PROCESS_QUERY_INFORMATION, ps::state().process_type);
  if (!NT_SUCCESS(status)) return status;
  se::State const& se = se::state();
  return ObOpenObjectByPointer(se.system_token, HandleAttributes, nullptr, DesiredAccess,
                               se.token_type, KernelMode, TokenHandle);
}

NTSTATUS NTAPI ZwOpenThreadToken(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                 PHANDLE TokenHandle) {
  return ZwOpenThreadTokenEx(ThreadHandle, DesiredAccess, OpenAsSelf, 0, TokenHandle);
}

NTSTATUS NTAPI ZwOpenThreadTokenEx(HANDLE ThreadHandle, ACCESS_MASK, BOOLEAN, ULONG, PHANDLE) {
  NTSTATUS const status = check(ThreadHandle, THREAD_QUERY_INFORMATION, ps::state().thread_type);
  return NT_SUCCESS(status) ? STATUS_NO_TOKEN : status;
}

PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS) {
  ObfReferenceObject(se::state().system_token);
  return se::state().system_token;
}

VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken) {
  ObDereferenceObject(PrimaryToken);
}
