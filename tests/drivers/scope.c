/* A __try with nothing in it but an instruction that may fault. */
#include <ntddk.h>

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(Driver);
  __try {
    return *(volatile LONG *)RegistryPath;
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    return STATUS_UNSUCCESSFUL;
  }
}
