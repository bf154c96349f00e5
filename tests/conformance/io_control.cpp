// Control codes, information and rights by handle.
#include "file_support.hpp"
#include "outside.hpp"

using namespace mica::test;

namespace {

constexpr ULONG code(ULONG method, ULONG access = FILE_ANY_ACCESS) {
  return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, access);
}

struct Buffers {
  unsigned char* input;
  unsigned char* output;
  IO_STATUS_BLOCK result{};
  Buffers() {
    input = static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT'));
    MICA_REQUIRE(input != nullptr);
    output = input + 8;
    input[0] = 0x11;
    output[0] = 0x22;
  }
  ~Buffers() { ExFreePool(input); }
  NTSTATUS send(HANDLE file, ULONG control) {
    return ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &result, control, input, 4,
                                 output, 8);
  }
};

}  // namespace

MICA_CASE("Io: the method of a control code says where its buffers are") {
  Server server;
  OpenedFile file{synchronous};
  Buffers buffers;
  server->information = 1;
  MICA_CHECK(buffers.send(file, code(METHOD_BUFFERED)) == STATUS_SUCCESS);
  auto const& control = server->stack.Parameters.DeviceIoControl;
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_DEVICE_CONTROL);
  MICA_CHECK(control.IoControlCode == code(METHOD_BUFFERED));
  MICA_CHECK(control.InputBufferLength == 4 && control.OutputBufferLength == 8);
  MICA_CHECK(server->first == 0x11 && buffers.output[0] == 0x5A && buffers.input[0] == 0x11);
  MICA_CHECK(buffers.result.Information == 1 && server->mdl.Size == 0);
  constexpr ULONG direct[] = {METHOD_IN_DIRECT, METHOD_OUT_DIRECT};
  for (ULONG const method : direct) {
    buffers.output[0] = 0x22;
    MICA_CHECK(buffers.send(file, code(method)) == STATUS_SUCCESS);
    MICA_CHECK(server->input == 0x11);
    MICA_CHECK(server->first == 0x22);  // the pages of the output buffer
    MICA_CHECK(MmGetMdlVirtualAddress(&server->mdl) == buffers.output);
    MICA_CHECK(((server->mdl.MdlFlags & MDL_WRITE_OPERATION) != 0) ==
               (method == METHOD_OUT_DIRECT));
    MICA_CHECK(buffers.output[0] == 0x5A);
  }
  server->information = 0;
  auto* const nowhere = reinterpret_cast<void*>(0x1000);
  int const served = server->served;
  MICA_CHECK(ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &buffers.result,
                                   code(METHOD_OUT_DIRECT), buffers.input, 4, nowhere,
                                   8) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(server->served == served);
  MICA_CHECK(buffers.send(file, code(METHOD_NEITHER)) == STATUS_SUCCESS);
  MICA_CHECK(control.Type3InputBuffer == buffers.input && server->user_buffer == buffers.output);
  MICA_CHECK(server->system_buffer == nullptr);
}

