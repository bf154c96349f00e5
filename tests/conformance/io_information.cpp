// What is asked and said of a file by handle, with its driver and without.
//                       [MSDN ZwQueryInformationFile, ZwSetInformationFile, ZwFlushBuffersFile]
#include "file_support.hpp"

using namespace mica::test;

namespace {

// An error leaves the status block alone.
void check(NTSTATUS status, IO_STATUS_BLOCK const& result, ULONG_PTR information) {
  bool const tells = NT_SUCCESS(status);
  MICA_CHECK(result.Status == (tells ? STATUS_SUCCESS : untouched));
  MICA_CHECK(result.Information == (tells ? information : 7));
}

template <class Structure>
NTSTATUS query(HANDLE file, FILE_INFORMATION_CLASS number, Structure& structure) {
  IO_STATUS_BLOCK result{{untouched}, 7};
  NTSTATUS const status =
      ZwQueryInformationFile(file, &result, &structure, sizeof structure, number);
  check(status, result, sizeof structure);
  return status;
}

template <class Structure>
NTSTATUS set(HANDLE file, FILE_INFORMATION_CLASS number, Structure structure) {
  IO_STATUS_BLOCK result{{untouched}, 7};
  NTSTATUS const status = ZwSetInformationFile(file, &result, &structure, sizeof structure, number);
  check(status, result, 0);
  return status;
}

ULONG mode_of(HANDLE file) {
  FILE_MODE_INFORMATION mode{~ULONG{0}};
  MICA_CHECK(query(file, FileModeInformation, mode) == STATUS_SUCCESS);
  return mode.Mode;
}

NTSTATUS set_mode(HANDLE file, ULONG mode) {
  return set(file, FileModeInformation, FILE_MODE_INFORMATION{mode});
}

LONGLONG position_of(HANDLE file) {
  FILE_POSITION_INFORMATION position{at(-1)};
  MICA_CHECK(query(file, FilePositionInformation, position) == STATUS_SUCCESS);
  return position.CurrentByteOffset.QuadPart;
}

NTSTATUS set_position(HANDLE file, LONGLONG position) {
  return set(file, FilePositionInformation, FILE_POSITION_INFORMATION{at(position)});
}

}  // namespace

MICA_CASE("Io: the mode of a file is as it was opened, and what was set since") {
  Server server;
  OpenedFile file{FILE_WRITE_THROUGH};
  MICA_CHECK(mode_of(file) == FILE_WRITE_THROUGH);
  constexpr ULONG both = FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY;
  for (ULONG const mode :
       {ULONG{FILE_SEQUENTIAL_ONLY}, ULONG{FILE_WRITE_THROUGH}, both, ULONG{0}}) {
    MICA_CHECK(set_mode(file, mode) == STATUS_SUCCESS);
    MICA_CHECK(mode_of(file) == mode);
  }
  OpenedFile waiting{FILE_SYNCHRONOUS_IO_ALERT | FILE_NO_INTERMEDIATE_BUFFERING};
  MICA_CHECK(mode_of(waiting) == (FILE_SYNCHRONOUS_IO_ALERT | FILE_NO_INTERMEDIATE_BUFFERING));
  MICA_CHECK(server->served == 0);
}

