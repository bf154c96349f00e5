/* The rest of the run-time library: bitmaps, times, identifiers, versions, what a driver prints,
   frames and exceptions. */
#define FAMILY "library"
#include "expect.h"

#include <stdarg.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LibraryUnload;
VOID HearPrinting(_In_ PSTRING Output, _In_ ULONG ComponentId, _In_ ULONG Level);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, LibraryUnload)
#endif

static VOID CheckBitmaps(VOID) {
  ULONG Buffer[2] = {0, 0};
  RTL_BITMAP Bitmap;
  ULONG Start = 0;

  RtlInitializeBitMap(&Bitmap, Buffer, 50);
  RtlClearAllBits(&Bitmap);
  RtlSetBits(&Bitmap, 10, 5);
  RtlSetBit(&Bitmap, 20);
  EXPECT(Buffer[0] == 0x107C00 && RtlTestBit(&Bitmap, 20) && RtlCheckBit(&Bitmap, 14));
  EXPECT(RtlNumberOfSetBits(&Bitmap) == 6 && RtlNumberOfClearBits(&Bitmap) == 44);
  EXPECT(RtlAreBitsSet(&Bitmap, 10, 5) && !RtlAreBitsSet(&Bitmap, 10, 6));
  EXPECT(RtlAreBitsClear(&Bitmap, 21, 29) && !RtlAreBitsClear(&Bitmap, 0, 11));
  EXPECT(RtlFindSetBits(&Bitmap, 2, 0) == 10 && RtlFindClearBits(&Bitmap, 11, 0) == 21);
  EXPECT(RtlFindClearBits(&Bitmap, 40, 0) == 0xFFFFFFFF);
  EXPECT(RtlFindClearBitsAndSet(&Bitmap, 3, 30) == 30 && RtlAreBitsSet(&Bitmap, 30, 3));
  EXPECT(RtlFindSetBitsAndClear(&Bitmap, 3, 30) == 30 && RtlAreBitsClear(&Bitmap, 30, 3));
  EXPECT(RtlFindFirstRunClear(&Bitmap, &Start) == 10 && Start == 0);
  EXPECT(RtlFindNextForwardRunClear(&Bitmap, 12, &Start) == 5 && Start == 15);
  EXPECT(RtlFindLongestRunClear(&Bitmap, &Start) == 29 && Start == 21);
  RtlClearBit(&Bitmap, 20);
  RtlClearBits(&Bitmap, 10, 5);
  EXPECT(RtlNumberOfSetBits(&Bitmap) == 0);
  RtlSetAllBits(&Bitmap);
  EXPECT(RtlNumberOfClearBits(&Bitmap) == 0);
  EXPECT(RtlFindLeastSignificantBit(0x50) == 4 && RtlFindMostSignificantBit(0x50) == 6);
  EXPECT(RtlFindMostSignificantBit(0) == -1 && RtlNumberOfSetBitsUlongPtr(0xF0F) == 8);
}

static VOID CheckTimes(VOID) {
  TIME_FIELDS Fields = {2024, 2, 29, 12, 30, 15, 250, 0}, Back;
  LARGE_INTEGER Time, Again;
  ULONG Seconds = 0;

  EXPECT(RtlTimeFieldsToTime(&Fields, &Time));
  RtlTimeToTimeFields(&Time, &Back);
  EXPECT(Back.Year == 2024 && Back.Month == 2 && Back.Day == 29 && Back.Hour == 12);
  EXPECT(Back.Minute == 30 && Back.Second == 15 && Back.Milliseconds == 250 && Back.Weekday == 4);
  EXPECT(RtlTimeToSecondsSince1970(&Time, &Seconds) && Seconds == 1709209815);
  RtlSecondsSince1970ToTime(Seconds, &Again);
  EXPECT(Again.QuadPart == Time.QuadPart - 2500000);
  EXPECT(RtlTimeToSecondsSince1980(&Time, &Seconds) && Seconds == 1709209815 - 315532800);
  RtlSecondsSince1980ToTime(Seconds, &Again);
  EXPECT(Again.QuadPart == Time.QuadPart - 2500000);
  Fields.Year = 2023;
  EXPECT(!RtlTimeFieldsToTime(&Fields, &Time));
  Time.QuadPart = 0;
  EXPECT(!RtlTimeToSecondsSince1970(&Time, &Seconds));
}

