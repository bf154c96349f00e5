// Requests that end later: status block, event, APC routine, cancelling, and the end of a thread.
#include <nt/ps.h>

#include "apc_support.hpp"
#include "file_support.hpp"

using namespace mica::test;

namespace {

struct Read {
  IO_STATUS_BLOCK result{{untouched}, 7};
  unsigned char data[4] = {};
  NTSTATUS send(HANDLE file, HANDLE event = nullptr, PIO_APC_ROUTINE routine = nullptr,
                void* context = nullptr) noexcept {
    LARGE_INTEGER offset = at(0);
    return ZwReadFile(file, event, routine, context, &result, data, sizeof data, &offset, nullptr);
  }
};

bool is_signalled(HANDLE file) {
  LARGE_INTEGER now{};
  return ZwWaitForSingleObject(file, FALSE, &now) == STATUS_SUCCESS;
}

// What an APC routine saw.
struct Called {
  int times = 0;
  KIRQL level = HIGH_LEVEL;
  PKTHREAD thread = nullptr;
  PIO_STATUS_BLOCK result = nullptr;
  NTSTATUS status = untouched;
};

void NTAPI note_call(PVOID context, PIO_STATUS_BLOCK result, ULONG) {
  auto& called = *static_cast<Called*>(context);
  ++called.times;
  called.level = KeGetCurrentIrql();
  called.thread = KeGetCurrentThread();
  called.result = result;
  called.status = result->Status;
}

}  // namespace

MICA_CASE("Io: a pending read tells of its end by status block and event, in its thread") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  FileEvent event;
  Read read;
  ZwSetEvent(event, nullptr);
  MICA_CHECK(read.send(file, event) == STATUS_PENDING);
  MICA_CHECK(!event.is_set() && read.result.Status == untouched);
  PIRP const irp = server.take();
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(irp->Tail.Overlay.Thread == PsGetCurrentThread());
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);  // it ends in this thread, and not now
  *data_of(irp) = 0x42;
  complete(irp, STATUS_SUCCESS, 2);
  MICA_CHECK(read.result.Status == untouched && read.data[0] == 0);
  KeLowerIrql(old);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS && read.result.Information == 2);
  MICA_CHECK(read.data[0] == 0x42 && event.is_set());
  MICA_CHECK(!is_signalled(file));  // whoever names an event waits for that
}

MICA_CASE("Io: without an event the file itself is signalled") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  MICA_CHECK(read.send(file) == STATUS_PENDING);
  MICA_CHECK(!is_signalled(file));
  auto completer = [&] {
    if (PIRP const irp = server.take()) complete(irp, STATUS_END_OF_FILE, 0);
  };
  Thread* const thread = start(completer);
  MICA_CHECK(ZwWaitForSingleObject(file, FALSE, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(read.result.Status == STATUS_END_OF_FILE);  // an error too: it was waited for
  join(thread);
}

MICA_CASE("Io: an error that was not pended is told by the status alone") {
  Server server;
  server->information = 0;
  OpenedFile file{0};
  OpenedFile waiting{synchronous};
  FileEvent event;
  server->answer = STATUS_DEVICE_NOT_READY;
  for (HANDLE const handle : {static_cast<HANDLE>(file), static_cast<HANDLE>(waiting)}) {
    Read read;
    Called called;
    MICA_CHECK(read.send(handle, event, note_call, &called) == STATUS_DEVICE_NOT_READY);
    MICA_CHECK(read.result.Status == untouched && read.result.Information == 7);
    MICA_CHECK(!event.is_set() && called.times == 0);
  }
  server->answer = STATUS_BUFFER_OVERFLOW;  // a warning is no error
  Read read;
  MICA_CHECK(read.send(file, event) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(read.result.Status == STATUS_BUFFER_OVERFLOW && event.is_set());
}

MICA_CASE("Io: an APC routine is called at the end, in the thread that asked, below APC_LEVEL") {
  Server server;
  OpenedFile file{0};
  Read read;
  Called called;
  MICA_CHECK(read.send(file, nullptr, note_call, &called) == STATUS_SUCCESS);  // it ends at once
  MICA_CHECK(called.times == 1 && called.level == PASSIVE_LEVEL);
  MICA_CHECK(called.thread == KeGetCurrentThread() && called.result == &read.result);
  server->keeps = true;
  MICA_CHECK(read.send(file, nullptr, note_call, &called) == STATUS_PENDING);
  MICA_CHECK(called.times == 1);
  PIRP const irp = server.take();
  MICA_REQUIRE(irp != nullptr);
  KeEnterCriticalRegion();  // keeps the routine away, not the end
  complete(irp, STATUS_SUCCESS, 0);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS && called.times == 1);
  KeLeaveCriticalRegion();
  MICA_CHECK(called.times == 2 && called.status == STATUS_SUCCESS);
}

MICA_CASE("Io: a call on a synchronous file waits for the end of a pending request") {
  Server server;
  server->keeps = true;
  OpenedFile file{synchronous};
  FileEvent event;
  auto completer = [&] {
    server.until_kept();
    PIRP const irp = server.take();
    MICA_REQUIRE(irp != nullptr);
    complete(irp, STATUS_SUCCESS, 1);
  };
  Thread* const thread = start(completer);
  Read read;
  MICA_CHECK(read.send(file, event) == STATUS_SUCCESS);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS && read.result.Information == 1);
  MICA_CHECK(event.is_set() && is_signalled(file));
  join(thread);
}

