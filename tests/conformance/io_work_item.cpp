// Work items of devices and drivers.
#include <nt/rtl.h>

#include "busy.hpp"
#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Job {
  std::atomic<int> calls{0};
  KIRQL level = HIGH_LEVEL;
  PVOID object = nullptr;
  PIO_WORKITEM item = nullptr;
  KPRIORITY priority = 0;
  int again = 0;
  bool frees = false;
  KEVENT* before = nullptr;  // waited for first
  KEVENT done;

  Job() noexcept { KeInitializeEvent(&done, NotificationEvent, FALSE); }
  void run(PVOID of) noexcept {
    if (before != nullptr) wait(before);
    ++calls;
    level = KeGetCurrentIrql();
    object = of;
    priority = KeQueryPriorityThread(KeGetCurrentThread());
  }
};

void NTAPI plain(PDEVICE_OBJECT device, PVOID context) {
  auto& job = *static_cast<Job*>(context);
  job.run(device);
  KeSetEvent(&job.done, 0, FALSE);
}

void NTAPI extended(PVOID object, PVOID context, PIO_WORKITEM item) {
  auto& job = *static_cast<Job*>(context);
  job.run(object);
  job.item = item;
  if (job.again-- > 0) return IoQueueWorkItemEx(item, extended, DelayedWorkQueue, context);
  if (job.frees) IoFreeWorkItem(item);
  KeSetEvent(&job.done, 0, FALSE);
}

// Threads that keep every processor from those of lower priority, while the scope lasts.
class Crowd {
 public:
  Crowd() noexcept {
    for (ULONG i = 0; i < count_; ++i)
      threads_[i] = start(body_, {.processor = static_cast<int>(i), .priority = 7});
    until([this] { return there_ == count_; });
  }
  ~Crowd() {
    over_ = true;
    for (ULONG i = 0; i < count_; ++i) join(threads_[i]);
  }
  Crowd(Crowd const&) = delete;
  Crowd& operator=(Crowd const&) = delete;

 private:
  struct Body {
    Crowd* self;
    void operator()() const noexcept {
      ++self->there_;
      spin_until(self->over_);
    }
  };
  static constexpr ULONG most = 64;
  ULONG const count_ = processors() < most ? processors() : most;
  std::atomic<ULONG> there_{0};
  std::atomic<bool> over_{false};
  Body body_{this};
  Thread* threads_[most];
};

bool invalid(Bugcheck const& end, ULONG_PTR what, void const* item, ULONG_PTR third) {
  return end.happened && end.code == WORKER_INVALID && end.parameters[0] == what &&
         end.parameters[1] == reinterpret_cast<ULONG_PTR>(item) && end.parameters[2] == third;
}

}  // namespace

MICA_CASE("Io: a work item's routine gets its device at PASSIVE_LEVEL, at the queue's priority") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PIO_WORKITEM const item = IoAllocateWorkItem(device);
  MICA_REQUIRE(item != nullptr);
  Job job;
  IoQueueWorkItem(item, plain, CriticalWorkQueue, &job);
  wait(&job.done);
  MICA_CHECK(job.calls == 1 && job.object == device);
  MICA_CHECK(job.level == PASSIVE_LEVEL && job.priority == 13);
  IoFreeWorkItem(item);
}

MICA_CASE("Io: an extended work item's routine gets the item, may queue it again and free it") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PIO_WORKITEM const item = IoAllocateWorkItem(device);
  MICA_REQUIRE(item != nullptr);
  Job job;
  job.again = 2;
  job.frees = true;
  IoQueueWorkItemEx(item, extended, DelayedWorkQueue, &job);
  wait(&job.done);
  MICA_CHECK(job.calls == 3 && job.item == item && job.object == device);
}

MICA_CASE("Io: a work item may stand in the driver's own memory, and belong to the driver") {
  Driver driver;
  constexpr ULONG tag = 0x6B72'6F57;  // Work
  MICA_CHECK(IoSizeofWorkItem() > sizeof(WORK_QUEUE_ITEM));
  auto* const item =
      static_cast<PIO_WORKITEM>(ExAllocatePool2(POOL_FLAG_NON_PAGED, IoSizeofWorkItem(), tag));
  MICA_REQUIRE(item != nullptr);
  RtlFillMemory(item, IoSizeofWorkItem(), 0xFF);
  IoInitializeWorkItem(driver.get(), item);
  Job job;
  IoQueueWorkItemEx(item, extended, DelayedWorkQueue, &job);
  wait(&job.done);
  MICA_CHECK(job.calls == 1 && job.object == driver.get());
  IoUninitializeWorkItem(item);
  ExFreePoolWithTag(item, tag);
}

