/* Imports its routines when it calls them first, and fails if that takes a helper. */
#include <ntddk.h>

static LONG Helped;

/* What the linker has calls of imports go to that are not bound yet. */
PVOID __delayLoadHelper2(PVOID Descriptor, PVOID *Slot);
PVOID __delayLoadHelper2(PVOID Descriptor, PVOID *Slot) {
  UNREFERENCED_PARAMETER(Descriptor);
  UNREFERENCED_PARAMETER(Slot);
  ++Helped;
  return NULL;
}

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  DbgPrint("later: started\n");
  return Helped == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
