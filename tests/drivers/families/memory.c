/* Memory that devices see: lists of pages, neighbouring pages, pages of nobody, physical
   addresses. */
#define FAMILY "memory"
#include "expect.h"

#define MEMORY_TAG 'meMF'
#define SIZE (2 * PAGE_SIZE + 100)

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD MemoryUnload;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, MemoryUnload)
#endif

static VOID CheckNonpaged(VOID) {
  PUCHAR Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, SIZE, MEMORY_TAG);
  PMDL Mdl;

  if (!EXPECT(Buffer != NULL)) return;
  Mdl = IoAllocateMdl(Buffer + 50, SIZE - 50, FALSE, FALSE, NULL);
  if (EXPECT(Mdl != NULL)) {
    EXPECT(MmGetMdlVirtualAddress(Mdl) == Buffer + 50 && MmGetMdlByteCount(Mdl) == SIZE - 50);
    EXPECT(MmGetMdlByteOffset(Mdl) == 50 && MmGetMdlBaseVa(Mdl) == Buffer);
    EXPECT(MmSizeOfMdl(Buffer + 50, SIZE - 50) == sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    MmBuildMdlForNonPagedPool(Mdl);
    EXPECT(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) == Buffer + 50);
    EXPECT(MmGetMdlPfnArray(Mdl)[0] ==
           (PFN_NUMBER)MmGetPhysicalAddress(Buffer).QuadPart >> PAGE_SHIFT);
    IoFreeMdl(Mdl);
  }
  EXPECT(MmIsAddressValid(Buffer) && !MmIsAddressValid(NULL));
  ExFreePoolWithTag(Buffer, MEMORY_TAG);
}

/* Of a list that is locked: the whole of it and its middle, mapped. */
static VOID CheckMapped(PMDL Mdl, PUCHAR Buffer) {
  PUCHAR Mapped = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority | MdlMappingNoExecute);
  PMDL Partial;

  if (!EXPECT(Mapped != NULL)) return;
  Mapped[PAGE_SIZE] = 7;
  EXPECT(Buffer[PAGE_SIZE] == 7 && BYTE_OFFSET(Mapped) == BYTE_OFFSET(Buffer));
  Partial = IoAllocateMdl(Buffer + PAGE_SIZE, 16, FALSE, FALSE, NULL);
  if (EXPECT(Partial != NULL)) {
    PUCHAR Middle;

    IoBuildPartialMdl(Mdl, Partial, Buffer + PAGE_SIZE, 16);
    Middle = MmGetSystemAddressForMdlSafe(Partial, NormalPagePriority);
    EXPECT(Middle != NULL && Middle[0] == 7 && MmGetMdlByteCount(Partial) == 16);
    MmPrepareMdlForReuse(Partial);
    IoFreeMdl(Partial);
  }
  EXPECT(NT_SUCCESS(MmProtectMdlSystemAddress(Mdl, PAGE_READONLY)));
  EXPECT(Mapped[PAGE_SIZE] == 7);
  EXPECT(MmProtectMdlSystemAddress(Mdl, 0x12345) == STATUS_INVALID_PAGE_PROTECTION);
  MmUnmapLockedPages(Mapped, Mdl);
  EXPECT(MmProtectMdlSystemAddress(Mdl, PAGE_READONLY) == STATUS_NOT_MAPPED_VIEW);
}

static VOID CheckPaged(VOID) {
  PUCHAR Buffer = ExAllocatePool2(POOL_FLAG_PAGED, SIZE, MEMORY_TAG);
  NTSTATUS Raised = STATUS_SUCCESS;
  PMDL Mdl, Wrong;

  if (!EXPECT(Buffer != NULL)) return;
  Mdl = IoAllocateMdl(Buffer, SIZE, FALSE, FALSE, NULL);
  if (EXPECT(Mdl != NULL)) {
    __try {
      MmProbeAndLockPages(Mdl, KernelMode, IoModifyAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      Raised = GetExceptionCode();
    }
    if (EXPECT(NT_SUCCESS(Raised))) {
      PUCHAR Mapped;

      CheckMapped(Mdl, Buffer);
      Mapped =
          MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, HighPagePriority);
      EXPECT(Mapped != NULL && Mapped[PAGE_SIZE] == 7);
      if (Mapped != NULL) MmUnmapLockedPages(Mapped, Mdl);
      Mapped = MmMapLockedPages(Mdl, KernelMode);
      EXPECT(Mapped[PAGE_SIZE] == 7);
      MmUnlockPages(Mdl); /* which unmaps, too */
    }
    IoFreeMdl(Mdl);
  }
  ExFreePoolWithTag(Buffer, MEMORY_TAG);
  Wrong = IoAllocateMdl((PVOID)(ULONG_PTR)0x1000, 16, FALSE, FALSE, NULL);
  if (EXPECT(Wrong != NULL)) {
    Raised = STATUS_SUCCESS;
    __try {
      MmProbeAndLockPages(Wrong, KernelMode, IoReadAccess);
      MmUnlockPages(Wrong);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
      Raised = GetExceptionCode();
    }
    EXPECT(Raised == STATUS_ACCESS_VIOLATION);
    IoFreeMdl(Wrong);
  }
}

