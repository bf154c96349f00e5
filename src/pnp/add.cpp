#include <cstring>

#include "io/driver_name.hpp"
#include "io/stack.hpp"
#include "ob/header.hpp"
#include "pnp/device.hpp"
#include "pnp/key.hpp"
#include "pnp/remove.hpp"
#include "pnp/request.hpp"
#include "pnp/text.hpp"

namespace mica::pnp {
namespace {

constexpr ULONG no_number = 0xFFFF'FFFF;

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

// From below up.
[[nodiscard]] NTSTATUS NTAPI build_stack(Node const& node) noexcept {
  Description const& described = node.described;
  NTSTATUS status = STATUS_SUCCESS;
  for (std::string_view const filter : described.lower_filters)
    if (NT_SUCCESS(status)) status = call_add_device(filter, *node.device);
  if (NT_SUCCESS(status)) status = call_add_device(described.driver, *node.device);
  for (std::string_view const filter : described.upper_filters)
    if (NT_SUCCESS(status)) status = call_add_device(filter, *node.device);
  return status;
}

// Of the bus before there are drivers, and of all of them once the device is started.
//                                                             [MSDN IRP_MN_QUERY_CAPABILITIES]
[[nodiscard]] NTSTATUS NTAPI query_capabilities(Node& node) noexcept {
  DEVICE_CAPABILITIES found{};
  found.Size = sizeof found;
  found.Version = 1;
  found.Address = found.UINumber = no_number;
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
  asked.Parameters.DeviceCapabilities.Capabilities = &found;
  NTSTATUS const status = send(*node.device, asked).Status;
  if (!NT_SUCCESS(status)) return status;
  ke::SpinGuard guard{state().lock};
  node.capabilities = found;
  return status;
}

// Drivers learn that the resources are theirs.
[[nodiscard]] NTSTATUS NTAPI send_start(Node& node) noexcept {
  {
    ke::SpinGuard guard{state().lock};
    node.assigned = true;
  }
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_START_DEVICE;
  asked.Parameters.StartDevice = {node.raw, node.translated};
  return send(*node.device, asked).Status;
}

[[nodiscard]] bool NTAPI says_it_failed(DEVICE_OBJECT& device) noexcept {
  IO_STATUS_BLOCK const answer = send(device, IRP_MN_QUERY_PNP_DEVICE_STATE);
  return NT_SUCCESS(answer.Status) &&
         (answer.Information & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)) != 0;
}

// What hangs from the device is not looked at, but given back.
void NTAPI query_children(DEVICE_OBJECT& device) noexcept {
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
  asked.Parameters.QueryDeviceRelations.Type = BusRelations;
  IO_STATUS_BLOCK const answer = send(device, asked);
  auto* const relations = reinterpret_cast<PDEVICE_RELATIONS>(answer.Information);
  if (!NT_SUCCESS(answer.Status) || relations == nullptr) return;
  for (ULONG i = 0; i < relations->Count; ++i) ObfDereferenceObject(relations->Objects[i]);
  ExFreePool(relations);
}

[[nodiscard]] NTSTATUS NTAPI build_and_start(Node& node) noexcept {
  NTSTATUS status = query_capabilities(node);
  if (NT_SUCCESS(status)) status = write_keys(node.described);
  if (NT_SUCCESS(status)) status = build_stack(node);
  if (NT_SUCCESS(status)) status = send_start(node);
  return status;
}

[[nodiscard]] NTSTATUS NTAPI add(Description const& device) noexcept {
  if (find(device.name) != nullptr) return STATUS_OBJECT_NAME_COLLISION;
  Node* node = nullptr;
  NTSTATUS status = make(device, node);
  if (!NT_SUCCESS(status)) return status;
  status = build_and_start(*node);
  if (!NT_SUCCESS(status)) {
    remove(*node);
    return status;
  }
  io::set_opening(*node->device, io::Opening::allowed);
  static_cast<void>(query_capabilities(*node));  // else what the bus said holds
  if (says_it_failed(*node->device)) {
    lose(*node);
    return STATUS_PLUGPLAY_NO_DEVICE;
  }
  query_children(*node->device);
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS NTAPI add_device(Description const& device) noexcept {
  return perform([&device]() noexcept { return add(device); });
}

}  // namespace mica::pnp
