// Opening files by handle: ZwCreateFile and its like.
#include "file_support.hpp"

using namespace mica::test;

namespace {

struct Try {
  ACCESS_MASK access = file_access;
  LONGLONG allocation = 0;
  ULONG attributes = 0;
  ULONG share = 0;
  ULONG disposition = FILE_OPEN;
  ULONG options = 0;
};

// Opens and closes; what the status block says in the end.
NTSTATUS open(Try const& how, IO_STATUS_BLOCK& result) {
  Attributes attributes{u"\\Device\\MicaFile"};
  LARGE_INTEGER allocation = at(how.allocation);
  HANDLE handle = reinterpret_cast<HANDLE>(ULONG_PTR{0x44});  // an error makes it none
  NTSTATUS const status =
      ZwCreateFile(&handle, how.access, attributes, &result, &allocation, how.attributes, how.share,
                   how.disposition, how.options, nullptr, 0);
  MICA_CHECK((handle != nullptr) == NT_SUCCESS(status));
  if (handle != nullptr) ZwClose(handle);
  return status;
}

}  // namespace

MICA_CASE("Io: ZwCreateFile tells the driver how, and the caller what came of it") {
  Server server;
  IO_STATUS_BLOCK result{};
  Try const how{.access = GENERIC_READ | SYNCHRONIZE,
                .allocation = 0x123456789,
                .attributes = FILE_ATTRIBUTE_HIDDEN,
                .share = FILE_SHARE_READ | FILE_SHARE_DELETE,
                .disposition = FILE_OVERWRITE_IF,
                .options = FILE_SYNCHRONOUS_IO_ALERT | FILE_WRITE_THROUGH | FILE_RANDOM_ACCESS};
  MICA_CHECK(open(how, result) == STATUS_SUCCESS);
  MICA_CHECK(result.Status == STATUS_SUCCESS && result.Information == FILE_OPENED);
  auto const& create = server->create.Parameters.Create;
  MICA_CHECK(create.Options == (ULONG{FILE_OVERWRITE_IF} << 24 | how.options));
  MICA_CHECK(create.ShareAccess == how.share && create.FileAttributes == how.attributes);
  MICA_CHECK(create.EaLength == 0 && server->full_options == how.options);
  MICA_CHECK(server->create_mode == KernelMode);
  MICA_CHECK(server->allocation_size == how.allocation);
  MICA_CHECK(server->access == FILE_GENERIC_READ);
  MICA_CHECK((server->file_flags & (FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO)) ==
             (FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO));
  MICA_CHECK((server->file_flags & (FO_WRITE_THROUGH | FO_RANDOM_ACCESS)) ==
             (FO_WRITE_THROUGH | FO_RANDOM_ACCESS));
  MICA_CHECK((server->file_flags & (FO_SEQUENTIAL_ONLY | FO_NO_INTERMEDIATE_BUFFERING)) == 0);
  MICA_CHECK((server->create.Flags & SL_CASE_SENSITIVE) == 0);
  MICA_CHECK(server->created == 1 && server->cleaned == 1 && server->closed == 1);
}

MICA_CASE("Io: bad parameters of an open are refused before the driver hears of it") {
  Server server;
  constexpr ACCESS_MASK no_wait = FILE_READ_DATA;
  constexpr Try bad[] = {
      {.allocation = -1},
      {.attributes = 0x8},
      {.share = 0x8},
      {.disposition = FILE_MAXIMUM_DISPOSITION + 1},
      {.options = 0x01000000},
      {.access = no_wait, .options = FILE_SYNCHRONOUS_IO_ALERT},
      {.access = no_wait, .options = FILE_SYNCHRONOUS_IO_NONALERT},
      {.options = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT},
      {.options = FILE_DELETE_ON_CLOSE},
      {.options = FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE},
      {.options = FILE_DIRECTORY_FILE | FILE_RANDOM_ACCESS},
      {.disposition = FILE_OVERWRITE, .options = FILE_DIRECTORY_FILE},
      {.disposition = FILE_SUPERSEDE, .options = FILE_DIRECTORY_FILE},
      {.access = file_access | FILE_APPEND_DATA, .options = FILE_NO_INTERMEDIATE_BUFFERING}};
  for (Try const& how : bad) {
    IO_STATUS_BLOCK result{{untouched}, 7};
    MICA_CHECK(open(how, result) == STATUS_INVALID_PARAMETER);
    MICA_CHECK(result.Status == untouched && result.Information == 7);
  }
  MICA_CHECK(server->created == 0);
  constexpr Try good[] = {{.options = FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_ALERT},
                          {.access = file_access | DELETE, .options = FILE_DELETE_ON_CLOSE},
                          {.disposition = FILE_CREATE, .options = FILE_DIRECTORY_FILE},
                          {.disposition = FILE_OPEN_IF, .options = FILE_DIRECTORY_FILE},
                          {.access = no_wait}};
  for (Try const& how : good) {
    IO_STATUS_BLOCK result{};
    MICA_CHECK(open(how, result) == STATUS_SUCCESS);
  }
  MICA_CHECK(server->created == 5);
}