static VOID CheckContiguous(VOID) {
  PHYSICAL_ADDRESS Lowest = {{0, 0}}, Highest, Boundary = {{0x10000, 0}}, First;
  PUCHAR Memory, Window;

  Highest.QuadPart = MAXLONGLONG;
  Memory = MmAllocateContiguousMemory(SIZE, Highest);
  if (EXPECT(Memory != NULL)) {
    First = MmGetPhysicalAddress(Memory);
    EXPECT(First.QuadPart != 0 && PAGE_ALIGN(Memory) == Memory);
    EXPECT(MmGetPhysicalAddress(Memory + 2 * PAGE_SIZE + 9).QuadPart ==
           First.QuadPart + 2 * PAGE_SIZE + 9);
    Memory[PAGE_SIZE] = 9;
    Window = MmMapIoSpace(First, 2 * PAGE_SIZE, MmCached);
    if (EXPECT(Window != NULL)) {
      EXPECT(Window[PAGE_SIZE] == 9);
      MmUnmapIoSpace(Window, 2 * PAGE_SIZE);
    }
    Window = MmMapIoSpaceEx(First, PAGE_SIZE, PAGE_READWRITE);
    if (EXPECT(Window != NULL)) {
      Window[3] = 4;
      EXPECT(Memory[3] == 4);
      MmUnmapIoSpace(Window, PAGE_SIZE);
    }
    EXPECT(MmMapIoSpaceEx(First, PAGE_SIZE, PAGE_NOACCESS) == NULL);
    MmFreeContiguousMemory(Memory);
  }
  Memory = MmAllocateContiguousMemorySpecifyCache(SIZE, Lowest, Highest, Boundary, MmCached);
  if (EXPECT(Memory != NULL)) {
    First = MmGetPhysicalAddress(Memory);
    EXPECT(First.QuadPart / 0x10000 == (First.QuadPart + SIZE - 1) / 0x10000);
    MmFreeContiguousMemorySpecifyCache(Memory, SIZE, MmCached);
  }
  Highest.QuadPart = PAGE_SIZE - 1;
  EXPECT(MmAllocateContiguousMemory(SIZE, Highest) == NULL);
}

static VOID UsePages(PMDL Mdl) {
  PUCHAR Mapped;

  if (!EXPECT(Mdl != NULL)) return;
  EXPECT(MmGetMdlByteCount(Mdl) == 3 * PAGE_SIZE && MmGetMdlByteOffset(Mdl) == 0);
  Mapped = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
  if (EXPECT(Mapped != NULL)) {
    EXPECT(Mapped[0] == 0 && Mapped[3 * PAGE_SIZE - 1] == 0);
    Mapped[0] = 1;
    EXPECT(MmGetMdlPfnArray(Mdl)[0] ==
           (PFN_NUMBER)MmGetPhysicalAddress(Mapped).QuadPart >> PAGE_SHIFT);
    MmUnmapLockedPages(Mapped, Mdl);
  }
  MmFreePagesFromMdl(Mdl);
  ExFreePool(Mdl);
}

static VOID CheckPages(VOID) {
  PHYSICAL_ADDRESS Low = {{0, 0}}, High, Skip = {{0, 0}};

  High.QuadPart = MAXLONGLONG;
  UsePages(MmAllocatePagesForMdl(Low, High, Skip, 3 * PAGE_SIZE));
  UsePages(MmAllocatePagesForMdlEx(Low, High, Skip, 3 * PAGE_SIZE, MmCached,
                                   MM_ALLOCATE_FULLY_REQUIRED));
}

_Use_decl_annotations_ VOID MemoryUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = MemoryUnload;
  EXPECT((PVOID)DriverObject >= MmSystemRangeStart);
  CheckNonpaged();
  CheckPaged();
  CheckContiguous();
  CheckPages();
  return ExpectationsStatus();
}