MICA_CASE("Io: a mode that contradicts itself, or how the file was opened, is refused") {
  Server server;
  OpenedFile file{FILE_SEQUENTIAL_ONLY}, waiting{synchronous};
  for (ULONG const mode : {FILE_SYNCHRONOUS_IO_ALERT, FILE_NO_INTERMEDIATE_BUFFERING,
                           FILE_DIRECTORY_FILE, FILE_RANDOM_ACCESS})
    MICA_CHECK(set_mode(file, mode) == STATUS_INVALID_PARAMETER);
  for (ULONG const mode : {0, FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT,
                           FILE_SYNCHRONOUS_IO_NONALERT | FILE_NO_INTERMEDIATE_BUFFERING})
    MICA_CHECK(set_mode(waiting, mode) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(mode_of(file) == FILE_SEQUENTIAL_ONLY && mode_of(waiting) == synchronous);
}

MICA_CASE("Io: a position is where the device can transfer, unless the file is buffered") {
  Server server;
  server.device->AlignmentRequirement = FILE_LONG_ALIGNMENT;
  OpenedFile unbuffered{synchronous | FILE_NO_INTERMEDIATE_BUFFERING}, buffered{synchronous};
  MICA_CHECK(set_position(unbuffered, 4) == STATUS_SUCCESS);
  for (LONGLONG const wrong : {6, -4})
    MICA_CHECK(set_position(unbuffered, wrong) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(position_of(unbuffered) == 4);
  for (LONGLONG const right : {6, 0}) {
    MICA_CHECK(set_position(buffered, right) == STATUS_SUCCESS);
    MICA_CHECK(position_of(buffered) == right);
  }
  MICA_CHECK(server->served == 0);
}

MICA_CASE("Io: what only the driver knows of a file is asked of it and said to it") {
  Server server;
  OpenedFile file{0}, waiting{synchronous};
  waiting.object()->CurrentByteOffset = at(77);
  FILE_POSITION_INFORMATION position{};
  server->information = sizeof position;
  MICA_CHECK(query(file, FilePositionInformation, position) == STATUS_SUCCESS);  // it keeps none
  MICA_CHECK(position.CurrentByteOffset.QuadPart == 0x5A && server->served == 1);
  MICA_CHECK(server->original == file.object() && (server->flags & IRP_SYNCHRONOUS_API) != 0);
  FILE_STANDARD_INFORMATION standard{};
  server->information = sizeof standard;
  MICA_CHECK(query(waiting, FileStandardInformation, standard) == STATUS_SUCCESS);
  MICA_CHECK(standard.AllocationSize.QuadPart == 0x5A && server->served == 2);
  server->information = 0;
  for (HANDLE const handle : {static_cast<HANDLE>(file), static_cast<HANDLE>(waiting)}) {
    FILE_END_OF_FILE_INFORMATION const end{at(99)};
    MICA_CHECK(set(handle, FileEndOfFileInformation, end) == STATUS_SUCCESS);
    auto const& said = server->stack.Parameters.SetFile;
    MICA_CHECK(said.Length == sizeof end && said.FileInformationClass == FileEndOfFileInformation);
    IO_STATUS_BLOCK result{{untouched}, 7};
    check(ZwFlushBuffersFile(handle, &result), result, 0);
  }
  MICA_CHECK(position_of(waiting) == 77 && server->served == 6);
}

MICA_CASE("Io: an error that a call had to wait for is told by its status block too") {
  Server server;
  server->keeps = true;
  OpenedFile file{0};
  auto completer = [&] {
    server.until_kept();
    PIRP const irp = server.take();
    MICA_REQUIRE(irp != nullptr);
    complete(irp, STATUS_DEVICE_NOT_READY, 0);
  };
  Thread* const thread = start(completer);
  IO_STATUS_BLOCK result{{untouched}, 7};
  MICA_CHECK(ZwFlushBuffersFile(file, &result) == STATUS_DEVICE_NOT_READY);
  MICA_CHECK(result.Status == STATUS_DEVICE_NOT_READY && result.Information == 0);
  join(thread);
}

MICA_CASE("Io: more is asked or said than there is memory for, and the driver hears nothing") {
  Server server;
  OpenedFile file{synchronous};
  FILE_END_OF_FILE_INFORMATION end{at(99)};
  for (auto* const call : {ZwQueryInformationFile, ZwSetInformationFile}) {
    IO_STATUS_BLOCK result{{untouched}, 7};
    FILE_INFORMATION_CLASS const number =
        call == ZwQueryInformationFile ? FileStreamInformation : FileEndOfFileInformation;
    NTSTATUS const status = call(file, &result, &end, too_much, number);
    MICA_CHECK(status == STATUS_INSUFFICIENT_RESOURCES);
    check(status, result, 0);
  }
  MICA_CHECK(server->served == 0);
}
