/* What a driver of a family of routines expects of them. What does not hold is told to the debugger
   with its line, and everything after it is looked at all the same; in the end DriverEntry fails
   with ExpectationsStatus, having undone what it did. Any IRQL. */
#pragma once

#include <ntifs.h>

/* How often this driver was disappointed; each is one source. */
static volatile LONG Disappointments;

static BOOLEAN Expected(BOOLEAN Holds, PCSTR Text, ULONG Line) {
  if (!Holds) {
    InterlockedIncrement(&Disappointments);
    DbgPrint(FAMILY ": line %u: %s\n", Line, Text);
  }
  return Holds;
}

#define EXPECT(condition) Expected((BOOLEAN) !!(condition), #condition, __LINE__)

FORCEINLINE NTSTATUS ExpectationsStatus(VOID) {
  return Disappointments == 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* From now on; 0 does not wait. */
FORCEINLINE LARGE_INTEGER Milliseconds(ULONG Count) {
  LARGE_INTEGER Interval;

  Interval.QuadPart = -10000LL * Count;
  return Interval;
}

_IRQL_requires_max_(APC_LEVEL) FORCEINLINE NTSTATUS WaitFor(_In_ PVOID Object, _In_ ULONG Count) {
  LARGE_INTEGER Timeout = Milliseconds(Count);

  return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &Timeout);
}
