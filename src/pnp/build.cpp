#include "pnp/build.hpp"

#include <nt/zw/drivers.h>

#include "io/driver_name.hpp"
#include "io/state.hpp"
#include "ob/header.hpp"
#include "pnp/text.hpp"
#include "trace/callback.hpp"

namespace mica::pnp {
namespace {

[[nodiscard]] NTSTATUS NTAPI reference_driver(UNICODE_STRING const& service,
                                              void** driver) noexcept {
  io::Joined name{io::driver_folder, service};
  if (!name) return STATUS_INSUFFICIENT_RESOURCES;
  return ObReferenceObjectByName(&name.get(), OBJ_CASE_INSENSITIVE, nullptr, 0,
                                 io::state().driver_type, KernelMode, nullptr, driver);
}

[[nodiscard]] NTSTATUS NTAPI load(UNICODE_STRING const& service) noexcept {
  io::Joined path{io::service_folder, service};
  return path ? ZwLoadDriver(&path.get()) : STATUS_INSUFFICIENT_RESOURCES;
}

[[nodiscard]] bool NTAPI is_to_be_unloaded(DRIVER_OBJECT const& driver) noexcept {
  ke::SpinGuard guard{io::state().device_lock};
  return (driver.Flags & DRVO_UNLOAD_INVOKED) != 0;
}

[[nodiscard]] NTSTATUS NTAPI call_add_device(std::string_view name,
                                             DEVICE_OBJECT& device) noexcept {
  Text const wide{name};
  if (!wide) return STATUS_INSUFFICIENT_RESOURCES;
  UNICODE_STRING const service = wide.string();
  void* object = nullptr;
  NTSTATUS status = reference_driver(service, &object);
  if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
    status = load(service);
    if (NT_SUCCESS(status)) status = reference_driver(service, &object);
  }
  if (!NT_SUCCESS(status)) return status;
  ob::Reference const keep{object};
  auto& driver = *static_cast<PDRIVER_OBJECT>(object);
  if (is_to_be_unloaded(driver)) return STATUS_DELETE_PENDING;
  if (driver.DriverExtension->AddDevice == nullptr) return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
  return trace::call(ke::listener(), trace::Callback::add_device, driver.DriverExtension->AddDevice,
                     &driver, &device);
}

}  // namespace

NTSTATUS NTAPI build_stack(DEVICE_OBJECT& device, Description const& described) noexcept {
  NTSTATUS status = STATUS_SUCCESS;
  for (std::string_view const filter : described.lower_filters)
    if (NT_SUCCESS(status)) status = call_add_device(filter, device);
  if (NT_SUCCESS(status)) status = call_add_device(described.driver, device);
  for (std::string_view const filter : described.upper_filters)
    if (NT_SUCCESS(status)) status = call_add_device(filter, device);
  return status;
}

}  // namespace mica::pnp
