/* Values in memory and in words, checked arithmetic, names that routines had before, and constants
   that only drivers use. */
#define FAMILY "values"
#include "expect.h"

#include <ntintsafe.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ValuesUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ValuesUnload)
#endif

static VOID CheckBytes(VOID) {
  UCHAR Bytes[12] = {0};
  USHORT Short = 0;
  ULONG Long = 0;
  ULONGLONG LongLong = 0;

  RtlStoreUshort(Bytes + 1, 0x1234);
  RtlStoreUlong(Bytes + 3, 0x89ABCDEF);
  EXPECT(Bytes[0] == 0 && Bytes[1] == 0x34 && Bytes[2] == 0x12 && Bytes[3] == 0xEF);
  EXPECT(Bytes[6] == 0x89 && Bytes[7] == 0);
  RtlRetrieveUshort(&Short, Bytes + 1);
  RtlRetrieveUlong(&Long, Bytes + 3);
  EXPECT(Short == 0x1234 && Long == 0x89ABCDEF);
  RtlStoreUlonglong(Bytes + 3, 0x0123456789ABCDEF);
  RtlCopyMemoryNonTemporal(&LongLong, Bytes + 3, sizeof(LongLong));
  EXPECT(LongLong == 0x0123456789ABCDEF && Bytes[2] == 0x12 && Bytes[11] == 0);
  EXPECT(RtlUshortByteSwap(Short) == 0x3412 && RtlUlongByteSwap(Long) == 0xEFCDAB89);
  EXPECT(RtlUlonglongByteSwap(LongLong) == 0xEFCDAB8967452301);
  RtlFillBytes(Bytes, 3, 0x5A);
  EXPECT(Bytes[2] == 0x5A && Bytes[3] == 0xEF);
  RtlZeroBytes(Bytes, sizeof(Bytes));
  EXPECT(Bytes[2] == 0 && Bytes[10] == 0);
}

static VOID CheckNumbers(VOID) {
  LARGE_INTEGER Small, Great;
  LUID Luid = {1, 2}, Same = {1, 2}, Other = {1, 3}, None = {0, 0};

  EXPECT(MultiplyHigh(-4, 1LL << 62) == -1 && UnsignedMultiplyHigh(1ULL << 63, 6) == 3);
  Small.QuadPart = -1;
  Great.QuadPart = 1LL << 40;
  EXPECT(RtlLargeIntegerLessThan(Small, Great) && !RtlLargeIntegerLessThan(Great, Small));
  EXPECT(RtlLargeIntegerGreaterThan(Great, Small) && !RtlLargeIntegerEqualTo(Great, Small));
  EXPECT(RtlLargeIntegerLessThanOrEqualTo(Small, Small) && RtlLargeIntegerLessThanZero(Small));
  EXPECT(RtlLargeIntegerGreaterThanZero(Great) && !RtlLargeIntegerEqualToZero(Great));
  EXPECT(RtlEqualLuid(&Luid, &Same) && !RtlEqualLuid(&Luid, &Other));
  EXPECT(RtlIsZeroLuid(&None) && !RtlIsZeroLuid(&Luid));
}

