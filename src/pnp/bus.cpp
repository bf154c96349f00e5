#include "pnp/bus.hpp"

#include <cstring>

#include "pnp/key.hpp"
#include "pnp/node.hpp"
#include "pnp/resource_list.hpp"
#include "pnp/text.hpp"

namespace mica::pnp {
namespace {

NTSTATUS complete(IRP& irp, NTSTATUS status) noexcept {
  irp.IoStatus.Status = status;
  IoCompleteRequest(&irp, IO_NO_INCREMENT);
  return status;
}

// What is not answered keeps the status that it came with.
[[nodiscard]] NTSTATUS unanswered(IRP const& irp) noexcept {
  return irp.IoStatus.Status;
}

NTSTATUS give(IRP& irp, void const* information) noexcept {
  if (information == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  irp.IoStatus.Information = reinterpret_cast<ULONG_PTR>(information);
  return STATUS_SUCCESS;
}

NTSTATUS give_text(IRP& irp, std::initializer_list<std::string_view> parts) noexcept {
  return give(irp, Text{parts}.release());
}

NTSTATUS give_texts(IRP& irp, Names const& names) noexcept {
  return names.empty() ? unanswered(irp) : give(irp, Text{names}.release());
}

NTSTATUS NTAPI identify(IRP& irp, Description const& device) noexcept {
  switch (IoGetCurrentIrpStackLocation(&irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
      return give_text(irp, {enumerator, "\\", device.name});
    case BusQueryInstanceID:
      return give_text(irp, {instance});
    case BusQueryHardwareIDs:
      return give_texts(irp, device.hardware_ids);
    case BusQueryCompatibleIDs:
      return give_texts(irp, device.compatible_ids);
    default:
      return unanswered(irp);
  }
}

NTSTATUS NTAPI describe(IRP& irp, Description const& device) noexcept {
  bool const location =
      IoGetCurrentIrpStackLocation(&irp)->Parameters.QueryDeviceText.DeviceTextType ==
      DeviceTextLocationInformation;
  std::string_view const text = location ? device.location : device.description;
  return text.empty() ? unanswered(irp) : give_text(irp, {text});
}

NTSTATUS NTAPI give_resources(IRP& irp, Node const& node) noexcept {
  if (node.raw == nullptr) return unanswered(irp);
  std::size_t const bytes = bytes_of(node.described.resources);
  void* const list = ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_text);
  if (list != nullptr) std::memcpy(list, node.raw, bytes);
  return give(irp, list);
}

// Power is full while the system works, and off otherwise.
NTSTATUS NTAPI fill_capabilities(IRP& irp, Description const& device) noexcept {
  DEVICE_CAPABILITIES& asked =
      *IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceCapabilities.Capabilities;
  if (asked.Version != 1 || asked.Size < sizeof asked) return STATUS_UNSUCCESSFUL;
  asked.UniqueID = 1;
  asked.Removable = asked.SurpriseRemovalOK = device.removable ? 1 : 0;
  if (device.has_address) asked.Address = device.address;
  if (device.has_ui_number) asked.UINumber = device.ui_number;
  for (DEVICE_POWER_STATE& each : asked.DeviceState) each = PowerDeviceD3;
  asked.DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
  asked.DeviceState[PowerSystemWorking] = PowerDeviceD0;
  return STATUS_SUCCESS;
}

// The device itself is all that the bus knows to be related to it.
NTSTATUS NTAPI relate(IRP& irp, DEVICE_OBJECT& device) noexcept {
  if (IoGetCurrentIrpStackLocation(&irp)->Parameters.QueryDeviceRelations.Type !=
      TargetDeviceRelation)
    return unanswered(irp);
  auto* const relations = static_cast<PDEVICE_RELATIONS>(
      ExAllocatePool2(POOL_FLAG_PAGED, sizeof(DEVICE_RELATIONS), tag_text));
  if (relations != nullptr) {
    relations->Count = 1;
    relations->Objects[0] = &device;
    ObfReferenceObject(&device);
  }
  return give(irp, relations);
}

NTSTATUS NTAPI answer(DEVICE_OBJECT& device, IRP& irp) noexcept {
  NodeReference const node = find(device);
  UCHAR const minor = IoGetCurrentIrpStackLocation(&irp)->MinorFunction;
  switch (minor) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
      return STATUS_SUCCESS;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
      return relate(irp, device);
  }
  if (!node) return unanswered(irp);
  switch (minor) {
    case IRP_MN_QUERY_CAPABILITIES:
      return fill_capabilities(irp, node->described);
    case IRP_MN_QUERY_RESOURCES:
      return give_resources(irp, *node);
    case IRP_MN_QUERY_DEVICE_TEXT:
      return describe(irp, node->described);
    case IRP_MN_QUERY_ID:
      return identify(irp, node->described);
    default:
      return unanswered(irp);
  }
}

NTSTATUS NTAPI serve_plug_and_play(PDEVICE_OBJECT device, PIRP irp) {
  return complete(*irp, answer(*device, *irp));
}

// Every device has the power that it is to have.
NTSTATUS NTAPI serve_power(PDEVICE_OBJECT, PIRP irp) {
  UCHAR const minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
  bool const knows = minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER;
  return complete(*irp, knows ? STATUS_SUCCESS : unanswered(*irp));
}

NTSTATUS NTAPI serve_system_control(PDEVICE_OBJECT, PIRP irp) {
  return complete(*irp, unanswered(*irp));
}

}  // namespace

NTSTATUS NTAPI enter_bus(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->MajorFunction[IRP_MJ_PNP] = serve_plug_and_play;
  driver->MajorFunction[IRP_MJ_POWER] = serve_power;
  driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = serve_system_control;
  state().driver = driver;
  return STATUS_SUCCESS;
}

}  // namespace mica::pnp