MICA_CASE("Io: a file system control has a major function of its own") {
  Server server;
  OpenedFile file{0};
  Buffers buffers;
  MICA_CHECK(ZwFsControlFile(file, nullptr, nullptr, nullptr, &buffers.result,
                             code(METHOD_BUFFERED), buffers.input, 4, nullptr,
                             0) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL);
  MICA_CHECK(server->stack.MinorFunction == 0);
  MICA_CHECK(server->stack.Parameters.FileSystemControl.FsControlCode == code(METHOD_BUFFERED));
  MICA_CHECK(NtFsControlFile(file, nullptr, nullptr, nullptr, &buffers.result, code(METHOD_NEITHER),
                             buffers.input, 4, nullptr, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.Parameters.FileSystemControl.Type3InputBuffer == buffers.input);
}

MICA_CASE("Io: an APC routine from outside the kernel goes with a thread that does not take it") {
  Server server;
  Attributes attributes{u"\\Device\\MicaFile"};
  HANDLE handle = nullptr;
  IO_STATUS_BLOCK result{};
  MICA_REQUIRE(ZwOpenFile(&handle, GENERIC_READ, attributes, &result, 0, 0) == STATUS_SUCCESS);
  std::atomic<int> calls{0};
  auto body = [&] {
    FromOutside const outside;
    unsigned char data[4] = {};
    LARGE_INTEGER offset = at(0);
    PIO_APC_ROUTINE const routine = [](PVOID context, PIO_STATUS_BLOCK, ULONG)
                                        NTAPI { ++*static_cast<std::atomic<int>*>(context); };
    MICA_CHECK(NtReadFile(handle, nullptr, routine, &calls, &result, data, sizeof data, &offset,
                          nullptr) == STATUS_SUCCESS);
  };
  join(start(body));
  MICA_CHECK(calls == 0);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

MICA_CASE("Io: who comes from outside the kernel needs the rights that a request names") {
  Server server;
  OpenedFile reads{synchronous, FILE_READ_DATA | SYNCHRONIZE};
  OpenedFile waits{synchronous, FILE_READ_ATTRIBUTES | SYNCHRONIZE};
  Attributes attributes{u"\\Device\\MicaFile"};
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  MICA_REQUIRE(ZwOpenFile(&handle, FILE_READ_DATA | SYNCHRONIZE, attributes, &result, 0,
                          synchronous) == STATUS_SUCCESS);
  unsigned char data[4] = {};
  auto control = [&](ULONG access) {
    return NtDeviceIoControlFile(handle, nullptr, nullptr, nullptr, &result,
                                 code(METHOD_BUFFERED, access), data, 4, nullptr, 0);
  };
  {
    FromOutside const outside;
    MICA_CHECK(ExGetPreviousMode() == UserMode);
    MICA_CHECK(NtReadFile(handle, nullptr, nullptr, nullptr, &result, data, 4, nullptr, nullptr) ==
               STATUS_SUCCESS);
    MICA_CHECK(server->mode == UserMode);
    int const served = server->served;
    MICA_CHECK(NtWriteFile(handle, nullptr, nullptr, nullptr, &result, data, 4, nullptr, nullptr) ==
               STATUS_ACCESS_DENIED);
    MICA_CHECK(control(FILE_WRITE_ACCESS) == STATUS_ACCESS_DENIED);
    MICA_CHECK(control(FILE_READ_ACCESS | FILE_WRITE_ACCESS) == STATUS_ACCESS_DENIED);
    MICA_CHECK(server->served == served);
    MICA_CHECK(control(FILE_READ_ACCESS) == STATUS_SUCCESS);
    MICA_CHECK(control(FILE_ANY_ACCESS) == STATUS_SUCCESS);
    FILE_BASIC_INFORMATION basic{};
    MICA_CHECK(NtSetInformationFile(handle, &result, &basic, sizeof basic, FileBasicInformation) ==
               STATUS_ACCESS_DENIED);
    MICA_CHECK(NtQueryInformationFile(handle, &result, &basic, sizeof basic,
                                      FileBasicInformation) == STATUS_ACCESS_DENIED);
    // A handle of the kernel's form is none of theirs.
    MICA_CHECK(NtReadFile(reads, nullptr, nullptr, nullptr, &result, data, 4, nullptr, nullptr) ==
               STATUS_INVALID_HANDLE);
  }
  // The kernel is trusted, whatever its handle says.
  MICA_CHECK(ZwReadFile(waits, nullptr, nullptr, nullptr, &result, data, 4, nullptr, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(ZwDeviceIoControlFile(waits, nullptr, nullptr, nullptr, &result,
                                   code(METHOD_BUFFERED, FILE_WRITE_ACCESS), data, 4, nullptr,
                                   0) == STATUS_SUCCESS);
  ZwClose(handle);
}

MICA_CASE("Io: what is asked of a file goes to its driver, and a call waits for the answer") {
  Server server;
  OpenedFile file{0};
  server->keeps = true;
  FILE_STANDARD_INFORMATION standard{};
  IO_STATUS_BLOCK result{{untouched}, 7};
  auto completer = [&] {
    server.until_kept();
    PIRP const irp = server.take();
    MICA_REQUIRE(irp != nullptr);
    auto& answer = *static_cast<PFILE_STANDARD_INFORMATION>(irp->AssociatedIrp.SystemBuffer);
    answer.NumberOfLinks = 3;
    complete(irp, STATUS_SUCCESS, sizeof answer);
  };
  Thread* const thread = start(completer);
  MICA_CHECK(ZwQueryInformationFile(file, &result, &standard, sizeof standard,
                                    FileStandardInformation) == STATUS_SUCCESS);
  MICA_CHECK(standard.NumberOfLinks == 3 && result.Information == sizeof standard);
  MICA_CHECK(server->stack.Parameters.QueryFile.FileInformationClass == FileStandardInformation);
  MICA_CHECK(server->stack.Parameters.QueryFile.Length == sizeof standard);
  join(thread);
  server->keeps = false;
  FILE_END_OF_FILE_INFORMATION end{at(99)};
  MICA_CHECK(ZwSetInformationFile(file, &result, &end, sizeof end, FileEndOfFileInformation) ==
             STATUS_SUCCESS);
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_SET_INFORMATION && server->first == 99);
  MICA_CHECK(ZwFlushBuffersFile(file, &result) == STATUS_SUCCESS);
  MICA_CHECK(server->stack.MajorFunction == IRP_MJ_FLUSH_BUFFERS);
  server->answer = STATUS_INVALID_DEVICE_REQUEST;
  result = {{untouched}, 7};
  MICA_CHECK(ZwFlushBuffersFile(file, &result) == STATUS_INVALID_DEVICE_REQUEST);
  MICA_CHECK(result.Status == untouched);
}

MICA_CASE("Io: a flush waits for a synchronous file that is busy") {
  Server server;
  server->keeps = true;
  OpenedFile file{synchronous};
  auto flush = [&] {
    IO_STATUS_BLOCK result{};
    MICA_CHECK(ZwFlushBuffersFile(file, &result) == STATUS_SUCCESS);
  };
  Thread* const first = start(flush);
  server.until_kept();
  Thread* const second = start(flush);
  until_waiting(second);
  MICA_CHECK(server->served == 1);
  for (Thread* const thread : {first, second}) {
    complete(server.take(), STATUS_SUCCESS);
    join(thread);
    if (thread == first) server.until_kept();
  }
  MICA_CHECK(server->served == 2 && server->stack.MajorFunction == IRP_MJ_FLUSH_BUFFERS);
}

MICA_CASE("Io: a class that is none, and a buffer that is too small for one, are refused") {
  Server server;
  OpenedFile file{synchronous};
  IO_STATUS_BLOCK result{{untouched}, 7};
  unsigned char buffer[64] = {};
  constexpr auto none = static_cast<FILE_INFORMATION_CLASS>(0);
  constexpr auto beyond = static_cast<FILE_INFORMATION_CLASS>(63);  // the most that its bits hold
  for (FILE_INFORMATION_CLASS const number : {none, FileDirectoryInformation, beyond}) {
    MICA_CHECK(ZwQueryInformationFile(file, &result, buffer, sizeof buffer, number) ==
               STATUS_INVALID_INFO_CLASS);
    MICA_CHECK(ZwSetInformationFile(file, &result, buffer, sizeof buffer, number) ==
               STATUS_INVALID_INFO_CLASS);
  }
  MICA_CHECK(ZwQueryInformationFile(file, &result, buffer, 23, FileStandardInformation) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(ZwSetInformationFile(file, &result, buffer, 7, FilePositionInformation) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(server->served == 0 && result.Status == untouched);
}

MICA_CASE("Io: rights, mode, alignment and position are known without the driver") {
  Server server;
  server.device->AlignmentRequirement = FILE_LONG_ALIGNMENT;
  OpenedFile file{synchronous | FILE_WRITE_THROUGH, GENERIC_READ | SYNCHRONIZE};
  IO_STATUS_BLOCK result{};
  FILE_ACCESS_INFORMATION access{};
  FILE_MODE_INFORMATION mode{};
  FILE_ALIGNMENT_INFORMATION alignment{};
  FILE_POSITION_INFORMATION position{at(77)};
  MICA_CHECK(ZwQueryInformationFile(file, &result, &access, sizeof access, FileAccessInformation) ==
             STATUS_SUCCESS);
  MICA_CHECK(access.AccessFlags == FILE_GENERIC_READ && result.Information == sizeof access);
  MICA_CHECK(ZwQueryInformationFile(file, &result, &mode, sizeof mode, FileModeInformation) ==
             STATUS_SUCCESS);
  MICA_CHECK(mode.Mode == (FILE_SYNCHRONOUS_IO_NONALERT | FILE_WRITE_THROUGH));
  MICA_CHECK(ZwQueryInformationFile(file, &result, &alignment, sizeof alignment,
                                    FileAlignmentInformation) == STATUS_SUCCESS);
  MICA_CHECK(alignment.AlignmentRequirement == FILE_LONG_ALIGNMENT);
  MICA_CHECK(ZwSetInformationFile(file, &result, &position, sizeof position,
                                  FilePositionInformation) == STATUS_SUCCESS);
  position = {};
  MICA_CHECK(ZwQueryInformationFile(file, &result, &position, sizeof position,
                                    FilePositionInformation) == STATUS_SUCCESS);
  MICA_CHECK(position.CurrentByteOffset.QuadPart == 77);
  position.CurrentByteOffset = at(-1);
  MICA_CHECK(ZwSetInformationFile(file, &result, &position, sizeof position,
                                  FilePositionInformation) == STATUS_INVALID_PARAMETER);
  mode.Mode = 0;  // synchronous files stay so
  MICA_CHECK(ZwSetInformationFile(file, &result, &mode, sizeof mode, FileModeInformation) ==
             STATUS_INVALID_PARAMETER);
  mode.Mode = FILE_SYNCHRONOUS_IO_ALERT;
  MICA_CHECK(ZwSetInformationFile(file, &result, &mode, sizeof mode, FileModeInformation) ==
             STATUS_SUCCESS);
  MICA_CHECK((file.object()->Flags & (FO_ALERTABLE_IO | FO_WRITE_THROUGH)) == FO_ALERTABLE_IO);
  MICA_CHECK(server->served == 0);
  OpenedFile other{0};
  MICA_CHECK(ZwQueryInformationFile(other, &result, &mode, sizeof mode, FileModeInformation) ==
             STATUS_SUCCESS);
  MICA_CHECK(mode.Mode == 0);
  position.CurrentByteOffset = at(5);
  MICA_CHECK(ZwSetInformationFile(other, &result, &position, sizeof position,
                                  FilePositionInformation) == STATUS_INVALID_PARAMETER);
}
