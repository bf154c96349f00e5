/* A cookie such as compilers guard stacks by. DriverEntry fails if the loader has not seeded it. */
#include <ntddk.h>
#include <ntimage.h>

#define UNSEEDED 0x00002B992DDFA232ULL

volatile ULONG_PTR Cookie = UNSEEDED;

/* The linker finds it by its name. */
const IMAGE_LOAD_CONFIG_DIRECTORY64 _load_config_used = {
    .Size = sizeof(IMAGE_LOAD_CONFIG_DIRECTORY64), .SecurityCookie = (ULONGLONG)&Cookie};

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  if (Cookie == 0 || Cookie == UNSEEDED || Cookie >> 48 != 0) return STATUS_UNSUCCESSFUL;
  return STATUS_SUCCESS;
}
