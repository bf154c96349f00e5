// What hangs from a device.                    [MSDN IRP_MN_QUERY_DEVICE_RELATIONS, BusRelations]
#pragma once

#include "pnp/node.hpp"

namespace mica::pnp {

// Asks a started device's drivers for its children. Who is not among them any more is lost; who
// came has a node, which is put into `coming` by to_start. For the worker. IRQL PASSIVE_LEVEL.
//   Two that are called the same are bugcheck PNP_DETECTED_FATAL_ERROR.
void NTAPI find_children(Node& node, LIST_ENTRY& coming) noexcept;

}  // namespace mica::pnp