MICA_CASE("Io: a synchronous file serves one request after another, another file several") {
  Server server;
  server->keeps = true;
  OpenedFile file{synchronous};
  struct {
    HANDLE file;
    Read read[2];
    std::atomic<int> ended;
  } shared{file, {}, 0};
  auto first = [&] {
    MICA_CHECK(shared.read[0].send(shared.file) == STATUS_SUCCESS);
    ++shared.ended;
  };
  auto second = [&] {
    MICA_CHECK(shared.read[1].send(shared.file) == STATUS_SUCCESS);
    ++shared.ended;
  };
  Thread* const one = start(first);
  server.until_kept();
  Thread* const other = start(second);
  until_waiting(other);
  MICA_CHECK(server->served == 1);
  PIRP irp = server.take();
  MICA_REQUIRE(irp != nullptr);
  complete(irp, STATUS_SUCCESS, 0);
  join(one);
  server.until_kept();
  MICA_CHECK(server->served == 2 && shared.ended == 1);
  irp = server.take();
  MICA_REQUIRE(irp != nullptr);
  complete(irp, STATUS_SUCCESS, 0);
  join(other);

  OpenedFile several{0};
  Read reads[2];
  for (Read& read : reads) MICA_CHECK(read.send(several) == STATUS_PENDING);
  MICA_CHECK(server->served == 4);
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwCancelIoFile(several, &result) == STATUS_SUCCESS);
}

MICA_CASE("Io: ZwCancelIoFile cancels what the thread asked of the file, and waits for it") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  OpenedFile other{0};
  Read cancelled[2];
  Read kept;
  for (Read& read : cancelled) MICA_CHECK(read.send(file) == STATUS_PENDING);
  MICA_CHECK(kept.send(other) == STATUS_PENDING);
  IO_STATUS_BLOCK result{{untouched}, 7};
  MICA_CHECK(ZwCancelIoFile(file, &result) == STATUS_SUCCESS);
  MICA_CHECK(result.Status == STATUS_SUCCESS && result.Information == 0);
  for (Read const& read : cancelled) MICA_CHECK(read.result.Status == STATUS_CANCELLED);
  MICA_CHECK(kept.result.Status == untouched && server->cancelled == 2);
  MICA_CHECK(ZwCancelIoFile(file, &result) == STATUS_SUCCESS);  // there is nothing left
  MICA_CHECK(ZwCancelIoFile(other, &result) == STATUS_SUCCESS);
  MICA_CHECK(kept.result.Status == STATUS_CANCELLED);
}

MICA_CASE("Io: ZwCancelIoFileEx cancels what any thread asked, or one request alone") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  IO_STATUS_BLOCK result{{untouched}, 7};
  MICA_CHECK(ZwCancelIoFileEx(file, nullptr, &result) == STATUS_NOT_FOUND);
  MICA_CHECK(result.Status == STATUS_NOT_FOUND && result.Information == 0);
  Read theirs, mine[2];
  auto body = [&] {
    FileEvent event;
    MICA_CHECK(theirs.send(file, event) == STATUS_PENDING);
    event.wait();  // its request ends in it, while it waits
    MICA_CHECK(theirs.result.Status == STATUS_CANCELLED);
  };
  Thread* const thread = start(body);
  server.until_kept();
  for (Read& read : mine) MICA_CHECK(read.send(file) == STATUS_PENDING);
  MICA_CHECK(ZwCancelIoFileEx(file, &mine[1].result, &result) == STATUS_SUCCESS);
  MICA_CHECK(mine[1].result.Status == STATUS_CANCELLED && mine[0].result.Status == untouched);
  MICA_CHECK(server->cancelled == 1);
  MICA_CHECK(ZwCancelIoFileEx(file, &mine[1].result, &result) == STATUS_NOT_FOUND);
  MICA_CHECK(ZwCancelIoFileEx(file, nullptr, &result) == STATUS_SUCCESS);
  MICA_CHECK(result.Status == STATUS_SUCCESS && server->cancelled == 3);
  join(thread);
}

