/* A driver with a section that is both written and executed, which writes code and runs it. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

typedef ULONG64 ROUTINE(VOID);

/* mov eax, 1; ret */
__declspec(allocate(".both")) static volatile UCHAR Answer[] = {0xB8, 1, 0, 0, 0, 0xC3};
/* mov rax, cr8; ret */
__declspec(allocate(".both")) static volatile UCHAR Level[] = {0x44, 0x0F, 0x20, 0xC0, 0xC3};

static ULONG64 Run(volatile UCHAR *Code) { return ((ROUTINE *)(ULONG_PTR)Code)(); }

static VOID NTAPI Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  ULONG Round;
  UNREFERENCED_PARAMETER(RegistryPath);
  for (Round = 1; Round < 4; ++Round) {
    if (Run(Answer) != Round) return STATUS_UNSUCCESSFUL;
    Answer[1] = (UCHAR)(Round + 1);
    if (Run(Level) != PASSIVE_LEVEL) return STATUS_UNSUCCESSFUL;
  }
  /* Who may write its code finds what it wrote. */
  if (Level[0] != 0x44 || Level[3] != 0xC0 || Level[4] != 0xC3) return STATUS_UNSUCCESSFUL;
  Level[0] = 0xC3;
  Driver->DriverUnload = Unload;
  return STATUS_SUCCESS;
}
