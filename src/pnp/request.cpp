#include "pnp/request.hpp"

#include <nt/ke.h>

#include "io/device.hpp"
#include "io/request.hpp"
#include "ob/header.hpp"

namespace mica::pnp {
namespace {

constexpr LONGLONG try_again_100ns = 100'000;

[[nodiscard]] IRP* make(DEVICE_OBJECT& device, WithoutMemory without) noexcept {
  for (;;) {
    IRP* const irp = io::make_request(device, IRP_MJ_PNP, io::owner::waiter);
    if (irp != nullptr || without == WithoutMemory::fails) return irp;
    LARGE_INTEGER due;
    due.QuadPart = -try_again_100ns;
    static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &due));
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

}  // namespace mica::pnp
