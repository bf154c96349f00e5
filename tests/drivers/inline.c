/* What the headers do inline, done in a driver: DriverEntry fails if one of them does not do what
   is documented, and says which. */
#include <initguid.h>
#include <intrin.h>
#include <ntddk.h>
#include <ntstrsafe.h>

DEFINE_GUID(GUID_OF_THIS, 0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16);

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD InlineUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static BOOLEAN Holds(BOOLEAN Condition, PCSTR Text, ULONG Line) {
  if (!Condition) DbgPrint("inline: line %u: %s\n", Line, Text);
  return Condition;
}

/* Every condition is looked at, whatever became of those before it. */
#define CHECK(condition) (Good &= Holds((BOOLEAN) !!(condition), #condition, __LINE__))

static BOOLEAN CheckInterlocked(VOID) {
  BOOLEAN Good = TRUE;
  LONG Value = 5;
  LONG64 Long = 0x100000000;
  SHORT Short = -1;
  LONG Bits[2] = {0, 0};
  PVOID Pointer = &Value;

  CHECK(InterlockedIncrement(&Value) == 6 && Value == 6);
  CHECK(InterlockedDecrement(&Value) == 5 && Value == 5);
  CHECK(InterlockedAdd(&Value, 3) == 8 && Value == 8);
  CHECK(InterlockedExchangeAdd(&Value, -3) == 8 && Value == 5);
  CHECK(InterlockedExchange(&Value, 12) == 5 && Value == 12);
  CHECK(InterlockedCompareExchange(&Value, 1, 13) == 12 && Value == 12);
  CHECK(InterlockedCompareExchange(&Value, 9, 12) == 12 && Value == 9);
  CHECK(InterlockedOr(&Value, 6) == 9 && Value == 15);
  CHECK(InterlockedAnd(&Value, 12) == 15 && Value == 12);
  CHECK(InterlockedXor(&Value, 4) == 12 && Value == 8);
  CHECK(InterlockedIncrement64(&Long) == 0x100000001 && InterlockedAdd64(&Long, 1) == 0x100000002);
  CHECK(InterlockedCompareExchange64(&Long, 7, 0x100000002) == 0x100000002 && Long == 7);
  CHECK(InterlockedIncrement16(&Short) == 0 && Short == 0);
  CHECK(InterlockedExchangePointer(&Pointer, &Long) == &Value && Pointer == &Long);
  CHECK(InterlockedCompareExchangePointer(&Pointer, NULL, &Long) == &Long && Pointer == NULL);
  CHECK(!InterlockedBitTestAndSet(Bits, 35) && Bits[0] == 0 && Bits[1] == 8);
  CHECK(InterlockedBitTestAndSet(Bits, 35) && InterlockedBitTestAndReset(Bits, 35) && Bits[1] == 0);
  WriteRelease(&Value, 3);
  CHECK(ReadAcquire(&Value) == 3 && ReadNoFence64(&Long) == 7 &&
        ReadPointerAcquire(&Pointer) == NULL);
  return Good;
}

static BOOLEAN CheckIntrinsics(VOID) {
  BOOLEAN Good = TRUE;
  ULONG Index = 99;
  ULONG64 High;
  int Registers[4] = {0, 0, 0, 0};

  CHECK(_BitScanForward(&Index, 0x50) && Index == 4);
  CHECK(_BitScanReverse(&Index, 0x50) && Index == 6);
  CHECK(BitScanForward64(&Index, 1ull << 40) && Index == 40);
  CHECK(BitScanReverse64(&Index, 3ull << 40) && Index == 41);
  CHECK(!_BitScanForward(&Index, 0));
  CHECK(_umul128(1ull << 63, 4, &High) == 0 && High == 2 && __umulh(1ull << 63, 4) == 2);
  CHECK(PopulationCount64(0xF0F0) == 8 && _rotl(0x80000001, 1) == 3);
  __cpuid(Registers, 0);
  CHECK(Registers[0] > 0);
  CHECK(__rdtsc() != 0 && ReadTimeStampCounter() != 0);
  KeMemoryBarrier();
  YieldProcessor();
  return Good;
}

typedef struct _SAMPLE {
  UCHAR Byte;
  ULONG Array[3];
  ULONG Last;
} SAMPLE;

