// Requests of a thread that are cancelled: by it, by another one, and when it ends.
//                                                    [MSDN ZwCancelIoFile, ZwCancelIoFileEx]
#include "apc_support.hpp"
#include "file_support.hpp"

using namespace mica::test;

MICA_CASE("Io: ZwCancelIoFile cancels what the thread asked of the file, and waits for it") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  OpenedFile other{0};
  FileRead cancelled[2];
  FileRead kept;
  for (FileRead& read : cancelled) MICA_CHECK(read.send(file) == STATUS_PENDING);
  MICA_CHECK(kept.send(other) == STATUS_PENDING);
  IO_STATUS_BLOCK result{{untouched}, 7};
  MICA_CHECK(ZwCancelIoFile(file, &result) == STATUS_SUCCESS);
  MICA_CHECK(result.Status == STATUS_SUCCESS && result.Information == 0);
  for (FileRead const& read : cancelled) MICA_CHECK(read.result.Status == STATUS_CANCELLED);
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
  FileRead theirs, mine[2];
  auto body = [&] {
    FileEvent event;
    MICA_CHECK(theirs.send(file, event) == STATUS_PENDING);
    event.wait();  // its request ends in it, while it waits
    MICA_CHECK(theirs.result.Status == STATUS_CANCELLED);
  };
  Thread* const thread = start(body);
  server.until_kept();
  for (FileRead& read : mine) MICA_CHECK(read.send(file) == STATUS_PENDING);
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
  FileRead mine;
  MICA_CHECK(mine.send(file) == STATUS_PENDING);
  FileRead theirs;
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
  FileRead read;
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
  FileRead mine, theirs;
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
    FileRead read;
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
  FileRead reads[2];
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
