// What an alert ends of the calls on a file whose waits are alertable.
//                               [MSDN ZwCreateFile, CreateOptions: FILE_SYNCHRONOUS_IO_ALERT]
#include "file_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG alertable = FILE_SYNCHRONOUS_IO_ALERT;

NTSTATUS read(HANDLE file, IO_STATUS_BLOCK& result) {
  unsigned char data[4];
  LARGE_INTEGER begin = at(0);
  return ZwReadFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &begin, nullptr);
}

// The call of another thread, which holds the file until its request is complete.
struct Holder {
  HANDLE file;
  IO_STATUS_BLOCK result{{untouched}, 7};
  std::atomic<bool> ended{false};
  void operator()() {
    MICA_CHECK(read(file, result) == STATUS_SUCCESS);
    ended = true;
  }
};

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

MICA_CASE("Io: whatever is wanted of a busy file, an alert ends the wait for it") {
  Server server;
  server->keeps = true;
  OpenedFile file{alertable};
  file.object()->CurrentByteOffset = at(512);
  Holder holder{file};
  Thread* const thread = start(holder);
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
  MICA_CHECK(server->served == 1 && !holder.ended);
  complete(server.take(), STATUS_SUCCESS, 0);
  join(thread);
}

MICA_CASE("Io: an alert asks to cancel a request, and the call waits for its end") {
  Server server;
  server->keeps = true;
  OpenedFile file{alertable};
  Holder holder{file};
  Thread* const thread = start(holder);
  server.until_kept();
  PIRP const irp = server.take();  // it cannot be cancelled any more
  MICA_REQUIRE(irp != nullptr);
  KeAlertThread(object_of(thread), KernelMode);
  until_waiting(thread);
  MICA_CHECK(irp->Cancel != FALSE && !holder.ended && holder.result.Status == untouched);
  complete(irp, STATUS_SUCCESS, 1);
  join(thread);
  MICA_CHECK(holder.result.Status == STATUS_SUCCESS && holder.result.Information == 1);
}
