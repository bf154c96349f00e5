/* Counted strings: made, copied, compared, in another case, in code pages, as numbers; names with
   wild cards. */
#define FAMILY "strings"
#include "expect.h"

#include <ntstrsafe.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD StringsUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, StringsUnload)
#endif

static BOOLEAN Is(PCUNICODE_STRING String, PCWSTR Text) {
  UNICODE_STRING Wanted;

  RtlInitUnicodeString(&Wanted, Text);
  return RtlEqualUnicodeString(String, &Wanted, FALSE);
}

static BOOLEAN IsAnsi(PCANSI_STRING String, PCSTR Text) {
  ANSI_STRING Wanted;

  RtlInitAnsiString(&Wanted, Text);
  return RtlEqualString(String, &Wanted, FALSE);
}

static VOID CheckMaking(VOID) {
  DECLARE_UNICODE_STRING_SIZE(Room, 8);
  UNICODE_STRING Device, Short;
  STRING Narrow;
  CHAR NarrowBuffer[4];
  STRING NarrowRoom = {0, sizeof(NarrowBuffer), NarrowBuffer};

  RtlInitUnicodeString(&Device, L"\\Device");
  EXPECT(Device.Length == 14 && Device.MaximumLength == 16);
  EXPECT(NT_SUCCESS(RtlInitUnicodeStringEx(&Short, L"Short")) && Short.Length == 10);
  RtlCopyUnicodeString(&Room, &Device);
  EXPECT(Is(&Room, L"\\Device"));
  EXPECT(RtlAppendUnicodeToString(&Room, L"12") == STATUS_BUFFER_TOO_SMALL);
  EXPECT(NT_SUCCESS(RtlAppendUnicodeToString(&Room, L"1")) && Is(&Room, L"\\Device1"));
  RtlCopyUnicodeString(&Room, NULL);
  EXPECT(Room.Length == 0 && NT_SUCCESS(RtlAppendUnicodeStringToString(&Room, &Short)));
  EXPECT(Is(&Room, L"Short"));
  RtlInitString(&Narrow, "abcdef");
  RtlCopyString(&NarrowRoom, &Narrow);
  EXPECT(IsAnsi(&NarrowRoom, "abcd"));
  RtlUpperString(&NarrowRoom, &Narrow);
  EXPECT(IsAnsi(&NarrowRoom, "ABCD") && RtlUpperChar('q') == 'Q' && RtlUpperChar('7') == '7');
}

static VOID CheckComparing(VOID) {
  UNICODE_STRING Lower = RTL_CONSTANT_STRING(L"\\device\\disk"),
                 Upper = RTL_CONSTANT_STRING(L"\\DEVICE\\DISK"),
                 Folder = RTL_CONSTANT_STRING(L"\\Device\\");
  ANSI_STRING First = RTL_CONSTANT_STRING("abc"), Second = RTL_CONSTANT_STRING("ABD");
  ULONG Hash = 0, SameHash = 1;

  EXPECT(RtlCompareUnicodeString(&Lower, &Upper, TRUE) == 0);
  EXPECT(RtlCompareUnicodeString(&Lower, &Upper, FALSE) > 0);
  EXPECT(RtlCompareString(&First, &Second, TRUE) < 0 &&
         RtlCompareString(&First, &Second, FALSE) > 0);
  EXPECT(RtlPrefixUnicodeString(&Folder, &Lower, TRUE));
  EXPECT(!RtlPrefixUnicodeString(&Folder, &Lower, FALSE));
  EXPECT(NT_SUCCESS(RtlHashUnicodeString(&Lower, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &Hash)));
  EXPECT(NT_SUCCESS(RtlHashUnicodeString(&Upper, TRUE, HASH_STRING_ALGORITHM_X65599, &SameHash)));
  EXPECT(Hash == SameHash);
  EXPECT(RtlHashUnicodeString(&Upper, TRUE, 77, &Hash) == STATUS_INVALID_PARAMETER);
}

static VOID CheckCase(VOID) {
  UNICODE_STRING Mixed = RTL_CONSTANT_STRING(L"Gr\u00fc\u00dfe"), Changed;

  EXPECT(RtlUpcaseUnicodeChar(L'\u00fc') == L'\u00dc' && RtlUpcaseUnicodeChar(L'-') == L'-');
  EXPECT(RtlDowncaseUnicodeChar(L'\u00dc') == L'\u00fc');
  if (EXPECT(NT_SUCCESS(RtlUpcaseUnicodeString(&Changed, &Mixed, TRUE)))) {
    EXPECT(Is(&Changed, L"GR\u00dc\u00dfE"));
    RtlFreeUnicodeString(&Changed);
  }
  if (EXPECT(NT_SUCCESS(RtlDowncaseUnicodeString(&Changed, &Mixed, TRUE)))) {
    EXPECT(Is(&Changed, L"gr\u00fc\u00dfe"));
    RtlFreeUnicodeString(&Changed);
    EXPECT(Changed.Buffer == NULL);
  }
}

