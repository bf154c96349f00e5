/* Wants a routine that nobody exports: it must not link. */
#include <ntddk.h>

NTSTATUS NotThereAtAll(VOID);

DRIVER_INITIALIZE DriverEntry;

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(DriverObject);
  UNREFERENCED_PARAMETER(RegistryPath);
  return NotThereAtAll();
}