MICA_CASE("Io: who asks for no check of an open's parameters leaves them to the driver") {
  Server server;
  Attributes attributes{u"\\Device\\MicaFile"};
  for (ULONG const options : {ULONG{0}, ULONG{IO_NO_PARAMETER_CHECKING}}) {
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK result{};
    NTSTATUS const status = IoCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0,
                                         FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE,
                                         nullptr, 0, CreateFileTypeNone, nullptr, options);
    MICA_CHECK(status == (options == 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS));
    if (handle != nullptr) MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  }
  MICA_CHECK(server->created == 1);
}

MICA_CASE("Io: a driver says more of an open than that it succeeded") {
  Server server;
  server->answer = STATUS_OPLOCK_BREAK_IN_PROGRESS;
  IO_STATUS_BLOCK result{};
  MICA_CHECK(open({}, result) == STATUS_OPLOCK_BREAK_IN_PROGRESS);
  MICA_CHECK(result.Status == STATUS_OPLOCK_BREAK_IN_PROGRESS);
  MICA_CHECK(result.Information == FILE_OPENED);
}

MICA_CASE("Io: an open with more attributes than there is memory for is refused") {
  Server server;
  Attributes attributes{u"\\Device\\MicaFile"};
  char extended[8] = {};
  HANDLE handle = nullptr;
  IO_STATUS_BLOCK result{};
  MICA_CHECK(ZwCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_OPEN, 0,
                          extended, too_much) == STATUS_INSUFFICIENT_RESOURCES);
  MICA_CHECK(handle == nullptr && server->created == 0 && server->closed == 0);
}

MICA_CASE("Io: an open that the driver refuses makes no handle and leaves the status block alone") {
  Server server;
  server->answer = STATUS_SHARING_VIOLATION;
  IO_STATUS_BLOCK result{{untouched}, 7};
  MICA_CHECK(open({}, result) == STATUS_SHARING_VIOLATION);
  MICA_CHECK(result.Status == untouched && result.Information == 7);
  MICA_CHECK(server->cleaned == 0 && server->closed == 0);
  MICA_CHECK(server.device->ReferenceCount == 0);
}

