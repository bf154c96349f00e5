// KeWaitForSingleObject and KeWaitForMultipleObjects.
#include "ke/scheduler.hpp"
#include "ke/wait_internal.hpp"

using namespace mica;
using namespace mica::ke;

// The common case, a signalled object, takes one lock; everything else goes the long way.
NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
  return wait({.objects = &Object,
               .blocks = current_thread().wait_blocks,
               .count = 1,
               .all = false,
               .reason = WaitReason,
               .mode = WaitMode,
               .alertable = Alertable != FALSE,
               .timeout = Timeout});
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray) {
  ULONG const limit = WaitBlockArray != nullptr ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS;
  if (Count == 0 || Count > limit) bugcheck(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, limit);
  return wait({.objects = Object,
               .blocks = WaitBlockArray != nullptr ? WaitBlockArray : current_thread().wait_blocks,
               .count = Count,
               .all = WaitType == WaitAll,
               .reason = WaitReason,
               .mode = WaitMode,
               .alertable = Alertable != FALSE,
               .timeout = Timeout});
}
