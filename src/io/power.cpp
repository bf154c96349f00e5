// Power requests, which are sent like any other.          [MSDN PoCallDriver, PoStartNextPowerIrp]
#include <nt/io.h>

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  return IoCallDriver(DeviceObject, Irp);
}

VOID NTAPI PoStartNextPowerIrp(PIRP) {}