MICA_CASE("Io: a thread that ends cancels its requests, and others stay") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read mine;
  MICA_CHECK(mine.send(file) == STATUS_PENDING);
  Read theirs;
  KEVENT done;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IO_STATUS_BLOCK built_result{{untouched}, 7}, control_result{{untouched}, 7};
  auto body = [&] {
    MICA_CHECK(theirs.send(file) == STATUS_PENDING);
    PIRP const built = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, server.device, nullptr, 0,
                                                    nullptr, &done, &built_result);
    PIRP const control = IoBuildDeviceIoControlRequest(0x1234, server.device, nullptr, 0, nullptr,
                                                       0, FALSE, nullptr, &control_result);
    MICA_REQUIRE(built != nullptr && control != nullptr);
    MICA_CHECK(IoCallDriver(server.device, built) == STATUS_PENDING);
    MICA_CHECK(IoCallDriver(server.device, control) == STATUS_PENDING);
  };
  Thread* const thread = start(body);
  join(thread);
  MICA_CHECK(theirs.result.Status == STATUS_CANCELLED && server->cancelled == 3);
  MICA_CHECK(control_result.Status == STATUS_CANCELLED);
  MICA_CHECK(built_result.Status == STATUS_CANCELLED && KeReadStateEvent(&done) != 0);
  MICA_CHECK(mine.result.Status == untouched);
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwCancelIoFile(file, &result) == STATUS_SUCCESS);
}

MICA_CASE("Io: a thread that ends waits for a request that cannot be cancelled") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  std::atomic<PIRP> irp{nullptr};
  auto body = [&] {
    MICA_CHECK(read.send(file) == STATUS_PENDING);
    irp = server.take();  // its cancel routine is out
  };
  Thread* const thread = start(body);
  until_waiting(thread);
  MICA_REQUIRE(irp.load() != nullptr);
  MICA_CHECK(irp.load()->Cancel != FALSE && read.result.Status == untouched);
  complete(irp, STATUS_SUCCESS, 0);
  join(thread);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS);
}

MICA_CASE("Io: an alert ends the wait of a file that is alertable, by cancelling the request") {
  Server server;
  server->keeps = true;
  OpenedFile file{FILE_SYNCHRONOUS_IO_ALERT};
  Read read;
  auto body = [&] { MICA_CHECK(read.send(file) == STATUS_CANCELLED); };
  Thread* const thread = start(body);
  server.until_kept();
  KeAlertThread(object_of(thread), KernelMode);
  join(thread);
  MICA_CHECK(server->cancelled == 1 && read.result.Status == STATUS_CANCELLED);
}

MICA_CASE("Io: who waits for a file that is busy is alerted, if the file is alertable") {
  for (ULONG const option : {ULONG{FILE_SYNCHRONOUS_IO_ALERT}, ULONG{synchronous}}) {
    bool const alertable = option == FILE_SYNCHRONOUS_IO_ALERT;
    Server server;
    server->keeps = true;
    OpenedFile file{option};
    Read first, second;
    auto hold = [&] { MICA_CHECK(first.send(file) == STATUS_SUCCESS); };
    auto await = [&] {
      MICA_CHECK(second.send(file) == (alertable ? STATUS_ALERTED : STATUS_SUCCESS));
    };
    Thread* const holder = start(hold);
    server.until_kept();
    Thread* const waiter = start(await);
    until_waiting(waiter);
    MICA_CHECK(file.object()->Waiters == 1);
    KeAlertThread(object_of(waiter), KernelMode);
    if (alertable)
      join(waiter);
    else
      until_waiting(waiter);
    MICA_CHECK(file.object()->Waiters == (alertable ? 0 : 1));
    complete(server.take(), STATUS_SUCCESS, 0);
    join(holder);
    if (alertable) {
      MICA_CHECK(second.result.Status == untouched && server->served == 1);
      continue;
    }
    server.until_kept();
    complete(server.take(), STATUS_SUCCESS, 0);
    join(waiter);
    MICA_CHECK(file.object()->Waiters == 0 && server->served == 2);
  }
}

MICA_CASE(
    "Io: the last handle is closed while a request is pending: cleanup now, close at its end") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  Read read;
  MICA_CHECK(read.send(file) == STATUS_PENDING);
  file.close();
  MICA_CHECK(server->cleaned == 1 && server->closed == 0);
  PIRP const irp = server.take();
  MICA_REQUIRE(irp != nullptr);
  complete(irp, STATUS_SUCCESS, 0);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS);
  // The reaper closes it, because this was APC_LEVEL; what it does to the device after that is seen
  // by who deletes it.
  until([&] { return server->closed != 0; });
  MICA_CHECK(server->closed == 1);
}

