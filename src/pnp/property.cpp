// What is known of a device. Strings are what its key says, where a driver or a test may have
// changed them.                                                       [MSDN IoGetDeviceProperty]
#include <algorithm>
#include <cstring>

#include "pnp/device.hpp"
#include "pnp/key.hpp"
#include "pnp/node.hpp"
#include "pnp/resource_list.hpp"
#include "pnp/text.hpp"

namespace mica::pnp {
namespace {

// Where an answer goes.
struct Buffer {
  void* start;
  ULONG bytes;
  ULONG* needed;

  [[nodiscard]] NTSTATUS give(void const* data, std::size_t length) const noexcept {
    *needed = static_cast<ULONG>(length);
    if (bytes < length) return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(start, data, length);
    return STATUS_SUCCESS;
  }
  [[nodiscard]] NTSTATUS give(ULONG number) const noexcept { return give(&number, sizeof number); }
  [[nodiscard]] NTSTATUS give(std::string_view text) const noexcept {
    Text const wide{text};
    return wide ? give(wide.get(), wide.bytes()) : STATUS_INSUFFICIENT_RESOURCES;
  }
};

struct ValueName {
  DEVICE_REGISTRY_PROPERTY property;
  std::string_view name;
  ULONG type;
};

constexpr ValueName values[] = {
    {DevicePropertyDeviceDescription, "DeviceDesc", REG_SZ},
    {DevicePropertyHardwareID, "HardwareID", REG_MULTI_SZ},
    {DevicePropertyCompatibleIDs, "CompatibleIDs", REG_MULTI_SZ},
    {DevicePropertyClassName, "Class", REG_SZ},
    {DevicePropertyClassGuid, "ClassGUID", REG_SZ},
    {DevicePropertyDriverKeyName, "Driver", REG_SZ},
    {DevicePropertyManufacturer, "Mfg", REG_SZ},
    {DevicePropertyFriendlyName, "FriendlyName", REG_SZ},
    {DevicePropertyLocationInformation, "LocationInformation", REG_SZ},
};

// A value of another type is none.
[[nodiscard]] NTSTATUS NTAPI give_value(Node const& node, ValueName const& wanted,
                                        Buffer const& buffer) noexcept {
  Key key;
  Value value;
  NTSTATUS status = create_device_key(node.path, key);
  if (NT_SUCCESS(status)) status = value.query(key.get(), wanted.name);
  if (!NT_SUCCESS(status)) return status;
  if (value.type() != wanted.type) return STATUS_OBJECT_NAME_NOT_FOUND;
  return buffer.give(value.data(), value.bytes());
}

[[nodiscard]] NTSTATUS NTAPI give_list(Node const& node, CM_RESOURCE_LIST const* list,
                                       Buffer const& buffer) noexcept {
  if (list == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  return buffer.give(list, bytes_of(node.described.resources));
}

[[nodiscard]] NTSTATUS NTAPI give_object_name(DEVICE_OBJECT& device,
                                              Buffer const& buffer) noexcept {
  struct {
    OBJECT_NAME_INFORMATION information;
    WCHAR text[32];  // \Device\ and eight digits
  } name;
  ULONG needed = 0;
  NTSTATUS const status = ObQueryNameString(&device, &name.information, sizeof name, &needed);
  if (!NT_SUCCESS(status)) return status;
  return buffer.give(name.information.Name.Buffer, name.information.Name.Length + sizeof(WCHAR));
}

[[nodiscard]] ULONG removal_policy(DEVICE_CAPABILITIES const& capabilities) noexcept {
  if (capabilities.Removable == 0) return RemovalPolicyExpectNoRemoval;
  return capabilities.SurpriseRemovalOK != 0 ? RemovalPolicyExpectSurpriseRemoval
                                             : RemovalPolicyExpectOrderlyRemoval;
}

// The computer itself is the container of what cannot be removed.
//                                                             [MSDN "Overview of Container IDs"]
constexpr std::string_view computer = "{00000000-0000-0000-FFFF-FFFFFFFFFFFF}";

[[nodiscard]] NTSTATUS NTAPI give_other(Node const& node, DEVICE_REGISTRY_PROPERTY property,
                                        Buffer const& buffer) noexcept {
  Snapshot const known = snapshot_of(node);
  constexpr ULONG no_number = 0xFFFF'FFFF;
  switch (property) {
    case DevicePropertyBootConfiguration:
      return give_list(node, node.raw, buffer);
    case DevicePropertyBootConfigurationTranslated:
      return give_list(node, node.translated, buffer);
    case DevicePropertyAllocatedResources:
      return give_list(node, known.assigned ? node.raw : nullptr, buffer);
    case DevicePropertyPhysicalDeviceObjectName:
      return give_object_name(*node.device, buffer);
    case DevicePropertyEnumeratorName:
      return buffer.give(part(node.path, 0, node.path.find('\\')));
    case DevicePropertyAddress:
      return buffer.give(known.capabilities.Address);
    case DevicePropertyUINumber:
      if (known.capabilities.UINumber == no_number) return STATUS_OBJECT_NAME_NOT_FOUND;
      return buffer.give(known.capabilities.UINumber);
    case DevicePropertyInstallState:
      return buffer.give(ULONG{InstallStateInstalled});
    case DevicePropertyRemovalPolicy:
      return buffer.give(removal_policy(known.capabilities));
    case DevicePropertyContainerID:
      if (known.capabilities.Removable != 0) return STATUS_OBJECT_NAME_NOT_FOUND;
      return buffer.give(computer);
    case DevicePropertyBusTypeGuid:  // the bus says nothing of itself, and wants no requirements
    case DevicePropertyLegacyBusType:
    case DevicePropertyBusNumber:
    case DevicePropertyResourceRequirements:
      return STATUS_OBJECT_NAME_NOT_FOUND;
    default:
      return STATUS_INVALID_PARAMETER_2;
  }
}

}  // namespace

NTSTATUS NTAPI find_line(DEVICE_OBJECT& device, io::InterruptLine& line) noexcept {
  NodeReference const node = find(device);
  if (!node || !snapshot_of(*node).assigned) return STATUS_NOT_FOUND;
  Resources const& resources = node->described.resources;
  auto const* const found =
      std::find_if(resources.begin(), resources.end(),
                   [](Resource const& each) { return each.type == CmResourceTypeInterrupt; });
  if (found == resources.end()) return STATUS_NOT_FOUND;
  line = {static_cast<ULONG>(found->start), found->latched, found->shared};
  return STATUS_SUCCESS;
}

}  // namespace mica::pnp

using namespace mica::pnp;

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject,
                                   DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                                   PVOID PropertyBuffer, PULONG ResultLength) {
  Buffer const buffer{PropertyBuffer, BufferLength, ResultLength};
  *ResultLength = 0;
  NodeReference const node = find(*DeviceObject);
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  auto const* const value = std::find_if(
      std::begin(values), std::end(values),
      [DeviceProperty](ValueName const& each) { return each.property == DeviceProperty; });
  return value != std::end(values) ? give_value(*node, *value, buffer)
                                   : give_other(*node, DeviceProperty, buffer);
}