static BOOLEAN CheckWords(VOID) {
  static const WCHAR Wide[] = L"wide";
  DECLARE_CONST_UNICODE_STRING(Constant, L"abc");
  DECLARE_UNICODE_STRING_SIZE(Room, 8);
  UNICODE_STRING Other = RTL_CONSTANT_STRING(L"ABC");
  ULONG Flags = 6;
  SAMPLE Sample = {1, {2, 3, 4}, 5};
  BOOLEAN Good = TRUE;

  C_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG_PTR) == 8 && sizeof(WCHAR) == 2 &&
           ARRAYSIZE(Wide) == 5);
  C_ASSERT(RTL_FIELD_SIZE(SAMPLE, Array) == 12 && RTL_SIZEOF_THROUGH_FIELD(SAMPLE, Array) == 16);
  C_ASSERT(RTL_NUMBER_OF_FIELD(SAMPLE, Array) == 3 && TYPE_ALIGNMENT(ULONG64) == 8);
  C_ASSERT(CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_NEITHER, FILE_ANY_ACCESS) == 0x222003);
  C_ASSERT(NTDDI_VERSION >= NTDDI_WIN10 && TRUE == 1);
  CHECK(Constant.Length == 6 && Constant.MaximumLength == 8 && Constant.Buffer[2] == L'c');
  CHECK(RtlEqualUnicodeString(&Constant, &Other, TRUE) &&
        !RtlEqualUnicodeString(&Constant, &Other, FALSE));
  CHECK(Room.Length == 0 && Room.MaximumLength == 16);
  CHECK(NT_SUCCESS(RtlAppendUnicodeStringToString(&Room, &Constant)) && Room.Length == 6);
  CHECK(FlagOn(Flags, 2) && !BooleanFlagOn(Flags, 1) && SetFlag(Flags, 1) == 7 &&
        ClearFlag(Flags, 2) == 5);
  CHECK(min(3, 4) == 3 && max(3, 4) == 4 && RTL_CONTAINS_FIELD(&Sample, 20, Last));
  CHECK(UInt32x32To64(0x80000000, 4) == 0x200000000 && Int32x32To64(-1, 4) == -4);
  CHECK(PtrToUlong(UlongToPtr(0xFFFFFFFF)) == 0xFFFFFFFF && ALIGN_UP(5, ULONG) == 8);
  CHECK(NT_VERIFY(Flags == 5) && Sample.Last == 5);
  CHECK(IsEqualGUID(&GUID_OF_THIS, &GUID_OF_THIS) && GUID_OF_THIS.Data4[7] == 16);
  return Good;
}

static BOOLEAN CheckPool(VOID) {
  BOOLEAN Good = TRUE;
  PULONG64 Zeroed = ExAllocatePoolZero(NonPagedPoolNx, 64, 'lniI');
  PULONG64 Charged =
      ExAllocatePoolQuotaZero(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, 64, 'lniI');
  PULONG64 Raw = ExAllocatePoolUninitialized(NonPagedPool, 64, 'lniI');
  SAMPLE Whole[64];

  CHECK(Zeroed != NULL && Zeroed[0] == 0 && Zeroed[7] == 0);
  CHECK(Charged != NULL && Charged[0] == 0 && Charged[7] == 0);
  CHECK(Raw != NULL);
  if (Good) {
    RtlFillMemory(Whole, sizeof(Whole), 0x5A);
    RtlCopyMemory(Raw, Whole, 64);
    CHECK(Raw[0] == 0x5A5A5A5A5A5A5A5A && RtlEqualMemory(Raw, Whole, 64));
    Raw[1] = 1;
    CHECK(!RtlEqualMemory(Raw, Whole, 64));
    RtlMoveMemory(Raw + 1, Raw, 56);
    CHECK(Raw[2] == 1 && Raw[1] == 0x5A5A5A5A5A5A5A5A);
  }
  if (Zeroed != NULL) ExFreePoolWithTag(Zeroed, 'lniI');
  if (Charged != NULL) ExFreePoolWithTag(Charged, 'lniI');
  if (Raw != NULL) ExFreePoolWithTag(Raw, 'lniI');
  return Good;
}

static BOOLEAN CheckSafeStrings(VOID) {
  DECLARE_UNICODE_STRING_SIZE(Name, 16);
  BOOLEAN Good = TRUE;
  CHAR Text[8];
  SIZE_T Length;

  CHECK(NT_SUCCESS(RtlUnicodeStringPrintf(&Name, L"\\Device\\%ws%u", L"Disk", 7)));
  CHECK(Name.Length == 26 && Name.Buffer[12] == L'7');
  CHECK(RtlStringCbPrintfA(Text, sizeof(Text), "%s-%04x", "ab", 0x1f) == STATUS_SUCCESS);
  CHECK(NT_SUCCESS(RtlStringCbLengthA(Text, sizeof(Text), &Length)) && Length == 7);
  CHECK(RtlEqualMemory(Text, "ab-001f", 8));
  CHECK(RtlStringCchCatA(Text, ARRAYSIZE(Text), "!") == STATUS_BUFFER_OVERFLOW);
  return Good;
}

static BOOLEAN CheckData(VOID) {
  BOOLEAN Good = TRUE;

  CHECK(PsInitialSystemProcess == PsGetCurrentProcess());
  CHECK(ObGetObjectType(PsInitialSystemProcess) == *PsProcessType);
  CHECK(ObGetObjectType(PsGetCurrentThread()) == *PsThreadType);
  CHECK(*IoFileObjectType != NULL && *IoFileObjectType != *ExEventObjectType);
  CHECK((ULONG)KeNumberProcessors == KeQueryActiveProcessorCount(NULL));
  return Good;
}

_Use_decl_annotations_ VOID InlineUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  BOOLEAN Good = TRUE;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = InlineUnload;
  Good &= CheckInterlocked();
  Good &= CheckIntrinsics();
  Good &= CheckWords();
  Good &= CheckPool();
  Good &= CheckSafeStrings();
  Good &= CheckData();
  return Good ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
