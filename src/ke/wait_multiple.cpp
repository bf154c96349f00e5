// KeWaitForSingleObject and KeWaitForMultipleObjects.
#include "ke/lock_checks.hpp"
#include "ke/scheduler.hpp"
#include "ke/wait_internal.hpp"

using namespace mica;
using namespace mica::ke;

// The common case, a signalled object, takes one lock; everything else goes the long way.
NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
  WaitRequest const request{.objects = &Object,
                            .blocks = current_thread().wait_blocks,
                            .count = 1,
                            .all = false,
                            .reason = WaitReason,
                            .mode = WaitMode,
                            .alertable = Alertable != FALSE,
                            .timeout = Timeout};
  if (locks_checked()) [[unlikely]]
    return wait_for_locks(request, __builtin_return_address(0));
  return wait(request);
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray) {
  ULONG const limit = WaitBlockArray != nullptr ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS;
  if (Count == 0 || Count > limit) bugcheck(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, limit);
  PKWAIT_BLOCK const blocks =
      WaitBlockArray != nullptr ? WaitBlockArray : current_thread().wait_blocks;
  WaitRequest const request{.objects = Object,
                            .blocks = blocks,
                            .count = Count,
                            .all = WaitType == WaitAll,
                            .reason = WaitReason,
                            .mode = WaitMode,
                            .alertable = Alertable != FALSE,
                            .timeout = Timeout};
  if (locks_checked()) [[unlikely]]
    return wait_for_locks(request, __builtin_return_address(0));
  return wait(request);
}
