// The driver of all physical device objects: what the root bus answers for the devices on it.
//                                                             [MSDN "Plug and Play Minor IRPs"]
#pragma once

#include <nt/io.h>

namespace mica::pnp {

// Its DriverEntry: State::driver is the driver from then on.
NTSTATUS NTAPI enter_bus(PDRIVER_OBJECT driver, PUNICODE_STRING);

}  // namespace mica::pnp
