#include "ob/handle.hpp"

#include <nt/zw/objects.h>
#include "ob/handle_notice.hpp"

#include "ke/bugcheck.hpp"
#include "ob/lookup.hpp"
#include "ob/state.hpp"

namespace mica::ob {
namespace {

// Kernel handles carry these bits; the rest is the number in the System's table.
//                                                                           [MSDN ObIsKernelHandle]
constexpr ULONG_PTR kernel_bits = 0xFFFF'FFFF'8000'0000;

bool is_kernel(HANDLE handle) noexcept {
  return (reinterpret_cast<ULONG_PTR>(handle) & kernel_bits) == kernel_bits;
}

// The number in the table; false for what no handle of `mode` can be.
bool number_of(HANDLE handle, KPROCESSOR_MODE mode, ULONG* number) noexcept {
  auto const value = reinterpret_cast<ULONG_PTR>(handle);
  ULONG_PTR const high = value & kernel_bits;
  if (high != 0 && (high != kernel_bits || mode != KernelMode)) return false;
  *number = static_cast<ULONG>(value & ~kernel_bits);
  return true;
}

// NtCurrentProcess() and NtCurrentThread(): all rights to the object, which the higher layer knows.
bool resolve_current(HANDLE handle, Grant* grant) noexcept {
  Hooks const& hooks = state().hooks;
  auto* const hook = handle == NtCurrentProcess() ? hooks.current_process : hooks.current_thread;
  void* const object = hook != nullptr ? hook() : nullptr;
  if (object == nullptr) return false;
  Header& header = header_of(object);
  reference(header);
  *grant = {&header, header.type->valid_access, 0};
  return true;
}

bool resolve(HANDLE handle, KPROCESSOR_MODE mode, Grant* grant) noexcept {
  if (handle == NtCurrentProcess() || handle == NtCurrentThread())
    return resolve_current(handle, grant);
  ULONG number = 0;
  return number_of(handle, mode, &number) && state().handles.resolve(number, grant);
}

// Gives the reference and the handle count back that a handle would have had.
void give_back(Header& header) noexcept {
  release_handle_count(header);
  dereference(header);
}

NTSTATUS enter(Grant const& grant, bool kernel, HANDLE* handle) noexcept {
  ULONG number = 0;
  NTSTATUS const status = state().handles.insert(grant, &number);
  if (!NT_SUCCESS(status)) {
    give_back(*grant.object);
    return status;
  }
  *handle = reinterpret_cast<HANDLE>((kernel ? kernel_bits : 0) | number);
  return STATUS_SUCCESS;
}

bool is_watched(Header const& header) noexcept {
  return header.type->removable_access != 0 &&
         state().callbacks.count.load(std::memory_order_relaxed) != 0;
}

NTSTATUS enter_watched(Grant grant, bool kernel, Transfer const* duplicated,
                       HANDLE* handle) noexcept {
  HandleNotice notice{{*grant.object, kernel, duplicated}};
  if (NTSTATUS const status = notice.before(&grant.access); !NT_SUCCESS(status)) {
    give_back(*grant.object);
    return status;
  }
  NTSTATUS const status = enter(grant, kernel, handle);
  notice.after(status, grant.access);
  return status;
}

}  // namespace

NTSTATUS NTAPI give_handle(Grant const& grant, bool kernel, Transfer const* duplicated,
                           HANDLE* handle) noexcept {
  if (is_watched(*grant.object)) [[unlikely]]
    return enter_watched(grant, kernel, duplicated, handle);
  return enter(grant, kernel, handle);
}

NTSTATUS NTAPI open_handle(Header& header, ACCESS_MASK desired, ULONG attributes,
                           HANDLE* handle) noexcept {
  return give_handle({&header, map_access(header.type, desired), attributes & OBJ_INHERIT},
                     (attributes & OBJ_KERNEL_HANDLE) != 0, nullptr, handle);
}

NTSTATUS NTAPI set_handle_attributes(HANDLE handle, ULONG attributes) noexcept {
  ULONG number = 0;
  bool const set =
      number_of(handle, KernelMode, &number) && state().handles.set_attributes(number, attributes);
  return set ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                         POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                         PVOID* Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation) {
  *Object = nullptr;
  Grant grant;
  if (!resolve(Handle, AccessMode, &grant)) return STATUS_INVALID_HANDLE;
  NTSTATUS status = STATUS_SUCCESS;
  if (ObjectType != nullptr && grant.object->type != ObjectType) {
    status = STATUS_OBJECT_TYPE_MISMATCH;
  } else if (AccessMode != KernelMode && (DesiredAccess & ~grant.access) != 0) {
    status = STATUS_ACCESS_DENIED;
  }
  if (!NT_SUCCESS(status)) {
    dereference(*grant.object);
    return status;
  }
  if (HandleInformation != nullptr) *HandleInformation = {grant.attributes, grant.access};
  *Object = grant.object->body();
  return STATUS_SUCCESS;
}

BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle) {
  bool const pseudo = Handle == NtCurrentProcess() || Handle == NtCurrentThread();
  return is_kernel(Handle) && !pseudo ? TRUE : FALSE;
}

// A bad handle in the kernel's own form is the kernel's mistake: bugcheck 0x93. Others are answered
// with a status.
NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode) {
  ULONG number = 0;
  Header* header = nullptr;
  NTSTATUS status = STATUS_INVALID_HANDLE;
  if (number_of(Handle, PreviousMode, &number)) status = state().handles.remove(number, &header);
  if (!NT_SUCCESS(status)) {
    if (PreviousMode == KernelMode && ObIsKernelHandle(Handle)) {
      ULONG_PTR const reason = status == STATUS_HANDLE_NOT_CLOSABLE ? 0 : 1;
      mica::ke::bugcheck(INVALID_KERNEL_HANDLE, reinterpret_cast<ULONG_PTR>(Handle), reason, 0, 0);
    }
    return status;
  }
  release_handle_count(*header);
  dereference(*header);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwClose(HANDLE Handle) {
  return ObCloseHandle(Handle, KernelMode);
}
