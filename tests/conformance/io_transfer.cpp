// Reads and writes by handle.
#include "file_support.hpp"

using namespace mica::test;

namespace {

IO_STATUS_BLOCK fresh() {
  return {{untouched}, 7};
}

}  // namespace

MICA_CASE("Io: a read and a write of a synchronous file on a buffered device") {
  Server server;
  server->information = 3;
  OpenedFile file{synchronous};
  unsigned char data[8] = {9, 9};
  IO_STATUS_BLOCK result = fresh();
  LARGE_INTEGER offset = at(0x123456789);
  ULONG key = 77;
  MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &offset,
                        &key) == STATUS_SUCCESS);
  MICA_CHECK(result.Status == STATUS_SUCCESS && result.Information == 3);
  MICA_CHECK(data[0] == 0x5A && data[1] == 0);  // three bytes of a zeroed buffer
  auto const& read = server->stack.Parameters.Read;
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_READ && read.Length == sizeof data);
  MICA_CHECK(read.ByteOffset.QuadPart == 0x123456789 && read.Key == 77);
  MICA_CHECK(server->system_buffer != nullptr && server->system_buffer != data);
  MICA_CHECK((server->flags & IRP_READ_OPERATION) != 0 && server->mode == KernelMode);
  MICA_CHECK(server->stack.FileObject == file.object());
  data[0] = 0x77;
  MICA_CHECK(NtWriteFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &offset,
                         nullptr) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_WRITE && server->first == 0x77);
  MICA_CHECK(server->stack.Parameters.Write.Key == 0 && server->original == file.object());
  MICA_CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &offset,
                         &key) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Write.Key == 77);
  MICA_CHECK((server->flags & IRP_WRITE_OPERATION) != 0 && data[0] == 0x77);
  server->information = 0;
  MICA_CHECK(NtReadFile(file, nullptr, nullptr, nullptr, &result, data, 0, &offset, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(server->system_buffer == nullptr && result.Information == 0);
}

MICA_CASE("Io: a device with DO_DIRECT_IO gets the pages of the caller's buffer") {
  Server server{DO_DIRECT_IO};
  server->information = 1;
  OpenedFile file{synchronous};
  auto* const data =
      static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * PAGE_SIZE, 'tseT'));
  MICA_REQUIRE(data != nullptr);
  unsigned char* const start = data + PAGE_SIZE - 4;
  IO_STATUS_BLOCK result{};
  LARGE_INTEGER offset = at(0);
  MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, start, 8, &offset, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(*start == 0x5A && result.Information == 1);
  MICA_CHECK(server->system_buffer == nullptr && server->mdl.ByteCount == 8);
  MICA_CHECK(MmGetMdlVirtualAddress(&server->mdl) == start);
  MICA_CHECK((server->mdl.MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION)) ==
             (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
  *start = 0x33;
  server->information = 0;
  MICA_CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, start, 8, &offset, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(server->first == 0x33);
  MICA_CHECK((server->mdl.MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION)) == MDL_PAGES_LOCKED);
  MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, start, 0, &offset, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(server->served == 3 && server->mdl.Size == 0);  // nothing has no pages
  // No memory, no request.
  MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, reinterpret_cast<void*>(0x1000),
                        8, &offset, nullptr) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(server->served == 3);
  ExFreePool(data);
}

MICA_CASE("Io: a request of more than there is memory for is not made") {
  unsigned char data[8] = {};
  IO_STATUS_BLOCK result{};
  LARGE_INTEGER offset = at(0);
  for (ULONG const flags : {ULONG{DO_BUFFERED_IO}, ULONG{DO_DIRECT_IO}}) {
    Server server{flags};
    OpenedFile file{synchronous};
    MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, data, MAXULONG, &offset,
                          nullptr) == STATUS_INSUFFICIENT_RESOURCES);
    for (ULONG const method : {METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_OUT_DIRECT})
      MICA_CHECK(
          ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &result,
                                CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, FILE_ANY_ACCESS), data,
                                MAXULONG, nullptr, 0) == STATUS_INSUFFICIENT_RESOURCES);
    MICA_CHECK(server->served == 0);
  }
}

MICA_CASE("Io: a device with neither flag gets the caller's address") {
  Server server{0};
  OpenedFile file{synchronous};
  unsigned char data[4] = {0x44};
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, nullptr,
                         nullptr) == STATUS_SUCCESS);
  MICA_CHECK(server->user_buffer == data && server->system_buffer == nullptr);
  MICA_CHECK(server->mdl.Size == 0);
}

