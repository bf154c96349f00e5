// Requests that end later: status block, event, APC routine, and the waits of synchronous files.
#include <nt/ps.h>

#include "apc_support.hpp"
#include "file_support.hpp"

using namespace mica::test;

namespace {

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
  FileRead read;
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
  FileRead read;
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
    FileRead read;
    Called called;
    MICA_CHECK(read.send(handle, event, note_call, &called) == STATUS_DEVICE_NOT_READY);
    MICA_CHECK(read.result.Status == untouched && read.result.Information == 7);
    MICA_CHECK(!event.is_set() && called.times == 0);
  }
  server->answer = STATUS_BUFFER_OVERFLOW;  // a warning is no error
  FileRead read;
  MICA_CHECK(read.send(file, event) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(read.result.Status == STATUS_BUFFER_OVERFLOW && event.is_set());
}

MICA_CASE("Io: an APC routine is called at the end, in the thread that asked, below APC_LEVEL") {
  Server server;
  OpenedFile file{0};
  FileRead read;
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
  FileRead read;
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
    FileRead read[2];
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
  FileRead reads[2];
  for (FileRead& read : reads) MICA_CHECK(read.send(several) == STATUS_PENDING);
  MICA_CHECK(server->served == 4);
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwCancelIoFile(several, &result) == STATUS_SUCCESS);
}

MICA_CASE(
    "Io: the last handle is closed while a request is pending: cleanup now, close at its end") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  FileRead read;
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
