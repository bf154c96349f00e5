// A second handle of what a handle names.                                 [MSDN ZwDuplicateObject]
#include <nt/zw/objects.h>

#include "ob/handle.hpp"
#include "ob/handle_notice.hpp"
#include "ob/state.hpp"

namespace mica::ob {
namespace {

constexpr ULONG all_options =
    DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES;
constexpr ACCESS_MASK may_duplicate = 0x0040;  // PROCESS_DUP_HANDLE

// The process of a handle, referenced. The System has one table for all of them.
NTSTATUS find_process(HANDLE handle, void** process) noexcept {
  auto* const current = state().hooks.current_process;
  if (current == nullptr) return STATUS_INVALID_HANDLE;
  return ObReferenceObjectByHandle(handle, may_duplicate, header_of(current()).type, KernelMode,
                                   process, nullptr);
}

struct Wish {
  HANDLE source;
  HANDLE* target;
  ACCESS_MASK access;
  ULONG attributes;
  ULONG options;
};

NTSTATUS duplicate(Wish const& wish, Transfer const& transfer) noexcept {
  OBJECT_HANDLE_INFORMATION from{};
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(wish.source, 0, nullptr, KernelMode, &object, &from);
  if (!NT_SUCCESS(status)) return status;
  Header& header = header_of(object);
  bool const same_access = (wish.options & DUPLICATE_SAME_ACCESS) != 0;
  bool const same_attributes = (wish.options & DUPLICATE_SAME_ATTRIBUTES) != 0;
  ULONG attributes = same_attributes ? from.HandleAttributes : wish.attributes;
  if (same_attributes && ObIsKernelHandle(wish.source) != FALSE) attributes |= OBJ_KERNEL_HANDLE;
  header.handles.fetch_add(1, std::memory_order_relaxed);
  return give_handle(
      {&header, same_access ? from.GrantedAccess : map_access(header.type, wish.access),
       attributes & (OBJ_INHERIT | OBJ_PROTECT_CLOSE)},
      (attributes & OBJ_KERNEL_HANDLE) != 0, &transfer, wish.target);
}

NTSTATUS duplicate_into(Wish const& wish, void* source, HANDLE target_process) noexcept {
  void* target = nullptr;
  NTSTATUS const status = find_process(target_process, &target);
  if (!NT_SUCCESS(status)) return status;
  Reference const kept{target};
  return duplicate(wish, {source, target});
}

}  // namespace
}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle,
                                 HANDLE TargetProcessHandle, PHANDLE TargetHandle,
                                 ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options) {
  if (TargetHandle != nullptr) *TargetHandle = nullptr;
  if ((Options & ~all_options) != 0) return STATUS_INVALID_PARAMETER;
  bool const close = (Options & DUPLICATE_CLOSE_SOURCE) != 0;
  if (TargetHandle == nullptr && !close) return STATUS_INVALID_PARAMETER;
  void* source = nullptr;
  NTSTATUS status = find_process(SourceProcessHandle, &source);
  if (!NT_SUCCESS(status)) return status;
  Reference const kept{source};
  if (TargetHandle != nullptr)
    status = duplicate_into({SourceHandle, TargetHandle, DesiredAccess, HandleAttributes, Options},
                            source, TargetProcessHandle);
  // Whatever came of the duplicate.                                        [MSDN DuplicateHandle]
  if (!close) return status;
  NTSTATUS const closed = ObCloseHandle(SourceHandle, KernelMode);
  return TargetHandle == nullptr ? closed : status;
}
