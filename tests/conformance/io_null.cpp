// \Device\Null through IoCallDriver.
#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Null {
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  Null() {
    Text name{u"\\Device\\Null"};
    MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA | FILE_WRITE_DATA, &file, &device) ==
                 STATUS_SUCCESS);
  }
  ~Null() { ObDereferenceObject(file); }

  NTSTATUS send(ULONG major, void* data, ULONG bytes, IO_STATUS_BLOCK* status) const {
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP const irp =
        IoBuildSynchronousFsdRequest(major, device, data, bytes, nullptr, &done, status);
    MICA_REQUIRE(irp != nullptr);
    IoGetNextIrpStackLocation(irp)->FileObject = file;
    return IoCallDriver(device, irp);
  }
};

}  // namespace

MICA_CASE("Io: the null device is at its end when read") {
  Null null;
  char data[16] = "untouched";
  IO_STATUS_BLOCK status{};
  MICA_CHECK(null.send(IRP_MJ_READ, data, sizeof data, &status) == STATUS_END_OF_FILE);
  MICA_CHECK(status.Status == 0 && status.Information == 0);  // as it was
  MICA_CHECK(data[0] == 'u');
}

MICA_CASE("Io: the null device takes everything that is written") {
  Null null;
  char data[16] = {};
  IO_STATUS_BLOCK status{};
  MICA_CHECK(null.send(IRP_MJ_WRITE, data, sizeof data, &status) == STATUS_SUCCESS);
  MICA_CHECK(status.Information == sizeof data);
  MICA_CHECK(null.send(IRP_MJ_WRITE, nullptr, 0, &status) == STATUS_SUCCESS);
  MICA_CHECK(status.Information == 0);
}

MICA_CASE("Io: the null device is empty, and knows nothing else") {
  Null null;
  struct {
    FILE_INFORMATION_CLASS information;
    ULONG length;
    NTSTATUS status;
  } constexpr rows[] = {
      {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), STATUS_SUCCESS},
      {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION) - 1, STATUS_INFO_LENGTH_MISMATCH},
      {FileBasicInformation, sizeof(FILE_STANDARD_INFORMATION), STATUS_INVALID_INFO_CLASS},
  };
  for (auto const& row : rows) {
    FILE_STANDARD_INFORMATION information;
    information.EndOfFile.QuadPart = 1;
    PIRP const irp = IoAllocateIrp(null.device->StackSize, FALSE);
    MICA_REQUIRE(irp != nullptr);
    irp->AssociatedIrp.SystemBuffer = &information;
    IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
    next.MajorFunction = IRP_MJ_QUERY_INFORMATION;
    next.FileObject = null.file;
    next.Parameters.QueryFile.FileInformationClass = row.information;
    next.Parameters.QueryFile.Length = row.length;
    MICA_CHECK(IoCallDriver(null.device, irp) == row.status);
    bool const answered = row.status == STATUS_SUCCESS;
    MICA_CHECK(irp->IoStatus.Information == (answered ? sizeof information : 0));
    MICA_CHECK(information.EndOfFile.QuadPart == (answered ? 0 : 1));
    IoFreeIrp(irp);
  }
}

MICA_CASE("Io: the null device does not control or seek anything") {
  Null null;
  IO_STATUS_BLOCK status{};
  MICA_CHECK(null.send(IRP_MJ_DEVICE_CONTROL, nullptr, 0, &status) ==
             STATUS_INVALID_DEVICE_REQUEST);
}
