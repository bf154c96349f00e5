/* Generic tables, of splay trees and of balanced ones, and splay trees themselves. */
#define FAMILY "tables"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TablesUnload;
RTL_GENERIC_COMPARE_ROUTINE CompareNumbers;
RTL_GENERIC_ALLOCATE_ROUTINE AllocateElement;
RTL_GENERIC_FREE_ROUTINE FreeElement;
RTL_AVL_COMPARE_ROUTINE CompareAvlNumbers;
RTL_AVL_ALLOCATE_ROUTINE AllocateAvlElement;
RTL_AVL_FREE_ROUTINE FreeAvlElement;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, TablesUnload)
#endif

static RTL_GENERIC_COMPARE_RESULTS Compared(PVOID First, PVOID Second) {
  ULONG Left = *(PULONG)First, Right = *(PULONG)Second;

  return Left < Right ? GenericLessThan : Left > Right ? GenericGreaterThan : GenericEqual;
}

_Use_decl_annotations_ RTL_GENERIC_COMPARE_RESULTS CompareNumbers(PRTL_GENERIC_TABLE Table,
                                                                  PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Table);
  return Compared(First, Second);
}

_Use_decl_annotations_ PVOID AllocateElement(PRTL_GENERIC_TABLE Table, CLONG ByteSize) {
  UNREFERENCED_PARAMETER(Table);
  return ExAllocatePool2(POOL_FLAG_PAGED, ByteSize, 'lbaT');
}

_Use_decl_annotations_ VOID FreeElement(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  UNREFERENCED_PARAMETER(Table);
  ExFreePoolWithTag(Buffer, 'lbaT');
}

_Use_decl_annotations_ RTL_GENERIC_COMPARE_RESULTS CompareAvlNumbers(PRTL_AVL_TABLE Table,
                                                                     PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Table);
  return Compared(First, Second);
}

_Use_decl_annotations_ PVOID AllocateAvlElement(PRTL_AVL_TABLE Table, CLONG ByteSize) {
  UNREFERENCED_PARAMETER(Table);
  return ExAllocatePool2(POOL_FLAG_PAGED, ByteSize, 'lbaT');
}

_Use_decl_annotations_ VOID FreeAvlElement(PRTL_AVL_TABLE Table, PVOID Buffer) {
  UNREFERENCED_PARAMETER(Table);
  ExFreePoolWithTag(Buffer, 'lbaT');
}

static VOID CheckSplayedTable(VOID) {
  RTL_GENERIC_TABLE Table;
  ULONG Numbers[] = {30, 10, 20}, Number = 20, i;
  PVOID Key = NULL, Where;
  TABLE_SEARCH_RESULT Result;
  BOOLEAN New = FALSE;

  RtlInitializeGenericTable(&Table, CompareNumbers, AllocateElement, FreeElement, NULL);
  for (i = 0; i < 2; ++i)
    EXPECT(RtlInsertElementGenericTable(&Table, &Numbers[i], sizeof(ULONG), &New) && New);
  EXPECT(!RtlLookupElementGenericTableFull(&Table, &Number, &Where, &Result));
  EXPECT(RtlInsertElementGenericTableFull(&Table, &Number, sizeof(ULONG), &New, Where, Result));
  EXPECT(New && RtlNumberGenericTableElements(&Table) == 3 && !RtlIsGenericTableEmpty(&Table));
  EXPECT(*(PULONG)RtlGetElementGenericTable(&Table, 2) == 20);
  EXPECT(*(PULONG)RtlEnumerateGenericTableWithoutSplaying(&Table, &Key) == 10);
  EXPECT(*(PULONG)RtlLookupElementGenericTable(&Table, &Number) == 20);
  for (i = 0; (Key = RtlEnumerateGenericTable(&Table, TRUE)) != NULL; ++i) {
    Number = *(PULONG)Key;
    EXPECT(RtlDeleteElementGenericTable(&Table, &Number));
  }
  EXPECT(i == 3 && RtlIsGenericTableEmpty(&Table));
}

static VOID CheckBalancedTable(VOID) {
  RTL_AVL_TABLE Table;
  ULONG Numbers[] = {30, 10, 20}, Number = 20, i;
  PVOID Key = NULL, Where;
  TABLE_SEARCH_RESULT Result;
  BOOLEAN New = FALSE;

  RtlInitializeGenericTableAvl(&Table, CompareAvlNumbers, AllocateAvlElement, FreeAvlElement, NULL);
  for (i = 0; i < 2; ++i)
    EXPECT(RtlInsertElementGenericTableAvl(&Table, &Numbers[i], sizeof(ULONG), &New) && New);
  EXPECT(!RtlLookupElementGenericTableFullAvl(&Table, &Number, &Where, &Result));
  EXPECT(RtlInsertElementGenericTableFullAvl(&Table, &Number, sizeof(ULONG), &New, Where, Result));
  EXPECT(New && RtlNumberGenericTableElementsAvl(&Table) == 3);
  EXPECT(*(PULONG)RtlGetElementGenericTableAvl(&Table, 2) == 30);
  EXPECT(*(PULONG)RtlLookupFirstMatchingElementGenericTableAvl(&Table, &Number, &Key) == 20);
  EXPECT(*(PULONG)RtlEnumerateGenericTableWithoutSplayingAvl(&Table, &Key) == 30);
  EXPECT(*(PULONG)RtlLookupElementGenericTableAvl(&Table, &Number) == 20);
  for (i = 0; (Key = RtlEnumerateGenericTableAvl(&Table, TRUE)) != NULL; ++i) {
    Number = *(PULONG)Key;
    EXPECT(RtlDeleteElementGenericTableAvl(&Table, &Number));
  }
  EXPECT(i == 3 && RtlIsGenericTableEmptyAvl(&Table));
}

static VOID CheckSplayTree(VOID) {
  RTL_SPLAY_LINKS Links[3];
  PRTL_SPLAY_LINKS Root = &Links[1];
  ULONG i;

  for (i = 0; i < 3; ++i) RtlInitializeSplayLinks(&Links[i]);
  RtlInsertAsLeftChild(&Links[1], &Links[0]);
  RtlInsertAsRightChild(&Links[1], &Links[2]);
  EXPECT(RtlRealSuccessor(&Links[0]) == &Links[1] && RtlRealPredecessor(&Links[2]) == &Links[1]);
  EXPECT(RtlSubtreeSuccessor(&Links[1]) == &Links[2]);
  EXPECT(RtlSubtreePredecessor(&Links[1]) == &Links[0]);
  RtlDeleteNoSplay(&Links[1], &Root);
  EXPECT(RtlSplay(&Links[0]) == &Links[0] && RtlRightChild(&Links[0]) == &Links[2]);
  EXPECT(RtlDelete(&Links[0]) == &Links[2] && RtlIsRoot(&Links[2]));
}

_Use_decl_annotations_ VOID TablesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = TablesUnload;
  CheckSplayedTable();
  CheckBalancedTable();
  CheckSplayTree();
  return ExpectationsStatus();
}
