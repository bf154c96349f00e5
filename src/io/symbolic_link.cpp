// Names for devices. IRQL PASSIVE_LEVEL.
#include <nt/io.h>

#include "ob/symbolic_link.hpp"

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName) {
  return mica::ob::create_link(*SymbolicLinkName, *DeviceName, OBJ_PERMANENT);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName) {
  return mica::ob::remove_link(*SymbolicLinkName);
}
