// Suspending, resuming and freezing threads.
#include "ke/suspend.hpp"

#include "ke/apc.hpp"
#include "ke/process.hpp"
#include "ke/signaller.hpp"

namespace mica::ke {
namespace {

void NTAPI nothing(KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) noexcept {}

void NTAPI stay(void*, void*, void*) noexcept {
  static_cast<void>(
      KeWaitForSingleObject(&current_thread().goes_on, Suspended, KernelMode, FALSE, nullptr));
}

// One of the counts is about to rise. If its APC is queued already, for an earlier time, that will
// do. False: the thread has begun to end, and waits for the event no more.
bool hold(Thread& thread) noexcept MICA_REQUIRES(at_dispatch, thread.suspend_lock) {
  if (thread.suspend_count + thread.freeze_count != 0) return true;
  KeClearEvent(&thread.goes_on);
  return queue_apc(thread.suspend_apc, nullptr, nullptr, 0) != Queued::refused;
}

// One of the counts went down.
void release(Thread& thread) noexcept MICA_REQUIRES(thread.suspend_lock) {
  if (thread.suspend_count + thread.freeze_count == 0)
    static_cast<void>(KeSetEvent(&thread.goes_on, 0, FALSE));
}

void thaw(Thread& thread) noexcept MICA_REQUIRES(at_dispatch) {
  SpinGuardAtDispatch guard{thread.suspend_lock};
  if (thread.freeze_count == 0) return;  // it froze the process, or begins to end
  --thread.freeze_count;
  release(thread);
}

}  // namespace

void NTAPI initialize_suspension(Thread& thread) noexcept {
  KeInitializeEvent(&thread.goes_on, NotificationEvent, TRUE);
  KeInitializeApc(&thread.suspend_apc, &thread, OriginalApcEnvironment, nothing, nullptr, stay,
                  KernelMode, nullptr);
}

NTSTATUS NTAPI suspend(Thread& thread, ULONG* previous) noexcept {
  RaiseToDispatch raised;  // who suspends itself stays behind the lock, as the level falls
  SpinGuardAtDispatch guard{thread.suspend_lock};
  if (thread.suspend_count == maximum_suspend_count) return STATUS_SUSPEND_COUNT_EXCEEDED;
  if (!hold(thread)) return STATUS_THREAD_IS_TERMINATING;
  *previous = thread.suspend_count++;
  return STATUS_SUCCESS;
}

ULONG NTAPI resume(Thread& thread) noexcept {
  SpinGuard guard{thread.suspend_lock};
  ULONG const previous = thread.suspend_count;
  if (previous == 0) return 0;
  --thread.suspend_count;
  release(thread);
  return previous;
}

void NTAPI freeze(Thread& thread, ULONG count) noexcept {
  SpinGuardAtDispatch guard{thread.suspend_lock};
  if (count != 0 && hold(thread)) thread.freeze_count += count;
}

void NTAPI freeze_process(Process& process) noexcept {
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{process.lock};
  ++process.freeze_count;
  for_each_thread(process, [](Thread& thread) MICA_REQUIRES(at_dispatch) {
    if (&thread != &current_thread()) freeze(thread, 1);
  });
}

void NTAPI thaw_process(Process& process) noexcept {
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{process.lock};
  --process.freeze_count;
  for_each_thread(process, thaw);
}

}  // namespace mica::ke