MICA_CASE("Io: a device lasts until the routine of its work item has returned") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PIO_WORKITEM const item = IoAllocateWorkItem(device);
  MICA_REQUIRE(item != nullptr);
  KEVENT opened;
  KeInitializeEvent(&opened, NotificationEvent, FALSE);
  Job job;
  job.before = &opened;
  job.frees = true;
  IoQueueWorkItemEx(item, extended, DelayedWorkQueue, &job);
  IoDeleteDevice(device);
  MICA_CHECK(driver->DeviceObject == nullptr);
  ObReferenceObject(device);  // bugcheck REFERENCE_BY_POINTER if it were gone
  ObDereferenceObject(device);
  KeSetEvent(&opened, 0, FALSE);
  wait(&job.done);
  MICA_CHECK(job.calls == 1 && job.object == device);
}

MICA_CASE("Io: a queued work item is neither queued again nor freed: bugcheck WORKER_INVALID") {
  Driver driver;
  PIO_WORKITEM const item = IoAllocateWorkItem(driver.make());
  MICA_REQUIRE(item != nullptr);
  Job job;
  constexpr auto lowest = static_cast<WORK_QUEUE_TYPE>(CustomPriorityWorkQueue + 1);
  auto const queue = [&] { IoQueueWorkItem(item, plain, lowest, &job); };
  {
    Crowd const crowd;
    queue();
    MICA_CHECK(invalid(bugcheck_of(queue), 1, item, lowest));
    auto const place = reinterpret_cast<ULONG_PTR>(&plain);
    MICA_CHECK(invalid(bugcheck_of([&] { IoFreeWorkItem(item); }), 2, item, place));
    MICA_CHECK(invalid(bugcheck_of([&] { IoUninitializeWorkItem(item); }), 2, item, place));
    MICA_CHECK(job.calls == 0);
  }
  wait(&job.done);
  IoFreeWorkItem(item);
}

MICA_CASE("Io: a work item without a routine is bugcheck WORKER_INVALID") {
  Driver driver;
  PIO_WORKITEM const item = IoAllocateWorkItem(driver.make());
  MICA_REQUIRE(item != nullptr);
  MICA_CHECK(
      invalid(bugcheck_of([&] { IoQueueWorkItem(item, nullptr, DelayedWorkQueue, nullptr); }), 7,
              item, DelayedWorkQueue));
  MICA_CHECK(
      invalid(bugcheck_of([&] { IoQueueWorkItemEx(item, nullptr, DelayedWorkQueue, nullptr); }), 7,
              item, DelayedWorkQueue));
  IoFreeWorkItem(item);
}

MICA_CASE("Io: a work item is a device's or a driver's: bugcheck WORKER_INVALID with 3") {
  PIO_WORKITEM item = nullptr;
  FILE_OBJECT file{};
  file.Type = IO_TYPE_FILE;
  alignas(16) unsigned char memory[256]{};
  MICA_REQUIRE(IoSizeofWorkItem() <= sizeof memory);
  item = reinterpret_cast<PIO_WORKITEM>(memory);
  MICA_CHECK(invalid(bugcheck_of([&] { IoInitializeWorkItem(&file, item); }), 3, item,
                     reinterpret_cast<ULONG_PTR>(&file)));
  MICA_CHECK(invalid(bugcheck_of([&] { IoInitializeWorkItem(nullptr, item); }), 3, item, 0));
}

MICA_CASE("Io: a work item is queued at DISPATCH_LEVEL and below") {
  Driver driver;
  PIO_WORKITEM const item = IoAllocateWorkItem(driver.make());
  MICA_REQUIRE(item != nullptr);
  Job job;
  Bugcheck const end = bugcheck_of([&] {
    AtLevel const high{CLOCK_LEVEL};
    IoQueueWorkItem(item, plain, DelayedWorkQueue, &job);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(item));
  MICA_CHECK(end.parameters[1] == CLOCK_LEVEL && job.calls == 0);
  {
    AtLevel const dispatch{DISPATCH_LEVEL};
    IoQueueWorkItem(item, plain, DelayedWorkQueue, &job);  // it is still free
  }
  wait(&job.done);
  IoFreeWorkItem(item);
}
