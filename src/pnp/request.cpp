#include "pnp/request.hpp"

#include <nt/ke.h>

#include "io/device.hpp"
#include "io/request.hpp"
#include "ke/bugcheck.hpp"
#include "ob/header.hpp"

namespace mica::pnp {
namespace {

[[nodiscard]] IRP* make(DEVICE_OBJECT& device, WithoutMemory without) noexcept {
  return without == WithoutMemory::waits
             ? &io::must_make_request(device, IRP_MJ_PNP, io::owner::waiter)
             : io::make_request(device, IRP_MJ_PNP, io::owner::waiter);
}

[[nodiscard]] bool is_deleted(DEVICE_OBJECT& device) noexcept {
  ke::SpinGuard guard{io::state().device_lock};
  return io::extension_of(device).delete_pending;
}

void check(DEVICE_OBJECT& lowest, DEVICE_RELATIONS const& list) noexcept {
  constexpr ULONG_PTR deleted = 4, null = 8;
  for (ULONG i = 0; i < list.Count; ++i) {
    if (list.Objects[i] == nullptr)
      ke::bugcheck(PNP_DETECTED_FATAL_ERROR, null, ke::as_parameter(&lowest), list.Count, i);
    if (is_deleted(*list.Objects[i]))
      ke::bugcheck(PNP_DETECTED_FATAL_ERROR, deleted, ke::as_parameter(list.Objects[i]));
  }
}

}  // namespace

IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, IO_STACK_LOCATION const& asked,
                           WithoutMemory without) noexcept {
  ob::Reference const top{&io::reference_top(lowest)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP* const irp = make(device, without);
  if (irp == nullptr) return {{STATUS_INSUFFICIENT_RESOURCES}, 0};
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  next.MinorFunction = asked.MinorFunction;
  next.Parameters = asked.Parameters;
  irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
  return io::send_and_wait(device, *irp);
}

IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, UCHAR minor, WithoutMemory without) noexcept {
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = minor;
  return send(lowest, asked, without);
}

NTSTATUS NTAPI query_capabilities(DEVICE_OBJECT& lowest, DEVICE_CAPABILITIES& found) noexcept {
  constexpr ULONG no_number = 0xFFFF'FFFF;
  found = {};
  found.Size = sizeof found;
  found.Version = 1;
  found.Address = found.UINumber = no_number;
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
  asked.Parameters.DeviceCapabilities.Capabilities = &found;
  return send(lowest, asked).Status;
}

Relations::Relations(DEVICE_OBJECT& lowest, DEVICE_RELATION_TYPE type) noexcept {
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
  asked.Parameters.QueryDeviceRelations.Type = type;
  IO_STATUS_BLOCK const answer = send(lowest, asked);
  if (!NT_SUCCESS(answer.Status) || answer.Information == 0) return;
  list_ = reinterpret_cast<PDEVICE_RELATIONS>(answer.Information);
  check(lowest, *list_);
}

Relations::~Relations() {
  if (list_ == nullptr) return;
  for (PDEVICE_OBJECT const each : *this) ObfDereferenceObject(each);
  ExFreePool(list_);
}

}  // namespace mica::pnp