static VOID CheckIntegers(VOID) {
  ULONG Long = 0;
  USHORT Short = 0;
  UCHAR Byte = 0;
  CHAR Char = 0;
  INT Int = 0;
  SIZE_T Size = 0;
  LONGLONG LongLong = 0;
  INT_PTR Pointer = 0;

  EXPECT(RtlULongAdd(0xFFFFFFFE, 1, &Long) == STATUS_SUCCESS && Long == 0xFFFFFFFF);
  EXPECT(RtlULongAdd(0xFFFFFFFF, 1, &Long) == STATUS_INTEGER_OVERFLOW && Long == 0xFFFFFFFF);
  EXPECT(RtlULongSub(1, 1, &Long) == STATUS_SUCCESS && Long == 0);
  EXPECT(RtlULongSub(1, 2, &Long) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlSizeTMult((SIZE_T)1 << 32, 0xFFFFFFFF, &Size) == STATUS_SUCCESS);
  EXPECT(Size == 0xFFFFFFFF00000000);
  EXPECT(RtlSIZETMult((SIZE_T)1 << 32, (SIZE_T)1 << 32, &Size) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlIntAdd(0x7FFFFFFF, 1, &Int) == STATUS_INTEGER_OVERFLOW && Int == -1);
  EXPECT(RtlIntMult(-0x8000, 0x10000, &Int) == STATUS_SUCCESS && Int == (INT)0x80000000);
  EXPECT(RtlLongLongSub(-2, 0x7FFFFFFFFFFFFFFF, &LongLong) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlUShortMult(0x100, 0xFF, &Short) == STATUS_SUCCESS && Short == 0xFF00);
  EXPECT(RtlUShortMult(0x100, 0x100, &Short) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlUInt8Add(200, 56, &Byte) == STATUS_INTEGER_OVERFLOW);

  EXPECT(RtlULongToUShort(0xFFFF, &Short) == STATUS_SUCCESS && Short == 0xFFFF);
  EXPECT(RtlULongToUShort(0x10000, &Short) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlIntToULong(-1, &Long) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlUIntPtrToInt(0x80000000, &Int) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlLongLongToIntPtr(-5, &Pointer) == STATUS_SUCCESS && Pointer == -5);
  EXPECT(RtlSizeTToULong((SIZE_T)1 << 32, &Long) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlShortToUChar(-1, &Byte) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlUInt8ToChar(127, &Char) == STATUS_SUCCESS && Char == 127);
  EXPECT(RtlUInt8ToChar(128, &Char) == STATUS_INTEGER_OVERFLOW);
  EXPECT(RtlULongLongToLongLong(0x8000000000000000, &LongLong) == STATUS_INTEGER_OVERFLOW);
}

static VOID CheckBits(VOID) {
  LONG Longs[2] = {0, 0};
  LONG64 Wide = 0;
  ULONG Flags = 0x10;

  EXPECT(!BitTestAndSet(Longs, 35) && Longs[0] == 0 && Longs[1] == 8 && BitTest(Longs, 35));
  EXPECT(BitTestAndComplement(Longs, 35) && Longs[1] == 0 && !BitTest(Longs, 35));
  EXPECT(!BitTestAndSet(Longs, 31) && BitTest(Longs, 31) && BitTestAndReset(Longs, 31));
  EXPECT(Longs[0] == 0 && !BitTestAndReset(Longs, 31));
  EXPECT(!BitTestAndSet64(&Wide, 63) && BitTest64(&Wide, 63) && !BitTest64(&Wide, 62));
  EXPECT(BitTestAndComplement64(&Wide, 63) && Wide == 0 && !BitTestAndReset64(&Wide, 0));
  EXPECT(RtlInterlockedSetBits(&Flags, 3) == 0x10 && Flags == 0x13);
  EXPECT(RtlInterlockedClearBits(&Flags, 2) == 0x13 && RtlInterlockedXorBits(&Flags, 1) == 0x11);
  RtlInterlockedAndBitsDiscardReturn(&Flags, 0xF);
  EXPECT(Flags == 0);
}

static VOID CheckPlaces(VOID) {
  struct {
    ULONG First;
    UCHAR Second[3];
  } Array[5] = {{0, {0}}};
  PUCHAR Page = (PUCHAR)0x10000;
  RTL_STATIC_LIST_HEAD(Head);
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Values");
  OBJECT_ATTRIBUTES Attributes = RTL_CONSTANT_OBJECT_ATTRIBUTES(&Name, OBJ_KERNEL_HANDLE);

  EXPECT(RTL_BITS_OF(ULONG) == 32 && RTL_NUMBER_OF_V2(Array) == 5 && RTL_NUMBER_OF_V1(Array) == 5);
  EXPECT(FIELD_SIZE(LIST_ENTRY, Flink) == 8 && RTL_BITS_OF_FIELD(LIST_ENTRY, Blink) == 64);
  EXPECT(RtlOffsetToPointer(Array, 8) == (PCHAR)&Array[1]);
  EXPECT(RtlPointerToOffset(Array, Array[2].Second) == 20);
  EXPECT(ALIGN_DOWN_POINTER(Page + 7, ULONG) == Page + 4);
  EXPECT(ALIGN_UP_POINTER(Page + 7, ULONG) == Page + 8);
  EXPECT(COMPUTE_PAGES_SPANNED(Page + PAGE_SIZE - 1, 2) == 2);
  EXPECT(IsListEmpty(&Head));
  EXPECT(Attributes.Length == sizeof(Attributes) && Attributes.ObjectName == &Name);
  EXPECT(Attributes.Attributes == OBJ_KERNEL_HANDLE && Attributes.RootDirectory == NULL);
}

