// What the cases of files by handle share: a device that answers requests at once, or keeps them
// until the case completes or cancels them.
#pragma once

#include <nt/ntddk.h>

#include "base/list.hpp"
#include "io_support.hpp"

namespace mica::test {

// The device's extension: what its driver saw last, and what it does.
struct Served {
  bool keeps;
  NTSTATUS answer;
  ULONG_PTR information;

  std::atomic<int> created, cleaned, closed, served, cancelled;
  IO_STACK_LOCATION stack;  // of the last request that is none of those three
  ULONG flags;
  KPROCESSOR_MODE mode;
  PFILE_OBJECT original;  // the IRP's own
  void* user_buffer;
  void* system_buffer;
  MDL mdl;              // a copy; Size 0 if there was none
  unsigned char first;  // of the data that came...
  unsigned char input;  // ...and of the system buffer

  IO_STACK_LOCATION create;
  KPROCESSOR_MODE create_mode;
  ACCESS_MASK access;
  ULONG full_options;  // of the security context
  LONGLONG allocation_size;
  ULONG file_flags;
  PFILE_OBJECT related;
  WCHAR path[16];
  ULONG path_bytes;

  KSPIN_LOCK lock;
  LIST_ENTRY kept;  // by Tail.Overlay.ListEntry
  KEVENT keeping;   // set when one more is kept
};

inline Served& served_by(PDEVICE_OBJECT device) noexcept {
  return *static_cast<Served*>(device->DeviceExtension);
}

// Where the data of a request are, whatever the method; null for none.
inline unsigned char* data_of(PIRP irp) noexcept {
  if (irp->MdlAddress != nullptr)
    return static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(irp->MdlAddress, 0));
  if (irp->AssociatedIrp.SystemBuffer != nullptr)
    return static_cast<unsigned char*>(irp->AssociatedIrp.SystemBuffer);
  return static_cast<unsigned char*>(irp->UserBuffer);
}

namespace serving {

inline void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
  IoReleaseCancelSpinLock(irp->CancelIrql);
  Served& served = served_by(device);
  KIRQL old;
  KeAcquireSpinLock(&served.lock, &old);
  list_remove(irp->Tail.Overlay.ListEntry);
  KeReleaseSpinLock(&served.lock, old);
  ++served.cancelled;
  complete(irp, STATUS_CANCELLED);
}

inline NTSTATUS keep(Served& served, PIRP irp) noexcept {
  IoMarkIrpPending(irp);
  KIRQL old;
  KeAcquireSpinLock(&served.lock, &old);
  list_append(served.kept, irp->Tail.Overlay.ListEntry);
  IoSetCancelRoutine(irp, cancel);
  KeReleaseSpinLock(&served.lock, old);
  KeSetEvent(&served.keeping, 0, FALSE);
  return STATUS_PENDING;
}

inline void note_create(Served& served, PIRP irp) noexcept {
  IO_STACK_LOCATION const& stack = *IoGetCurrentIrpStackLocation(irp);
  ++served.created;
  served.create = stack;
  served.create_mode = irp->RequestorMode;
  served.access = stack.Parameters.Create.SecurityContext->DesiredAccess;
  served.full_options = stack.Parameters.Create.SecurityContext->FullCreateOptions;
  served.allocation_size = irp->Overlay.AllocationSize.QuadPart;
  served.file_flags = stack.FileObject->Flags;
  served.related = stack.FileObject->RelatedFileObject;
  served.path_bytes = stack.FileObject->FileName.Length;
  for (ULONG i = 0; i < served.path_bytes / sizeof(WCHAR) && i < 16; ++i)
    served.path[i] = stack.FileObject->FileName.Buffer[i];
}

inline void note(Served& served, PIRP irp) noexcept {
  ++served.served;
  served.stack = *IoGetCurrentIrpStackLocation(irp);
  served.flags = irp->Flags;
  served.mode = irp->RequestorMode;
  served.original = irp->Tail.Overlay.OriginalFileObject;
  served.user_buffer = irp->UserBuffer;
  served.system_buffer = irp->AssociatedIrp.SystemBuffer;
  served.mdl = irp->MdlAddress != nullptr ? *irp->MdlAddress : MDL{};
  unsigned char const* const data = data_of(irp);
  served.first = data != nullptr ? *data : 0;
  auto const* const system = static_cast<unsigned char*>(irp->AssociatedIrp.SystemBuffer);
  served.input = system != nullptr ? *system : 0;
}

inline NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
  Served& served = served_by(device);
  switch (IoGetCurrentIrpStackLocation(irp)->MajorFunction) {
    case IRP_MJ_CREATE:
      note_create(served, irp);
      return complete(irp, served.answer, NT_SUCCESS(served.answer) ? FILE_OPENED : 0);
    case IRP_MJ_CLEANUP:
      ++served.cleaned;
      return complete(irp, STATUS_SUCCESS);
    case IRP_MJ_CLOSE:
      ++served.closed;
      return complete(irp, STATUS_SUCCESS);
    default:
      note(served, irp);
      if (served.keeps) return keep(served, irp);
      if (served.information != 0) *data_of(irp) = 0x5A;
      return complete(irp, served.answer, served.information);
  }
}

}  // namespace serving

