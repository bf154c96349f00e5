/* A thread that a driver starts and waits for. */
#pragma once

#include "expect.h"

/* Referenced; NULL, and an expectation that does not hold, if there is none. */
_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ static PETHREAD
    StartThread(_In_ PKSTART_ROUTINE Routine, _In_opt_ PVOID Context) {
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Handle;
  PVOID Thread = NULL;
  NTSTATUS Status;

  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  Status =
      PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, Routine, Context);
  if (!EXPECT(NT_SUCCESS(Status))) return NULL;
  Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread,
                                     NULL);
  EXPECT(NT_SUCCESS(Status));
  ZwClose(Handle);
  return Thread;
}

/* Waits until it has ended, and lets it go. */
_IRQL_requires_(PASSIVE_LEVEL) static VOID JoinThread(_In_opt_ PETHREAD Thread) {
  if (Thread == NULL) return;
  EXPECT(KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
  ObDereferenceObject(Thread);
}
