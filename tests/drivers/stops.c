/* Stops for the debugger when it is loaded: where it looks after what comes of that, and where it
 * does not. */
#include <ntddk.h>

/* As samples have it: an assertion that is an expression, and is there in every build. */
#define HOLDS(condition)                                                                         \
  ((!(condition))                                                                                \
       ? (__annotation(L"Debug", L"AssertFail", L#condition), DbgRaiseAssertionFailure(), FALSE) \
       : TRUE)

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD StopsUnload;

_Use_decl_annotations_ VOID StopsUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  LPCWSTR Text = L"stops";
  WCHAR Copy[6];
  PETHREAD Thread;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = StopsUnload;
#pragma prefast(suppress : 6011, "what another compiler's analysis is told")
  RtlCopyBytes(Copy, Text, sizeof(Copy));
  if (!NT_SUCCESS(ObReferenceObjectByHandle(NtCurrentThread(), SYNCHRONIZE, *PsThreadType,
                                            KernelMode, &Thread, NULL)))
    return STATUS_UNSUCCESSFUL;
  HOLDS(Thread == PsGetCurrentThread());
  ObDereferenceObject(Thread);
  __try {
    DbgBreakPoint();
    DbgPrint("%ws: went on\n", Copy);
  } __except (GetExceptionCode() == STATUS_BREAKPOINT ? EXCEPTION_EXECUTE_HANDLER
                                                      : EXCEPTION_CONTINUE_SEARCH) {
    DbgPrint("%ws: stopped\n", Copy);
  }
  DbgBreakPoint();
  return STATUS_SUCCESS;
}