MICA_CASE("Io: a name may be relative to a directory, or to an open file") {
  Server server;
  HANDLE devices = nullptr;
  Attributes directory{u"\\Device"};
  MICA_REQUIRE(ZwOpenDirectoryObject(&devices, DIRECTORY_TRAVERSE, directory) == STATUS_SUCCESS);
  Attributes in_directory{u"MicaFile\\A", OBJ_CASE_INSENSITIVE, devices};
  IO_STATUS_BLOCK result{};
  HANDLE folder = nullptr;
  MICA_REQUIRE(ZwOpenFile(&folder, file_access, in_directory, &result, 0, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->related == nullptr && server->path_bytes == 4);
  MICA_CHECK(server->path[0] == u'\\' && server->path[1] == u'A');
  PFILE_OBJECT const folder_object = server->create.FileObject;
  Attributes in_folder{u"B", OBJ_CASE_INSENSITIVE, folder};
  HANDLE file = nullptr;
  MICA_REQUIRE(ZwOpenFile(&file, file_access, in_folder, &result, 0, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->related == folder_object && server->path_bytes == 2);
  MICA_CHECK(server->path[0] == u'B');
  MICA_CHECK(server->create.FileObject->RelatedFileObject == nullptr);  // not after the create
  MICA_CHECK(server.device->ReferenceCount == 2);
  Attributes absolute{u"\\B", OBJ_CASE_INSENSITIVE, folder};
  HANDLE none = nullptr;
  MICA_CHECK(ZwOpenFile(&none, file_access, absolute, &result, 0, 0) ==
             STATUS_OBJECT_PATH_SYNTAX_BAD);
  for (HANDLE const handle : {devices, folder, file}) ZwClose(handle);
}

MICA_CASE("Io: a backslash behind the device's name is the file's") {
  Server server;
  Attributes attributes{u"\\Device\\MicaFile\\", 0};
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  MICA_REQUIRE(ZwOpenFile(&handle, file_access, attributes, &result, 0, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->path_bytes == 2 && server->path[0] == u'\\');
  MICA_CHECK((server->create.Flags & SL_CASE_SENSITIVE) != 0);
  ZwClose(handle);
}

MICA_CASE("Io: the other names of an open do the same") {
  Server server;
  Attributes attributes{u"\\Device\\MicaFile"};
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  MICA_REQUIRE(NtOpenFile(&handle, file_access, attributes, &result, FILE_SHARE_READ,
                          synchronous) == STATUS_SUCCESS);
  MICA_CHECK(server->create.Parameters.Create.ShareAccess == FILE_SHARE_READ);
  MICA_CHECK(server->create.Parameters.Create.Options == (ULONG{FILE_OPEN} << 24 | synchronous));
  MICA_CHECK(NtClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(NtClose(reinterpret_cast<HANDLE>(ULONG_PTR{0x7FFF000})) == STATUS_INVALID_HANDLE);
  MICA_REQUIRE(NtCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_CREATE,
                            0, nullptr, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->create.Parameters.Create.Options >> 24 == FILE_CREATE);
  NtClose(handle);
  MICA_CHECK(IoCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_OPEN, 0,
                          nullptr, 0, CreateFileTypeMailslot, nullptr,
                          0) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(IoCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_OPEN, 0,
                          nullptr, 8, CreateFileTypeNone, nullptr, 0) == STATUS_INVALID_PARAMETER);
  char extended[8] = {1};
  MICA_REQUIRE(IoCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_OPEN, 0,
                            extended, sizeof extended, CreateFileTypeNone, nullptr,
                            IO_FORCE_ACCESS_CHECK) == STATUS_SUCCESS);
  MICA_CHECK((server->create.Flags & SL_FORCE_ACCESS_CHECK) != 0);
  MICA_CHECK(server->create.Parameters.Create.EaLength == sizeof extended);
  ZwClose(handle);
  MICA_CHECK(server->created == 3 && server->closed == 3);
}

MICA_CASE("Io: a driver may send an open elsewhere by another name") {
  Driver driver;
  static constexpr ULONG nowhere = ~ULONG{0};
  static constexpr auto elsewhere = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    UNICODE_STRING& name = IoGetCurrentIrpStackLocation(irp)->FileObject->FileName;
    ULONG const information = *static_cast<ULONG*>(device->DeviceExtension);
    if (information == nowhere) {
      name.Length = 0;
      return complete(irp, STATUS_REPARSE, IO_REPARSE);
    }
    constexpr WCHAR other[] = u"\\Device\\MicaFile\\X";
    constexpr USHORT bytes = sizeof other - sizeof(WCHAR);
    ExFreePool(name.Buffer);
    name.Buffer = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT'));
    MICA_REQUIRE(name.Buffer != nullptr);
    for (ULONG i = 0; i < bytes / sizeof(WCHAR); ++i) name.Buffer[i] = other[i];
    name.Length = name.MaximumLength = bytes;
    return complete(irp, STATUS_REPARSE, information);
  };
  driver->MajorFunction[IRP_MJ_CREATE] = elsewhere;
  Text name{u"\\Device\\MicaElsewhere"};
  PDEVICE_OBJECT const device = driver.make<ULONG>(name);
  Text null{u"\\Device\\Null"};
  Attributes attributes{u"\\Device\\MicaElsewhere\\A"};
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  MICA_CHECK(ZwOpenFile(&handle, file_access, attributes, &result, 0, 0) ==
             STATUS_OBJECT_PATH_NOT_FOUND);
  Text link{u"\\Device\\MicaFile"};
  MICA_REQUIRE(IoCreateSymbolicLink(link, null) == STATUS_SUCCESS);
  MICA_REQUIRE(ZwOpenFile(&handle, file_access, attributes, &result, 0, 0) == STATUS_SUCCESS);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, &object,
                                         nullptr) == STATUS_SUCCESS);
  auto& file = *static_cast<PFILE_OBJECT>(object);
  MICA_CHECK(file.DeviceObject != device && file.FileName.Length == 2 * sizeof(WCHAR));
  ObDereferenceObject(object);
  ZwClose(handle);
  *static_cast<ULONG*>(device->DeviceExtension) = 0xA0000003;  // a tag of a reparse point
  MICA_CHECK(ZwOpenFile(&handle, file_access, attributes, &result, 0, 0) ==
             STATUS_IO_REPARSE_TAG_NOT_HANDLED);
  *static_cast<ULONG*>(device->DeviceExtension) = nowhere;
  MICA_CHECK(ZwOpenFile(&handle, file_access, attributes, &result, 0, 0) ==
             STATUS_OBJECT_NAME_INVALID);
  MICA_CHECK(device->ReferenceCount == 0);
  MICA_CHECK(IoDeleteSymbolicLink(link) == STATUS_SUCCESS);
}