static VOID CheckAnsi(VOID) {
  UNICODE_STRING Wide = RTL_CONSTANT_STRING(L"caf\u00e9"), Back;
  CHAR Bytes[8];
  WCHAR Characters[8];
  ANSI_STRING Ansi, Small = {0, 3, Bytes};
  ULONG Length = 0;

  EXPECT(RtlUnicodeStringToAnsiSize(&Wide) == 5 && RtlxUnicodeStringToAnsiSize(&Wide) == 5);
  EXPECT(RtlUnicodeStringToAnsiString(&Small, &Wide, FALSE) == STATUS_BUFFER_OVERFLOW);
  if (EXPECT(NT_SUCCESS(RtlUnicodeStringToAnsiString(&Ansi, &Wide, TRUE)))) {
    EXPECT(IsAnsi(&Ansi, "caf\xe9") && RtlAnsiStringToUnicodeSize(&Ansi) == 10);
    EXPECT(RtlxAnsiStringToUnicodeSize(&Ansi) == 10);
    if (EXPECT(NT_SUCCESS(RtlAnsiStringToUnicodeString(&Back, &Ansi, TRUE)))) {
      EXPECT(RtlEqualUnicodeString(&Back, &Wide, FALSE));
      RtlFreeUnicodeString(&Back);
    }
    RtlFreeAnsiString(&Ansi);
  }
  EXPECT(NT_SUCCESS(RtlUnicodeToMultiByteSize(&Length, Wide.Buffer, Wide.Length)) && Length == 4);
  EXPECT(
      NT_SUCCESS(RtlUnicodeToMultiByteN(Bytes, sizeof(Bytes), &Length, Wide.Buffer, Wide.Length)));
  EXPECT(Length == 4 && RtlEqualMemory(Bytes, "caf\xe9", 4));
  EXPECT(NT_SUCCESS(
      RtlUpcaseUnicodeToMultiByteN(Bytes, sizeof(Bytes), &Length, Wide.Buffer, Wide.Length)));
  EXPECT(Length == 4 && RtlEqualMemory(Bytes, "CAF\xc9", 4));
  EXPECT(NT_SUCCESS(RtlMultiByteToUnicodeSize(&Length, Bytes, 4)) && Length == 8);
  EXPECT(NT_SUCCESS(RtlMultiByteToUnicodeN(Characters, sizeof(Characters), &Length, Bytes, 4)));
  EXPECT(Length == 8 && Characters[3] == L'\u00c9');
}

static VOID CheckOem(VOID) {
  UNICODE_STRING Wide = RTL_CONSTANT_STRING(L"caf\u00e9"), Back;
  CHAR Bytes[8];
  WCHAR Characters[8];
  OEM_STRING Oem;
  ULONG Length = 0;

  EXPECT(RtlxUnicodeStringToOemSize(&Wide) == 5);
  if (EXPECT(NT_SUCCESS(RtlUnicodeStringToOemString(&Oem, &Wide, TRUE)))) {
    EXPECT(IsAnsi(&Oem, "caf\x82") && RtlxOemStringToUnicodeSize(&Oem) == 10);
    if (EXPECT(NT_SUCCESS(RtlOemStringToUnicodeString(&Back, &Oem, TRUE)))) {
      EXPECT(RtlEqualUnicodeString(&Back, &Wide, FALSE) && Back.MaximumLength == 10);
      RtlFreeUnicodeString(&Back);
    }
    if (EXPECT(NT_SUCCESS(RtlOemStringToCountedUnicodeString(&Back, &Oem, TRUE)))) {
      EXPECT(RtlEqualUnicodeString(&Back, &Wide, FALSE) && Back.MaximumLength == 8);
      RtlFreeUnicodeString(&Back);
    }
    RtlFreeOemString(&Oem);
  }
  if (EXPECT(NT_SUCCESS(RtlUnicodeStringToCountedOemString(&Oem, &Wide, TRUE)))) {
    EXPECT(Oem.Length == 4 && RtlEqualMemory(Oem.Buffer, "caf\x82", 4));
    RtlFreeOemString(&Oem);
  }
  if (EXPECT(NT_SUCCESS(RtlUpcaseUnicodeStringToOemString(&Oem, &Wide, TRUE)))) {
    EXPECT(IsAnsi(&Oem, "CAF\x90"));
    RtlFreeOemString(&Oem);
  }
  if (EXPECT(NT_SUCCESS(RtlUpcaseUnicodeStringToCountedOemString(&Oem, &Wide, TRUE)))) {
    EXPECT(Oem.Length == 4 && RtlEqualMemory(Oem.Buffer, "CAF\x90", 4));
    RtlFreeOemString(&Oem);
  }
  EXPECT(NT_SUCCESS(RtlUnicodeToOemN(Bytes, sizeof(Bytes), &Length, Wide.Buffer, Wide.Length)));
  EXPECT(Length == 4 && RtlEqualMemory(Bytes, "caf\x82", 4));
  EXPECT(RtlUnicodeToOemN(Bytes, 2, &Length, Wide.Buffer, Wide.Length) == STATUS_BUFFER_OVERFLOW);
  EXPECT(Length == 2);
  EXPECT(
      NT_SUCCESS(RtlUpcaseUnicodeToOemN(Bytes, sizeof(Bytes), &Length, Wide.Buffer, Wide.Length)));
  EXPECT(RtlEqualMemory(Bytes, "CAF\x90", 4));
  EXPECT(NT_SUCCESS(RtlOemToUnicodeN(Characters, sizeof(Characters), &Length, Bytes, 4)));
  EXPECT(Length == 8 && Characters[3] == L'\u00c9');
}

