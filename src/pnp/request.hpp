// Requests of plug and play to the stack of a device. They are waited for. IRQL PASSIVE_LEVEL, in a
// system thread, with nothing held.                        [MSDN "Plug and Play Minor IRPs"]
#pragma once

#include <nt/io.h>

namespace mica::pnp {

// `asked` has the minor function and its parameters. The lowest device is where the stack is found;
// the request goes to its top. STATUS_NOT_SUPPORTED: no driver answered. Without memory
// STATUS_INSUFFICIENT_RESOURCES, or another try after a while.
enum class WithoutMemory : bool { fails, waits };
[[nodiscard]] IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, IO_STACK_LOCATION const& asked,
                                         WithoutMemory without = WithoutMemory::fails) noexcept;

// The same of one that has no parameters.
[[nodiscard]] IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, UCHAR minor,
                                         WithoutMemory without = WithoutMemory::fails) noexcept;

// What the device can do, of all of its drivers; no address and no number but what they say.
// STATUS_* of theirs.                              [MSDN IRP_MN_QUERY_CAPABILITIES]
[[nodiscard]] NTSTATUS NTAPI query_capabilities(DEVICE_OBJECT& lowest,
                                                DEVICE_CAPABILITIES& found) noexcept;

// Devices that are related to one, as its drivers say. For a scope; maybe none.
//                                                        [MSDN IRP_MN_QUERY_DEVICE_RELATIONS]
class [[nodiscard]] Relations {
 public:
  // A null among them, or one that its driver has deleted, is bugcheck PNP_DETECTED_FATAL_ERROR.
  Relations(DEVICE_OBJECT& lowest, DEVICE_RELATION_TYPE type) noexcept;
  Relations(Relations const&) = delete;
  Relations& operator=(Relations const&) = delete;
  ~Relations();

  // False: nobody said anything.
  explicit operator bool() const noexcept { return list_ != nullptr; }
  [[nodiscard]] PDEVICE_OBJECT* begin() const noexcept { return list_->Objects; }
  [[nodiscard]] PDEVICE_OBJECT* end() const noexcept { return list_->Objects + list_->Count; }

 private:
  DEVICE_RELATIONS* list_ = nullptr;
};

}  // namespace mica::pnp
