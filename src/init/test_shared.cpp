// What of the shared test header NT's names suffice for, threads and time: cases in a driver are
// linked with this too (tests/foreign/).
#include <nt/ex.h>
#include <nt/ob.h>
#include <nt/ps.h>
#include <nt/zw.h>
#include <mica/test.hpp>

#include <algorithm>
#include <iterator>

namespace mica::test {

struct Thread {
  Body body;
  void* argument;
  ThreadOptions options;
  PVOID object;
};

namespace {

constexpr ULONG tag_test = 'tseT';

void NTAPI enter(void* context) noexcept {
  auto& thread = *static_cast<Thread*>(context);
  static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), thread.options.priority));
  if (thread.options.processor >= 0)
    KeSetSystemAffinityThread(KAFFINITY{1}
                              << (static_cast<ULONG>(thread.options.processor) % processors()));
  thread.body(thread.argument);
}

}  // namespace

Thread* start(Body body, void* argument, ThreadOptions options) noexcept {
  auto* const thread =
      static_cast<Thread*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Thread), tag_test));
  if (thread == nullptr) KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 0, 0, 0);
  *thread = {body, argument, options, nullptr};
  HANDLE handle = nullptr;
  NTSTATUS status =
      PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, enter, thread);
  if (NT_SUCCESS(status))
    status = ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &thread->object, nullptr);
  if (!NT_SUCCESS(status))
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 2, static_cast<ULONG>(status), 0, 0);
  static_cast<void>(ZwClose(handle));
  return thread;
}

void join(Thread* thread) noexcept {
  static_cast<void>(KeWaitForSingleObject(thread->object, Executive, KernelMode, FALSE, nullptr));
  ObDereferenceObject(thread->object);
  ExFreePoolWithTag(thread, tag_test);
}

PKTHREAD object_of(Thread* thread) noexcept {
  return static_cast<PKTHREAD>(thread->object);
}

ULONG processors() noexcept {
  return KeQueryActiveProcessorCount(nullptr);
}

void sleep(LONGLONG duration_100ns) noexcept {
  LARGE_INTEGER interval;
  interval.QuadPart = -duration_100ns;
  static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &interval));
  KeFlushQueuedDpcs();
}

bool Bugcheck::names(Body function) const noexcept {
  constexpr ULONG_PTR most_bytes = 512;
  auto const begin = reinterpret_cast<ULONG_PTR>(function);
  return std::any_of(std::begin(backtrace), std::end(backtrace),
                     [=](ULONG_PTR place) { return place - begin < most_bytes; });
}

}  // namespace mica::test