static VOID CheckNumbers(VOID) {
  DECLARE_UNICODE_STRING_SIZE(Text, 24);
  UNICODE_STRING Hexadecimal = RTL_CONSTANT_STRING(L" 0x1F rest"),
                 Negative = RTL_CONSTANT_STRING(L"-12"), Empty = RTL_CONSTANT_STRING(L"");
  DECLARE_UNICODE_STRING_SIZE(Small, 3);
  ULONG Value = 0;

  EXPECT(NT_SUCCESS(RtlUnicodeStringToInteger(&Hexadecimal, 0, &Value)) && Value == 0x1F);
  EXPECT(NT_SUCCESS(RtlUnicodeStringToInteger(&Negative, 10, &Value)) && Value == (ULONG)-12);
  EXPECT(RtlUnicodeStringToInteger(&Negative, 7, &Value) == STATUS_INVALID_PARAMETER);
  EXPECT(RtlUnicodeStringToInteger(&Empty, 10, &Value) == STATUS_INVALID_PARAMETER);
  EXPECT(NT_SUCCESS(RtlIntegerToUnicodeString(48879, 16, &Text)) && Is(&Text, L"BEEF"));
  EXPECT(RtlIntegerToUnicodeString(123, 10, &Small) == STATUS_BUFFER_OVERFLOW);
  EXPECT(NT_SUCCESS(RtlInt64ToUnicodeString(10000000000ull, 10, &Text)));
  EXPECT(Is(&Text, L"10000000000"));
}

static VOID CheckWildCards(VOID) {
  UNICODE_STRING All = RTL_CONSTANT_STRING(L"*.SYS"), Name = RTL_CONSTANT_STRING(L"disk.sys"),
                 Other = RTL_CONSTANT_STRING(L"DISK.SYS");

  EXPECT(FsRtlDoesNameContainWildCards(&All) && !FsRtlDoesNameContainWildCards(&Name));
  EXPECT(FsRtlIsNameInExpression(&All, &Name, TRUE, NULL));
  EXPECT(!FsRtlIsNameInExpression(&All, &Name, FALSE, NULL));
  EXPECT(FsRtlAreNamesEqual(&Name, &Other, TRUE, NULL));
  EXPECT(!FsRtlAreNamesEqual(&Name, &Other, FALSE, NULL));
  EXPECT(FsRtlIsNtstatusExpected(STATUS_END_OF_FILE));
  EXPECT(!FsRtlIsNtstatusExpected(STATUS_ACCESS_VIOLATION));
  EXPECT(FsRtlNormalizeNtstatus(STATUS_END_OF_FILE, STATUS_UNSUCCESSFUL) == STATUS_END_OF_FILE);
  EXPECT(FsRtlNormalizeNtstatus(STATUS_ACCESS_VIOLATION, STATUS_UNSUCCESSFUL) ==
         STATUS_UNSUCCESSFUL);
}

_Use_decl_annotations_ VOID StringsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = StringsUnload;
  CheckMaking();
  CheckComparing();
  CheckCase();
  CheckAnsi();
  CheckOem();
  CheckNumbers();
  CheckWildCards();
  return ExpectationsStatus();
}
