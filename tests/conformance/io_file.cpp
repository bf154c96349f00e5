// Files: what opening a device by name, closing the handle and dropping the last reference send to
// its driver.
#include <nt/rtl/list.h>

#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Log {
  int created, cleaned, closed;
  PFILE_OBJECT file;
  ACCESS_MASK access;
  ULONG options;
  ULONG create_flags, cleanup_flags, close_flags;  // of the IRPs
  bool was_clean;                                  // the file, before its cleanup
  bool keeps;                                      // a file whose create is answered
  int of_others;                                   // IRPs that say another file than their stack
  NTSTATUS answer;                                 // to the create
  WCHAR first, second;                             // of the file's path
};

NTSTATUS NTAPI note(PDEVICE_OBJECT device, PIRP irp) {
  Log& log = *static_cast<Log*>(device->DeviceExtension);
  IO_STACK_LOCATION const& stack = *IoGetCurrentIrpStackLocation(irp);
  log.of_others += irp->Tail.Overlay.OriginalFileObject != stack.FileObject;
  if (stack.MajorFunction == IRP_MJ_CLEANUP) {
    ++log.cleaned;
    log.cleanup_flags = irp->Flags;
    log.was_clean = (stack.FileObject->Flags & FO_CLEANUP_COMPLETE) != 0;
  }
  if (stack.MajorFunction == IRP_MJ_CLOSE) ++log.closed, log.close_flags = irp->Flags;
  if (stack.MajorFunction != IRP_MJ_CREATE) return complete(irp, STATUS_SUCCESS);
  ++log.created;
  log.create_flags = irp->Flags;
  log.file = stack.FileObject;
  log.access = stack.Parameters.Create.SecurityContext->DesiredAccess;
  log.options = stack.Parameters.Create.Options;
  if (log.keeps) ObReferenceObject(stack.FileObject);
  if (stack.FileObject->FileName.Length >= 2 * sizeof(WCHAR)) {
    log.first = stack.FileObject->FileName.Buffer[0];
    log.second = stack.FileObject->FileName.Buffer[1];
  }
  return complete(irp, log.answer);
}

struct OpenedFile {
  Driver driver;
  Text name{u"\\Device\\MicaTest"};
  PDEVICE_OBJECT device;
  explicit OpenedFile(BOOLEAN exclusive = FALSE) {
    driver->MajorFunction[IRP_MJ_CREATE] = note;
    driver->MajorFunction[IRP_MJ_CLEANUP] = note;
    driver->MajorFunction[IRP_MJ_CLOSE] = note;
    device = driver.make<Log>(name, exclusive);
  }
  Log& log() { return *static_cast<Log*>(device->DeviceExtension); }
};

}  // namespace

MICA_CASE(
    "Io: opening a device sends create, closing the handle cleanup, the last reference close") {
  OpenedFile opened;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  MICA_CHECK(device == opened.device);
  MICA_CHECK(file->DeviceObject == opened.device);
  MICA_CHECK(file->Type == IO_TYPE_FILE && file->Size == sizeof(FILE_OBJECT));
  MICA_CHECK(file->FileName.Length == 0);
  MICA_CHECK(opened.device->ReferenceCount == 1);
  MICA_CHECK(IoGetRelatedDeviceObject(file) == device);
  Log& log = opened.log();
  MICA_CHECK(log.created == 1 && log.file == file);
  MICA_CHECK(log.access == FILE_READ_DATA);
  MICA_CHECK(log.options == (ULONG{FILE_OPEN} << 24 | FILE_NON_DIRECTORY_FILE));
  MICA_CHECK(IsListEmpty(&file->IrpList) != FALSE);
  MICA_CHECK(log.cleaned == 1);  // the routine closes its own handle
  MICA_CHECK(!log.was_clean && (file->Flags & FO_CLEANUP_COMPLETE) != 0);
  MICA_CHECK(log.closed == 0);
  ObDereferenceObject(file);
  MICA_CHECK(log.cleaned == 1 && log.closed == 1 && log.of_others == 0);
  MICA_CHECK(log.create_flags == (IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API));
  MICA_CHECK(log.cleanup_flags == IRP_SYNCHRONOUS_API);
  MICA_CHECK(log.close_flags == (IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API));
  MICA_CHECK(opened.device->ReferenceCount == 0);
}

