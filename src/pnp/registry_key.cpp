#include "pnp/key.hpp"
#include "pnp/node.hpp"

using namespace mica::pnp;

namespace {

// For what a device's drivers keep of it.
NTSTATUS NTAPI open_parameters(std::string_view device, ACCESS_MASK access, Key& key) noexcept {
  Key of_device;
  NTSTATUS const status = create_device_key(device, of_device);
  return NT_SUCCESS(status) ? key.create(of_device.get(), "Device Parameters", access) : status;
}

NTSTATUS NTAPI open_driver_key(std::string_view device, ACCESS_MASK access, Key& key) noexcept {
  Key of_device;
  Value path;
  NTSTATUS status = create_device_key(device, of_device);
  if (NT_SUCCESS(status)) status = path.query(of_device.get(), "Driver");
  return NT_SUCCESS(status) ? key.open(class_folder, path.string(), access) : status;
}

}  // namespace

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey) {
  ULONG const kind = DevInstKeyType & ~ULONG{PLUGPLAY_REGKEY_CURRENT_HWPROFILE};
  if (kind != PLUGPLAY_REGKEY_DEVICE && kind != PLUGPLAY_REGKEY_DRIVER)
    return STATUS_INVALID_PARAMETER;
  NodeReference const node = find(*DeviceObject);
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  if (kind != DevInstKeyType) return STATUS_OBJECT_NAME_NOT_FOUND;
  Key key;
  NTSTATUS const status = kind == PLUGPLAY_REGKEY_DEVICE
                              ? open_parameters(node->path, DesiredAccess, key)
                              : open_driver_key(node->path, DesiredAccess, key);
  if (NT_SUCCESS(status)) *DeviceRegKey = key.release();
  return status;
}