static VOID CheckIdentifiers(VOID) {
  GUID const Guid = {0x00112233, 0x4455, 0x6677, {0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}};
  UNICODE_STRING Wanted = RTL_CONSTANT_STRING(L"{00112233-4455-6677-8899-AABBCCDDEEFF}"), Text;
  UNICODE_STRING Wrong = RTL_CONSTANT_STRING(L"{00112233-4455-6677-8899-AABBCCDDEEF}");
  GUID Back;

  EXPECT(RtlGUIDFromString(&Wrong, &Back) == STATUS_INVALID_PARAMETER);
  if (!EXPECT(NT_SUCCESS(RtlStringFromGUID(&Guid, &Text)))) return;
  EXPECT(RtlEqualUnicodeString(&Text, &Wanted, TRUE));
  EXPECT(NT_SUCCESS(RtlGUIDFromString(&Text, &Back)) && IsEqualGUID(&Guid, &Back));
  RtlFreeUnicodeString(&Text);
}

static VOID CheckVersions(VOID) {
  RTL_OSVERSIONINFOEXW Version;
  ULONG Major = 0, Minor = 9, Build = 0;
  ULONGLONG Conditions = 0;

  RtlZeroMemory(&Version, sizeof(Version));
  Version.dwOSVersionInfoSize = sizeof(Version);
  EXPECT(NT_SUCCESS(RtlGetVersion((PRTL_OSVERSIONINFOW)&Version)));
  EXPECT(!PsGetVersion(&Major, &Minor, &Build, NULL));
  EXPECT(Major == Version.dwMajorVersion && Minor == Version.dwMinorVersion);
  EXPECT(Build == Version.dwBuildNumber && Version.dwPlatformId == VER_PLATFORM_WIN32_NT);
  EXPECT(Major >= 10 && RtlIsNtDdiVersionAvailable(NTDDI_WIN8));
  EXPECT(!RtlIsNtDdiVersionAvailable(0xFF000000));
  VER_SET_CONDITION(Conditions, VER_MAJORVERSION, VER_GREATER_EQUAL);
  VER_SET_CONDITION(Conditions, VER_MINORVERSION, VER_GREATER_EQUAL);
  Version.dwMajorVersion = 6;
  Version.dwMinorVersion = 1;
  EXPECT(RtlVerifyVersionInfo(&Version, VER_MAJORVERSION | VER_MINORVERSION, Conditions) ==
         STATUS_SUCCESS);
  Version.dwMajorVersion = Major + 1;
  EXPECT(RtlVerifyVersionInfo(&Version, VER_MAJORVERSION | VER_MINORVERSION, Conditions) ==
         STATUS_REVISION_MISMATCH);
}

static ULONG PrintWithPrefix(PCSTR Format, ...) {
  va_list Arguments;
  ULONG Status;

  va_start(Arguments, Format);
  Status = vDbgPrintExWithPrefix("library: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, Format,
                                 Arguments);
  va_end(Arguments);
  return Status;
}

static ULONG PrintByList(PCSTR Format, ...) {
  va_list Arguments;
  ULONG Status;

  va_start(Arguments, Format);
  Status = vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, Format, Arguments);
  va_end(Arguments);
  return Status;
}

static ULONG volatile Heard;

_Use_decl_annotations_ VOID HearPrinting(PSTRING Output, ULONG ComponentId, ULONG Level) {
  UNREFERENCED_PARAMETER(ComponentId);
  UNREFERENCED_PARAMETER(Level);
  if (Output->Length == 14 && RtlEqualMemory(Output->Buffer, "library: four\n", 14)) ++Heard;
}

static VOID CheckPrinting(VOID) {
  EXPECT(DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "library: %s\n", "one") ==
         STATUS_SUCCESS);
  EXPECT(PrintByList("library: %u\n", 2ul) == STATUS_SUCCESS);
  EXPECT(PrintWithPrefix("%wc\n", L'3') == STATUS_SUCCESS);
  EXPECT(NT_SUCCESS(DbgSetDebugPrintCallback(HearPrinting, TRUE)));
  DbgPrint("library: %s\n", "four");
  EXPECT(NT_SUCCESS(DbgSetDebugPrintCallback(HearPrinting, FALSE)));
  DbgPrint("library: %s\n", "four");
  EXPECT(Heard == 1);
}

