// What the routine of a device's work item may not do with its thread: it is told of, not the I/O
// manager's that called it.                                      [MSDN Bug Check 0xE1, 0x1, 0xE4]
#include <mica/system.hpp>

#include <nt/ex.h>
#include <nt/io.h>

#include "catch.hpp"

namespace {

struct Asked {
  PIO_WORKITEM_ROUTINE routine;
  ULONG queue;
  PIO_WORKITEM item;  // out
};

NTSTATUS NTAPI queue_and_wait(Asked& asked, PDRIVER_OBJECT driver) {
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status =
      IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  asked.item = IoAllocateWorkItem(device);
  if (asked.item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  IoQueueWorkItem(asked.item, asked.routine, static_cast<WORK_QUEUE_TYPE>(asked.queue), &asked);
  LARGE_INTEGER second;
  second.QuadPart = -10'000'000;
  return KeDelayExecutionThread(KernelMode, FALSE, &second);
}

Asked asked;  // a System at a time

mica::Outcome outcome_of(PIO_WORKITEM_ROUTINE routine, ULONG queue = DelayedWorkQueue) {
  mica::System system;
  asked = {routine, queue, nullptr};
  return system.try_run([] {
    static_cast<void>(IoCreateDriver(nullptr, [](PDRIVER_OBJECT driver, PUNICODE_STRING)
                                                  NTAPI { return queue_and_wait(asked, driver); }));
  });
}

ULONG_PTR number(void const* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

}  // namespace

TEST_CASE("io: a work item's routine that returns above PASSIVE_LEVEL stops") {
  PIO_WORKITEM_ROUTINE const routine = [](PDEVICE_OBJECT, PVOID) NTAPI {
    static_cast<void>(KfRaiseIrql(DISPATCH_LEVEL));
  };
  mica::Outcome const end = outcome_of(routine);
  CHECK(end.is_bugcheck(WORKER_THREAD_RETURNED_AT_BAD_IRQL));
  CHECK(end.parameters()[0] == reinterpret_cast<ULONG_PTR>(routine));
  CHECK(end.parameters()[1] == DISPATCH_LEVEL);
  CHECK(end.parameters()[2] == number(&asked));
  CHECK(end.parameters()[3] == number(asked.item));
}

TEST_CASE("io: a work item's routine that returns with APCs disabled stops") {
  PIO_WORKITEM_ROUTINE const routine = [](PDEVICE_OBJECT, PVOID) NTAPI { KeEnterCriticalRegion(); };
  mica::Outcome const end = outcome_of(routine);
  CHECK(end.is_bugcheck(APC_INDEX_MISMATCH));
  CHECK(end.parameters()[0] == reinterpret_cast<ULONG_PTR>(routine));
}

TEST_CASE("io: a work item that is queued for no queue stops") {
  mica::Outcome const end = outcome_of([](PDEVICE_OBJECT, PVOID) NTAPI {}, MaximumWorkQueue);
  CHECK(end.is_bugcheck(WORKER_INVALID));
  CHECK(end.parameters()[0] == 6);
  CHECK(end.parameters()[2] == MaximumWorkQueue);
}