static VOID CheckFormerNames(VOID) {
  KSPIN_LOCK Lock;
  KIRQL Irql = PASSIVE_LEVEL;
  ERESOURCE Resource;
  UNICODE_STRING Text = RTL_CONSTANT_STRING(L"four");

  KeInitializeSpinLock(&Lock);
  ExAcquireSpinLock(&Lock, &Irql);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  ExReleaseSpinLock(&Lock, Irql);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  EXPECT(NT_SUCCESS(ExInitializeResource(&Resource)));
  KeEnterCriticalRegion();
  EXPECT(ExAcquireResourceExclusive(&Resource, TRUE) && ExIsResourceAcquiredExclusive(&Resource));
  ExConvertExclusiveToShared(&Resource);
  EXPECT(ExIsResourceAcquired(&Resource) == 1 && !ExIsResourceAcquiredExclusive(&Resource));
  ExReleaseResource(&Resource);
  KeLeaveCriticalRegion();
  EXPECT(NT_SUCCESS(ExDeleteResource(&Resource)));
  EXPECT(RtlUnicodeStringToOemSize(&Text) == 5);
  PAUSE_PROCESSOR
}

/* Of each list one; the others are compared with another's headers. */
static VOID CheckConstants(VOID) {
  EXPECT(STATUS_CRC_ERROR == (NTSTATUS)0xC000003F && STATUS_WRONG_VOLUME == (NTSTATUS)0xC0000012);
  EXPECT(IoIsErrorUserInduced(STATUS_WRONG_VOLUME) && IoIsErrorUserInduced(STATUS_IO_TIMEOUT));
  EXPECT(!IoIsErrorUserInduced(STATUS_CRC_ERROR));
  EXPECT(IoGetFunctionCodeFromCtlCode(CTL_CODE(FILE_DEVICE_PMI, 0x801, METHOD_NEITHER, 3)) ==
         0x801);
  EXPECT(IRP_MN_MOUNT_VOLUME == 1 && SL_ALLOW_RAW_MOUNT == 1 && DO_NEVER_LAST_DEVICE == 0x400);
  EXPECT(FO_FILE_OPEN_CANCELLED == 0x200000 && VPB_MOUNTED == 1 && FILE_512_BYTE_ALIGNMENT == 511);
  EXPECT(FILE_LIST_DIRECTORY == FILE_READ_DATA && FILE_ATTRIBUTE_COMPRESSED == 0x800);
  EXPECT(CM_RESOURCE_PORT_BAR == 0x100 && IO_RESOURCE_ALTERNATIVE == 8);
  EXPECT(SERVICE_DEMAND_START == 3 && REG_NOTIFY_CHANGE_LAST_SET == 4);
  EXPECT(OBJECT_INHERIT_ACE == 1 && PROTECTED_DACL_SECURITY_INFORMATION == 0x80000000);
  EXPECT(XSTATE_MASK_AVX == 4 && PO_CB_SYSTEM_STATE_LOCK == 3);
}

_Use_decl_annotations_ VOID ValuesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ValuesUnload;
  CheckBytes();
  CheckNumbers();
  CheckIntegers();
  CheckBits();
  CheckPlaces();
  CheckFormerNames();
  CheckConstants();
  return ExpectationsStatus();
}