/* Tells of itself. */
static DECLSPEC_NOINLINE VOID CheckFrames(VOID) {
  CONTEXT Context;
  ULONG64 ImageBase = 0, Frame = 0;
  PRUNTIME_FUNCTION Function;
  PVOID Base = NULL, HandlerData = NULL;

  RtlCaptureContext(&Context);
  EXPECT(RtlPcToFileHeader((PVOID)Context.Rip, &Base) == Base && Base != NULL);
  Function = RtlLookupFunctionEntry(Context.Rip, &ImageBase, NULL);
  if (!EXPECT(Function != NULL && ImageBase == (ULONG64)Base)) return;
  EXPECT(Context.Rip - ImageBase >= Function->BeginAddress);
  EXPECT(Context.Rip - ImageBase < Function->EndAddress);
  RtlVirtualUnwind(UNW_FLAG_NHANDLER, ImageBase, Context.Rip, Function, &Context, &HandlerData,
                   &Frame, NULL);
  EXPECT(Context.Rip == (ULONG64)_ReturnAddress());
  EXPECT(RtlPcToFileHeader(&Context, &Base) == NULL && Base == NULL);
}

/* Goes back once to where it was. */
static DECLSPEC_NOINLINE VOID CheckRestoring(VOID) {
  ULONG volatile Passes = 0;
  CONTEXT Context;

  RtlCaptureContext(&Context);
  Passes = Passes + 1;
  if (Passes == 1) RtlRestoreContext(&Context, NULL);
  EXPECT(Passes == 2);
}

typedef VOID RAISER(VOID);

static VOID RaiseRecord(VOID) {
  EXCEPTION_RECORD Record;

  RtlZeroMemory(&Record, sizeof(Record));
  Record.ExceptionCode = STATUS_DEVICE_BUSY;
  Record.NumberParameters = 1;
  Record.ExceptionInformation[0] = 5;
  RtlRaiseException(&Record);
}

static VOID RaiseRtlStatus(VOID) {
  RtlRaiseStatus(STATUS_NO_SUCH_DEVICE);
}

static VOID RaiseExStatus(VOID) {
  ExRaiseStatus(STATUS_DEVICE_NOT_READY);
}

static VOID ProbeKernel(VOID) {
  ProbeForRead((PVOID)(ULONG_PTR)0xFFFF800000000000, 4, 1);
}

static VOID ProbeMisaligned(VOID) {
  ProbeForWrite((PVOID)(ULONG_PTR)0x10001, 4, 4);
}

static NTSTATUS RaisedBy(RAISER* Raiser) {
  NTSTATUS Raised = STATUS_SUCCESS;
  ULONG Ended = 0;

  __try {
    __try {
      Raiser();
    } __finally {
      Ended += AbnormalTermination() ? 1 : 2;
    }
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Raised = GetExceptionCode();
  }
  EXPECT(Ended == 1);
  return Raised;
}

static VOID CheckExceptions(VOID) {
  EXPECT(RaisedBy(RaiseRecord) == STATUS_DEVICE_BUSY);
  EXPECT(RaisedBy(RaiseRtlStatus) == STATUS_NO_SUCH_DEVICE);
  EXPECT(RaisedBy(RaiseExStatus) == STATUS_DEVICE_NOT_READY);
  EXPECT(RaisedBy(ExRaiseAccessViolation) == STATUS_ACCESS_VIOLATION);
  EXPECT(RaisedBy(ExRaiseDatatypeMisalignment) == STATUS_DATATYPE_MISALIGNMENT);
  EXPECT(RaisedBy(ProbeKernel) == STATUS_ACCESS_VIOLATION);
  EXPECT(RaisedBy(ProbeMisaligned) == STATUS_DATATYPE_MISALIGNMENT);
}

_Use_decl_annotations_ VOID LibraryUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = LibraryUnload;
  CheckBitmaps();
  CheckTimes();
  CheckIdentifiers();
  CheckVersions();
  CheckPrinting();
  CheckFrames();
  CheckRestoring();
  CheckExceptions();
  return ExpectationsStatus();
}
