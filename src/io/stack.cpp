// Stacks of devices.
//   IoAttachDeviceToDeviceStack, IoGetAttachedDeviceReference: IRQL <= DISPATCH_LEVEL;
//   IoDetachDevice: PASSIVE_LEVEL.
#include "io/stack.hpp"

#include "ob/header.hpp"

namespace mica::io {
namespace {

DEVICE_OBJECT& top_of(State&, DEVICE_OBJECT& device) noexcept {
  DEVICE_OBJECT* top = &device;
  while (top->AttachedDevice != nullptr) top = top->AttachedDevice;
  return *top;
}

}  // namespace

DEVICE_OBJECT& NTAPI reference_top(DEVICE_OBJECT& device) noexcept {
  State& io = state();
  ke::SpinGuard guard{io.device_lock};
  DEVICE_OBJECT& top = top_of(io, device);
  ObfReferenceObject(&top);
  return top;
}

DEVICE_OBJECT& NTAPI lowest_of(DEVICE_OBJECT& device) noexcept {
  DEVICE_OBJECT* lowest = &device;
  while (PDEVICE_OBJECT const below = extension_of(*lowest).attached_to) lowest = below;
  return *lowest;
}

bool NTAPI is_stack_open(DEVICE_OBJECT& lowest) noexcept {
  for (PDEVICE_OBJECT device = &lowest; device != nullptr; device = device->AttachedDevice)
    if (device->ReferenceCount != 0) return true;
  return false;
}

void NTAPI set_opening(DEVICE_OBJECT& lowest, Opening opening) noexcept {
  ke::SpinGuard guard{state().device_lock};
  extension_of(lowest).shut = opening == Opening::refused;
}

bool NTAPI shut_unless_open(DEVICE_OBJECT& lowest) noexcept {
  ke::SpinGuard guard{state().device_lock};
  return extension_of(lowest).shut = !is_stack_open(lowest);
}

bool NTAPI tell_when_closed(DEVICE_OBJECT& lowest) noexcept {
  ke::SpinGuard guard{state().device_lock};
  return extension_of(lowest).tells_closed = is_stack_open(lowest);
}

}  // namespace mica::io

using namespace mica::io;

PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice,
                                                 PDEVICE_OBJECT TargetDevice) {
  State& io = state();
  mica::ke::SpinGuard guard{io.device_lock};
  DEVICE_OBJECT& top = top_of(io, *TargetDevice);
  if (is_out_of_reach(top)) return nullptr;
  top.AttachedDevice = SourceDevice;
  SourceDevice->StackSize = static_cast<CCHAR>(top.StackSize + 1);
  SourceDevice->AlignmentRequirement = top.AlignmentRequirement;
  SourceDevice->SectorSize = top.SectorSize;
  extension_of(*SourceDevice).attached_to = &top;
  return &top;
}

VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice) {
  // A deleted one has no other reference than the attached device's.
  ObfReferenceObject(TargetDevice);
  mica::ob::Reference const keep{TargetDevice};
  {
    mica::ke::SpinGuard guard{state().device_lock};
    DeviceExtension& above = extension_of(*TargetDevice->AttachedDevice);
    above.shut = extension_of(lowest_of(*TargetDevice)).shut;  // its driver deletes it next
    above.attached_to = nullptr;
    TargetDevice->AttachedDevice = nullptr;
  }
  end_if_unused(*TargetDevice);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject) {
  return &reference_top(*DeviceObject);
}

PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject) {
  State& io = state();
  mica::ke::SpinGuard guard{io.device_lock};
  return &top_of(io, *DeviceObject);
}

PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject) {
  return IoGetAttachedDevice(FileObject->DeviceObject);
}
