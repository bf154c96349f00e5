#include "drivers/null.hpp"

#include <cstring>

#include <nt/io.h>
#include <nt/ntstatus.h>

namespace mica::drivers {
namespace {

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information) noexcept {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

NTSTATUS NTAPI open_or_close(PDEVICE_OBJECT, PIRP irp) {
  return complete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS NTAPI read(PDEVICE_OBJECT, PIRP irp) {
  return complete(irp, STATUS_END_OF_FILE, 0);
}

NTSTATUS NTAPI write(PDEVICE_OBJECT, PIRP irp) {
  return complete(irp, STATUS_SUCCESS, IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length);
}

// The one thing to know about it: it is empty. Other classes are STATUS_INVALID_INFO_CLASS.
NTSTATUS NTAPI query_information(PDEVICE_OBJECT, PIRP irp) {
  auto const& query = IoGetCurrentIrpStackLocation(irp)->Parameters.QueryFile;
  if (query.FileInformationClass != FileStandardInformation)
    return complete(irp, STATUS_INVALID_INFO_CLASS, 0);
  if (query.Length < sizeof(FILE_STANDARD_INFORMATION))
    return complete(irp, STATUS_INFO_LENGTH_MISMATCH, 0);
  auto* const standard = static_cast<PFILE_STANDARD_INFORMATION>(irp->AssociatedIrp.SystemBuffer);
  std::memset(standard, 0, sizeof *standard);
  standard->NumberOfLinks = 1;
  return complete(irp, STATUS_SUCCESS, sizeof *standard);
}

NTSTATUS NTAPI enter(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->MajorFunction[IRP_MJ_CREATE] = open_or_close;
  driver->MajorFunction[IRP_MJ_CLEANUP] = open_or_close;
  driver->MajorFunction[IRP_MJ_CLOSE] = open_or_close;
  driver->MajorFunction[IRP_MJ_READ] = read;
  driver->MajorFunction[IRP_MJ_WRITE] = write;
  driver->MajorFunction[IRP_MJ_QUERY_INFORMATION] = query_information;
  WCHAR text[] = u"\\Device\\Null";
  UNICODE_STRING name{sizeof text - sizeof(WCHAR), sizeof text, text};
  PDEVICE_OBJECT device = nullptr;
  return IoCreateDevice(driver, 0, &name, FILE_DEVICE_NULL, FILE_DEVICE_SECURE_OPEN, FALSE,
                        &device);
}

}  // namespace

NTSTATUS NTAPI create_null() noexcept {
  WCHAR text[] = u"\\Driver\\Null";
  UNICODE_STRING name{sizeof text - sizeof(WCHAR), sizeof text, text};
  return IoCreateDriver(&name, enter);
}

}  // namespace mica::drivers