MICA_CASE("Io: ZwCancelIoFile leaves what a driver built for itself, for the same file too") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  KEVENT done;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IO_STATUS_BLOCK built_result{{untouched}, 7}, result{};
  PIRP const built = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, server.device, nullptr, 0,
                                                  nullptr, &done, &built_result);
  MICA_REQUIRE(built != nullptr);
  IoGetNextIrpStackLocation(built)->FileObject = file.object();
  MICA_CHECK(IoCallDriver(server.device, built) == STATUS_PENDING);
  MICA_CHECK(ZwCancelIoFile(file, &result) == STATUS_SUCCESS);
  MICA_CHECK(ZwCancelIoFileEx(file, nullptr, &result) == STATUS_NOT_FOUND);
  MICA_CHECK(server->cancelled == 0 && built_result.Status == untouched);
  MICA_REQUIRE(server.take() == built);
  complete(built, STATUS_SUCCESS);
  wait(&done);
}

MICA_CASE("Io: ZwCancelIoFileEx finds what another thread asked, whatever else its caller has") {
  Server server;
  server->keeps = true;
  OpenedFile file{0}, other{0};
  Read mine, theirs;
  MICA_CHECK(mine.send(file) == STATUS_PENDING);
  auto canceller = [&] {
    IO_STATUS_BLOCK result{};
    MICA_CHECK(theirs.send(other) == STATUS_PENDING);
    MICA_CHECK(ZwCancelIoFileEx(file, nullptr, &result) == STATUS_SUCCESS);
    MICA_CHECK(server->cancelled == 1 && theirs.result.Status == untouched);
  };
  join(start(canceller));
  MICA_CHECK(mine.result.Status == STATUS_CANCELLED);
  MICA_CHECK(theirs.result.Status == STATUS_CANCELLED);  // its thread has ended
}

MICA_CASE("Io: ZwCancelIoFileEx does not wait for a thread that has no requests any more") {
  Server server;
  OpenedFile file{0};
  KEVENT over;
  KeInitializeEvent(&over, NotificationEvent, FALSE);
  auto body = [&] {
    Read read;
    MICA_CHECK(read.send(file) == STATUS_SUCCESS);
    KeEnterGuardedRegion();  // it takes no APC
    wait(&over);
    KeLeaveGuardedRegion();
  };
  Thread* const thread = start(body);
  until_waiting(thread);
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwCancelIoFileEx(file, nullptr, &result) == STATUS_NOT_FOUND);
  KeSetEvent(&over, 0, FALSE);
  join(thread);
}

namespace {

// A thread that waits in ZwCancelIoFile for a request that nobody cancels, and meanwhile, in an
// APC, for another one of another file.
struct Nested {
  Server server;
  OpenedFile files[2]{OpenedFile{0}, OpenedFile{0}};
  Read reads[2];
  std::atomic<PIRP> irps[2]{};

  Nested() noexcept { server->keeps = true; }
  void ask_and_cancel(int which) noexcept {
    IO_STATUS_BLOCK result{};
    MICA_CHECK(reads[which].send(files[which]) == STATUS_PENDING);
    irps[which] = server.take();  // its cancel routine is out
    MICA_CHECK(ZwCancelIoFile(files[which], &result) == STATUS_SUCCESS);
    MICA_CHECK(reads[which].result.Status == STATUS_SUCCESS);
  }
  static void NTAPI in_apc(PVOID context, PVOID, PVOID) {
    static_cast<Nested*>(context)->ask_and_cancel(1);
  }
};

}  // namespace

MICA_CASE("Io: an APC may cancel and wait in a thread that cancels and waits") {
  for (int const first : {0, 1}) {  // which of the two ends first
    Nested nested;
    auto body = [&] { nested.ask_and_cancel(0); };
    Thread* const thread = start(body);
    until_waiting(thread);
    KAPC apc;
    KeInitializeApc(&apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
                    Nested::in_apc, KernelMode, &nested);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) != FALSE);
    until([&] { return nested.irps[1].load() != nullptr; });
    until_waiting(thread);
    complete(nested.irps[first], STATUS_SUCCESS);
    until_waiting(thread);
    MICA_CHECK(nested.reads[first].result.Status == STATUS_SUCCESS);
    complete(nested.irps[1 - first], STATUS_SUCCESS);
    join(thread);
  }
}