// The device \Device\MicaFile with its driver, for the length of a case.
struct Server {
  Driver driver;
  Text name{u"\\Device\\MicaFile"};
  PDEVICE_OBJECT device;
  explicit Server(ULONG flags = DO_BUFFERED_IO) noexcept {
    for (PDRIVER_DISPATCH& entry : driver->MajorFunction) entry = serving::dispatch;
    device = driver.make<Served>(name);
    device->Flags |= flags;
    KeInitializeSpinLock(&served().lock);
    list_initialize(served().kept);
    KeInitializeEvent(&served().keeping, SynchronizationEvent, FALSE);
  }
  [[nodiscard]] Served& served() const noexcept { return served_by(device); }
  [[nodiscard]] Served* operator->() const noexcept { return &served(); }

  // The one that was kept first, whose cancel routine did not come first; null for none.
  [[nodiscard]] PIRP take() const noexcept {
    KIRQL old;
    KeAcquireSpinLock(&served().lock, &old);
    PIRP irp = nullptr;
    LIST_ENTRY* const first = served().kept.Flink;
    if (first != &served().kept) irp = &MICA_CONTAINING(*first, IRP, Tail.Overlay.ListEntry);
    if (irp != nullptr && IoSetCancelRoutine(irp, nullptr) == nullptr) irp = nullptr;
    if (irp != nullptr) list_remove(irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&served().lock, old);
    return irp;
  }
  void until_kept() const noexcept {
    KeWaitForSingleObject(&served().keeping, Executive, KernelMode, FALSE, nullptr);
  }
};

constexpr ULONG file_access = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;
constexpr ULONG synchronous = FILE_SYNCHRONOUS_IO_NONALERT;

// An open file on the server's device, which the scope closes.
class OpenedFile {
 public:
  explicit OpenedFile(ULONG options, ACCESS_MASK access = file_access) noexcept {
    Attributes attributes{u"\\Device\\MicaFile", OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE};
    IO_STATUS_BLOCK result{};
    MICA_REQUIRE(ZwOpenFile(&handle_, access, attributes, &result, 0, options) == STATUS_SUCCESS);
  }
  OpenedFile(OpenedFile const&) = delete;
  OpenedFile& operator=(OpenedFile const&) = delete;
  ~OpenedFile() {
    if (handle_ != nullptr) MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS);
  }
  void close() noexcept {
    MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS);
    handle_ = nullptr;
  }
  operator HANDLE() const noexcept { return handle_; }
  [[nodiscard]] PFILE_OBJECT object() const noexcept {  // kept by the handle
    void* object = nullptr;
    MICA_REQUIRE(ObReferenceObjectByHandle(handle_, 0, *IoFileObjectType, KernelMode, &object,
                                           nullptr) == STATUS_SUCCESS);
    ObDereferenceObject(object);
    return static_cast<PFILE_OBJECT>(object);
  }

 private:
  HANDLE handle_ = nullptr;
};

// A notification event with a handle.
class FileEvent {
 public:
  FileEvent() noexcept {
    MICA_REQUIRE(ZwCreateEvent(&handle_, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE) ==
                 STATUS_SUCCESS);
  }
  FileEvent(FileEvent const&) = delete;
  FileEvent& operator=(FileEvent const&) = delete;
  ~FileEvent() { ZwClose(handle_); }
  operator HANDLE() const noexcept { return handle_; }
  [[nodiscard]] bool is_set() const noexcept {
    LARGE_INTEGER now{};
    return ZwWaitForSingleObject(handle_, FALSE, &now) == STATUS_SUCCESS;
  }
  void wait() const noexcept { ZwWaitForSingleObject(handle_, FALSE, nullptr); }

 private:
  HANDLE handle_ = nullptr;
};

inline LARGE_INTEGER at(LONGLONG offset) noexcept {
  LARGE_INTEGER value;
  value.QuadPart = offset;
  return value;
}

constexpr NTSTATUS untouched = 0x12345678;  // what a status block says that nobody wrote
constexpr ULONG too_much = 0xFFFFF000;      // more bytes than there is memory for

// What a case reads from the beginning of a file.
struct FileRead {
  IO_STATUS_BLOCK result{{untouched}, 7};
  unsigned char data[4] = {};
  NTSTATUS send(HANDLE file, HANDLE event = nullptr, PIO_APC_ROUTINE routine = nullptr,
                void* context = nullptr) noexcept {
    LARGE_INTEGER offset = at(0);
    return ZwReadFile(file, event, routine, context, &result, data, sizeof data, &offset, nullptr);
  }
};

}  // namespace mica::test