MICA_CASE("Io: where a read or a write goes") {
  Server server;
  OpenedFile file{0};
  unsigned char data[4] = {};
  auto read = [&](HANDLE handle, LARGE_INTEGER* offset) {
    IO_STATUS_BLOCK result{};
    return ZwReadFile(handle, nullptr, nullptr, nullptr, &result, data, sizeof data, offset,
                      nullptr);
  };
  auto write = [&](HANDLE handle, LARGE_INTEGER* offset) {
    IO_STATUS_BLOCK result{};
    return ZwWriteFile(handle, nullptr, nullptr, nullptr, &result, data, sizeof data, offset,
                       nullptr);
  };
  LARGE_INTEGER here = at(-2), end = at(-1), wrong = at(-3), there = at(512);
  here.LowPart = FILE_USE_FILE_POINTER_POSITION;
  end.LowPart = FILE_WRITE_TO_END_OF_FILE;
  MICA_CHECK(read(file, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(read(file, &here) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(read(file, &end) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(write(file, &wrong) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(server->served == 0);
  MICA_CHECK(write(file, &end) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Write.ByteOffset.QuadPart == -1);
  file.close();

  OpenedFile positioned{synchronous};
  positioned.object()->CurrentByteOffset = at(4096);
  MICA_CHECK(read(positioned, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Read.ByteOffset.QuadPart == 4096);
  MICA_CHECK(write(positioned, &here) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Write.ByteOffset.QuadPart == 4096);
  here.HighPart = end.HighPart = 0;  // then they are offsets like others
  for (LARGE_INTEGER* const plain : {&here, &end}) {
    MICA_CHECK(write(positioned, plain) == STATUS_SUCCESS);
    MICA_CHECK(server->stack.Parameters.Write.ByteOffset.QuadPart == plain->QuadPart);
  }
  positioned.close();

  OpenedFile appending{synchronous, FILE_APPEND_DATA | SYNCHRONIZE};
  MICA_CHECK(write(appending, &there) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Write.ByteOffset.QuadPart == -1);
  MICA_CHECK(read(appending, &there) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.Read.ByteOffset.QuadPart == there.QuadPart);
}

MICA_CASE("Io: without intermediate buffering what is transferred is whole sectors") {
  Server server;
  server.device->SectorSize = 512;
  server.device->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
  OpenedFile file{synchronous | FILE_NO_INTERMEDIATE_BUFFERING};
  alignas(16) unsigned char data[1024] = {};
  struct {
    ULONG bytes;
    LONGLONG offset;
    unsigned shift;
    NTSTATUS status;
  } constexpr tries[] = {{512, 512, 0, STATUS_SUCCESS},
                         {100, 512, 0, STATUS_INVALID_PARAMETER},
                         {512, 100, 0, STATUS_INVALID_PARAMETER},
                         {512, 512, 1, STATUS_INVALID_PARAMETER}};
  for (auto const& one : tries) {
    IO_STATUS_BLOCK result{};
    LARGE_INTEGER offset = at(one.offset);
    MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, data + one.shift, one.bytes,
                          &offset, nullptr) == one.status);
  }
  MICA_CHECK((server->flags & IRP_NOCACHE) != 0 && server->served == 1);
  IO_STATUS_BLOCK result{};
  LARGE_INTEGER end = at(-1);
  end.LowPart = FILE_WRITE_TO_END_OF_FILE;
  MICA_CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, data, 512, &end, nullptr) ==
             STATUS_SUCCESS);
  server.device->SectorSize = 0;  // it has none
  LARGE_INTEGER anywhere = at(100);
  MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, data, 100, &anywhere, nullptr) ==
             STATUS_SUCCESS);
  server.device->SectorSize = 512;
  OpenedFile buffered{synchronous};
  MICA_CHECK(ZwReadFile(buffered, nullptr, nullptr, nullptr, &result, data + 1, 100, &anywhere,
                        nullptr) == STATUS_SUCCESS);
}

MICA_CASE("Io: a write through says so to the driver, a read does not") {
  Server server;
  unsigned char data[8] = {};
  for (ULONG const option : {ULONG{0}, ULONG{FILE_WRITE_THROUGH}}) {
    OpenedFile file{synchronous | option};
    IO_STATUS_BLOCK result{};
    LARGE_INTEGER offset = at(0);
    MICA_CHECK(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &offset,
                           nullptr) == STATUS_SUCCESS);
    MICA_CHECK(server->stack.Flags == (option != 0 ? SL_WRITE_THROUGH : 0));
    MICA_CHECK(ZwReadFile(file, nullptr, nullptr, nullptr, &result, data, sizeof data, &offset,
                          nullptr) == STATUS_SUCCESS);
    MICA_CHECK(server->stack.Flags == 0);
  }
}

MICA_CASE("Io: requests by a handle that is none, or none of a file, are refused") {
  Server server;
  FileEvent event;
  IO_STATUS_BLOCK result = fresh();
  unsigned char data[4] = {};
  LARGE_INTEGER offset = at(0);
  HANDLE const none = reinterpret_cast<HANDLE>(ULONG_PTR{0x7FFF000});
  for (auto* const transfer : {ZwReadFile, ZwWriteFile})
    MICA_CHECK(transfer(none, nullptr, nullptr, nullptr, &result, data, 4, &offset, nullptr) ==
               STATUS_INVALID_HANDLE);
  for (auto* const control : {ZwDeviceIoControlFile, ZwFsControlFile})
    MICA_CHECK(control(none, nullptr, nullptr, nullptr, &result, 0, data, 4, data, 4) ==
               STATUS_INVALID_HANDLE);
  for (auto* const ask : {ZwQueryInformationFile, ZwSetInformationFile}) {
    FILE_POSITION_INFORMATION position{};
    MICA_CHECK(ask(none, &result, &position, sizeof position, FilePositionInformation) ==
               STATUS_INVALID_HANDLE);
  }
  for (auto* const plain : {ZwFlushBuffersFile, ZwCancelIoFile})
    MICA_CHECK(plain(none, &result) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwCancelIoFileEx(none, nullptr, &result) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwReadFile(event, nullptr, nullptr, nullptr, &result, data, 4, &offset, nullptr) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  OpenedFile file{0};
  MICA_CHECK(ZwReadFile(file, none, nullptr, nullptr, &result, data, 4, &offset, nullptr) ==
             STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwReadFile(file, file, nullptr, nullptr, &result, data, 4, &offset, nullptr) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  // It gives back the event too that it has found.
  MICA_CHECK(ZwReadFile(file, event, nullptr, nullptr, &result, data, 4, nullptr, nullptr) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(result.Status == untouched && server->served == 0);
}