MICA_CASE("Io: the path behind a device's name is the file's") {
  OpenedFile opened;
  Text path{u"\\Device\\MicaTest\\Folder\\File"};
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(path, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  MICA_CHECK(opened.log().first == u'\\' && opened.log().second == u'F');
  MICA_CHECK(file->FileName.Length == sizeof u"\\Folder\\File" - sizeof(WCHAR));
  union {
    OBJECT_NAME_INFORMATION name;
    unsigned char bytes[128];
  } buffer{};
  ULONG needed = 0;
  MICA_CHECK(ObQueryNameString(file, &buffer.name, sizeof buffer, &needed) == STATUS_SUCCESS);
  MICA_CHECK(buffer.name.Name.Length == path->Length);
  bool same = true;
  for (ULONG i = 0; i < path->Length / sizeof(WCHAR); ++i) {
    same = same && buffer.name.Name.Buffer[i] == path->Buffer[i];
  }
  MICA_CHECK(same);
  ObDereferenceObject(file);
}

MICA_CASE("Io: a driver that refuses create hears no cleanup and no close") {
  OpenedFile opened;
  opened.log().answer = STATUS_ACCESS_DENIED;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_CHECK(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
             STATUS_ACCESS_DENIED);
  MICA_CHECK(file == nullptr);
  MICA_CHECK(opened.log().cleaned == 0 && opened.log().closed == 0);
  MICA_CHECK(opened.device->ReferenceCount == 0);
}

MICA_CASE("Io: a file that was not opened is no device's, whoever keeps it") {
  OpenedFile opened;
  opened.log().answer = STATUS_ACCESS_DENIED;
  opened.log().keeps = true;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_ACCESS_DENIED);
  PFILE_OBJECT const kept = opened.log().file;
  MICA_CHECK(kept->DeviceObject == nullptr);
  PSECURITY_DESCRIPTOR descriptor = &opened;
  BOOLEAN allocated = TRUE;
  MICA_CHECK(ObGetObjectSecurity(kept, &descriptor, &allocated) == STATUS_SUCCESS);
  MICA_CHECK(descriptor == nullptr && allocated == FALSE);
  OBJECT_NAME_INFORMATION name{};
  ULONG needed = 0;
  MICA_CHECK(ObQueryNameString(kept, &name, sizeof name, &needed) == STATUS_SUCCESS);
  MICA_CHECK(name.Name.Length == 0 && needed == sizeof name);
  ObDereferenceObject(kept);
  MICA_CHECK(opened.log().cleaned == 0 && opened.log().closed == 0);
}

MICA_CASE("Io: an exclusive device is opened once at a time") {
  OpenedFile opened{TRUE};
  PFILE_OBJECT file = nullptr;
  PFILE_OBJECT second = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  MICA_CHECK(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &second, &device) ==
             STATUS_ACCESS_DENIED);
  ObDereferenceObject(file);
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  ObDereferenceObject(file);
}

MICA_CASE("Io: a device that is not ready, or no device, cannot be opened") {
  OpenedFile opened;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  opened.device->Flags |= DO_DEVICE_INITIALIZING;
  MICA_CHECK(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
             STATUS_NO_SUCH_DEVICE);
  Text nothing{u"\\Device\\NoSuch"};
  MICA_CHECK(IoGetDeviceObjectPointer(nothing, FILE_READ_DATA, &file, &device) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  Text directory{u"\\Device"};
  MICA_CHECK(IoGetDeviceObjectPointer(directory, FILE_READ_DATA, &file, &device) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  void* object = nullptr;
  auto refer = [&](POBJECT_TYPE type, void* context) {
    return ObReferenceObjectByName(opened.name, 0, nullptr, 0, type, KernelMode, context, &object);
  };
  // Whoever does not say how to open a file opens none.
  MICA_CHECK(refer(nullptr, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(refer(*IoFileObjectType, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(refer(nullptr, &opened) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(refer(*IoDeviceObjectType, &opened) == STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Io: create goes to the top of the stack, and that is the device one gets") {
  OpenedFile opened;
  PDEVICE_OBJECT const filter = opened.driver.make<Log>();
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(filter, opened.device) == opened.device);
  Log const& log = *static_cast<Log*>(filter->DeviceExtension);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  MICA_CHECK(device == filter);
  MICA_CHECK(file->DeviceObject == opened.device);
  MICA_CHECK(log.created == 1 && opened.log().created == 0);
  ObDereferenceObject(file);
  MICA_CHECK(log.cleaned == 1 && log.closed == 1);
  IoDetachDevice(opened.device);
}

MICA_CASE("Io: a deleted device lasts until its last file is closed") {
  OpenedFile opened;
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  IoDeleteDevice(opened.device);
  MICA_CHECK(opened.driver->DeviceObject == opened.device);
  MICA_CHECK(opened.log().closed == 0);
  PFILE_OBJECT second = nullptr;
  MICA_CHECK(IoGetDeviceObjectPointer(opened.name, FILE_READ_DATA, &second, &device) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  ObDereferenceObject(file);
  MICA_CHECK(opened.driver->DeviceObject == nullptr);
}
