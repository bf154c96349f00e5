// Files: what an open of a device makes.
//   IRP_MJ_CREATE goes to the top of the device's stack when it is opened by name, IRP_MJ_CLEANUP
//   when its last handle is closed, IRP_MJ_CLOSE when its last reference is gone. All are waited
//   for. IRQL PASSIVE_LEVEL.
#pragma once

#include "io/state.hpp"
#include "ob/type.hpp"

namespace mica::io {

// What an opener hands to parse_device through the namespace.
struct OpenPacket {
  ULONG disposition = FILE_OPEN;
  ULONG create_options = 0;
  ULONG file_attributes = 0;
  ULONG share_access = 0;
  ULONG options = 0;  // of IoCreateFile
  LARGE_INTEGER allocation_size = {};
  void const* extended_attributes = nullptr;
  ULONG extended_attribute_bytes = 0;
  IO_STATUS_BLOCK result = {};  // out: what the driver answered
};

// FILE_OBJECT.Flags: requests end while others of the file are made and its handle is closed.
[[nodiscard]] inline ULONG flags_of(FILE_OBJECT const& file) noexcept {
  return __atomic_load_n(&file.Flags, __ATOMIC_RELAXED);
}
inline void set_flags(FILE_OBJECT& file, ULONG bits) noexcept {
  __atomic_fetch_or(&file.Flags, bits, __ATOMIC_RELAXED);
}
inline void clear_flags(FILE_OBJECT& file, ULONG bits) noexcept {
  __atomic_fetch_and(&file.Flags, ~bits, __ATOMIC_RELAXED);
}

[[nodiscard]] ob::TypeOptions file_type_options() noexcept;

// The device type's parse procedure. Besides what the driver answers: STATUS_OBJECT_TYPE_MISMATCH
// without a packet or for any type but files, STATUS_NO_SUCH_DEVICE, STATUS_ACCESS_DENIED,
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI parse_device(void* object, ob::ParseRequest& request, void** found);

}  // namespace mica::io
