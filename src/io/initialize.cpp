#include "io/device.hpp"
#include "io/file.hpp"
#include "io/thread_requests.hpp"

namespace mica::io {

NTSTATUS NTAPI initialize() noexcept {
  State& io = state();
  NTSTATUS status = ob::create_type(driver_type_options(), &io.driver_type);
  if (NT_SUCCESS(status)) status = ob::create_type(device_type_options(), &io.device_type);
  if (NT_SUCCESS(status)) status = ob::create_type(file_type_options(), &io.file_type);
  if (NT_SUCCESS(status)) ke::state().thread_ends = end_requests;
  return status;
}

}  // namespace mica::io
