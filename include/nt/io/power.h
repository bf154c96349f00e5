// Power requests.
#pragma once

#include <nt/io/irp.h>

#ifdef __cplusplus
extern "C" {
#endif

// Sends a power request to a device: IoCallDriver, as in Windows since Vista. IRQL <=
// DISPATCH_LEVEL.                                                              [MSDN PoCallDriver]
NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
// Says that a driver is ready for the next power request. Since Windows Vista nobody waits for
// that, and nothing happens. IRQL <= DISPATCH_LEVEL.                    [MSDN PoStartNextPowerIrp]
VOID NTAPI PoStartNextPowerIrp(PIRP Irp);

#ifdef __cplusplus
}
#endif
