// What an alert ends of the calls on a file whose waits are alertable.
//                               [MSDN ZwCreateFile, CreateOptions: FILE_SYNCHRONOUS_IO_ALERT]
#include "file_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG alertable = FILE_SYNCHRONOUS_IO_ALERT;

// Waits for a busy file until it is alerted.
template <class Call>
void alert(Call call) {
  IO_STATUS_BLOCK result{{untouched}, 7};
  auto body = [&] { MICA_CHECK(call(&result) == STATUS_ALERTED); };
  Thread* const thread = start(body);
  until_waiting(thread);
  KeAlertThread(object_of(thread), KernelMode);
  join(thread);
  MICA_CHECK(result.Status == untouched && result.Information == 7);
}

}  // namespace

MICA_CASE("Io: an alert ends the wait of a file that is alertable, by cancelling the request") {
  Server server;
  server->keeps = true;
  OpenedFile file{alertable};
  FileRead read;
  auto body = [&] { MICA_CHECK(read.send(file) == STATUS_CANCELLED); };
  Thread* const thread = start(body);
  server.until_kept();
  KeAlertThread(object_of(thread), KernelMode);
  join(thread);
  MICA_CHECK(server->cancelled == 1 && read.result.Status == STATUS_CANCELLED);
}

MICA_CASE("Io: who waits for a file that is busy is alerted, if the file is alertable") {
  for (ULONG const option : {alertable, ULONG{synchronous}}) {
    bool const is_alerted = option == alertable;
    Server server;
    server->keeps = true;
    OpenedFile file{option};
    FileRead first, second;
    auto hold = [&] { MICA_CHECK(first.send(file) == STATUS_SUCCESS); };
    auto await = [&] {
      MICA_CHECK(second.send(file) == (is_alerted ? STATUS_ALERTED : STATUS_SUCCESS));
    };
    Thread* const holder = start(hold);
    server.until_kept();
    Thread* const waiter = start(await);
    until_waiting(waiter);
    MICA_CHECK(file.object()->Waiters == 1);
    KeAlertThread(object_of(waiter), KernelMode);
    if (is_alerted)
      join(waiter);
    else
      until_waiting(waiter);
    MICA_CHECK(file.object()->Waiters == (is_alerted ? 0 : 1));
    complete(server.take(), STATUS_SUCCESS, 0);
    join(holder);
    if (is_alerted) {
      MICA_CHECK(second.result.Status == untouched && server->served == 1);
      continue;
    }
    server.until_kept();
    complete(server.take(), STATUS_SUCCESS, 0);
    join(waiter);
    MICA_CHECK(file.object()->Waiters == 0 && server->served == 2);
  }
}

MICA_CASE("Io: whatever is wanted of a busy file, an alert ends the wait for it") {
  Server server;
  server->keeps = true;
  OpenedFile file{alertable};
  FileRead first;
  auto hold = [&] { MICA_CHECK(first.send(file) == STATUS_SUCCESS); };
  file.object()->CurrentByteOffset = at(512);
  Thread* const holder = start(hold);
  server.until_kept();
  FILE_STANDARD_INFORMATION standard{};
  FILE_POSITION_INFORMATION position{at(1024)};
  alert([&](PIO_STATUS_BLOCK result) { return ZwFlushBuffersFile(file, result); });
  alert([&](PIO_STATUS_BLOCK result) {
    return ZwQueryInformationFile(file, result, &standard, sizeof standard,
                                  FileStandardInformation);
  });
  alert([&](PIO_STATUS_BLOCK result) {
    return ZwSetInformationFile(file, result, &position, sizeof position, FilePositionInformation);
  });
  alert([&](PIO_STATUS_BLOCK result) {
    return ZwQueryInformationFile(file, result, &position, sizeof position,
                                  FilePositionInformation);
  });
  MICA_CHECK(file.object()->CurrentByteOffset.QuadPart == 512);
  MICA_CHECK(position.CurrentByteOffset.QuadPart == 1024);
  MICA_CHECK(server->served == 1 && first.result.Status == untouched);
  complete(server.take(), STATUS_SUCCESS, 0);
  join(holder);
}

MICA_CASE("Io: an alert asks to cancel a request, and the call waits for its end") {
  Server server;
  server->keeps = true;
  OpenedFile file{alertable};
  FileRead read;
  auto body = [&] { MICA_CHECK(read.send(file) == STATUS_SUCCESS); };
  Thread* const thread = start(body);
  server.until_kept();
  PIRP const irp = server.take();  // it cannot be cancelled any more
  MICA_REQUIRE(irp != nullptr);
  KeAlertThread(object_of(thread), KernelMode);
  until_waiting(thread);
  MICA_CHECK(irp->Cancel != FALSE && read.result.Status == untouched);
  complete(irp, STATUS_SUCCESS, 1);
  join(thread);
  MICA_CHECK(read.result.Status == STATUS_SUCCESS && read.result.Information == 1);
}
