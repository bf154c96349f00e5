#include "io/file_call.hpp"

#include "ex/state.hpp"
#include "io/buffers.hpp"
#include "io/file_lock.hpp"
#include "io/request.hpp"
#include "io/thread_requests.hpp"

namespace mica::io {

FileCall::~FileCall() {
  if (locked_) unlock_file(*file_);
  if (event_ != nullptr) ObfDereferenceObject(event_);
  if (file_ != nullptr) ObfDereferenceObject(file_);
}

NTSTATUS NTAPI FileCall::open(HANDLE handle) noexcept {
  OBJECT_HANDLE_INFORMATION information{};
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(handle, 0, state().file_type, mode_, &object, &information);
  if (!NT_SUCCESS(status)) return status;
  file_ = static_cast<PFILE_OBJECT>(object);
  device_ = IoGetRelatedDeviceObject(file_);
  granted_ = information.GrantedAccess;
  return STATUS_SUCCESS;
}

NTSTATUS FileCall::find_event(HANDLE handle) noexcept {
  void* object = nullptr;
  NTSTATUS const status = ObReferenceObjectByHandle(
      handle, EVENT_MODIFY_STATE, ex::state().event_type, mode_, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  event_ = static_cast<PKEVENT>(object);
  KeClearEvent(event_);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI FileCall::lock(Notice const& notice) noexcept {
  notice_ = notice;
  if (notice.event != nullptr) {
    NTSTATUS const status = find_event(notice.event);
    if (!NT_SUCCESS(status)) return status;
  }
  if (synchronous()) {
    NTSTATUS const status = lock_file(*file_);
    if (status != STATUS_SUCCESS) return status;
    locked_ = true;
  }
  KeClearEvent(&file_->Event);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI FileCall::lock(PIO_STATUS_BLOCK result) noexcept {
  waits_ = !synchronous();
  if (!waits_)
    return lock(Notice{.event = nullptr, .routine = nullptr, .context = nullptr, .result = result});
  notice_.result = result;
  KeInitializeEvent(&ended_, NotificationEvent, FALSE);
  return STATUS_SUCCESS;
}

IRP* NTAPI FileCall::make(UCHAR major) noexcept {
  IRP* const irp = make_request(*device_, major, owner::thread | owner::file);
  if (irp == nullptr) return nullptr;
  irp->RequestorMode = mode_;
  irp->Tail.Overlay.OriginalFileObject = file_;
  IoGetNextIrpStackLocation(irp)->FileObject = file_;
  irp->UserIosb = waits_ ? &result_ : notice_.result;
  irp->UserEvent = waits_ ? &ended_ : event_;
  if (waits_) irp->Flags |= IRP_SYNCHRONOUS_API;
  irp->Overlay.AsynchronousParameters.UserApcRoutine = notice_.routine;
  irp->Overlay.AsynchronousParameters.UserApcContext = notice_.context;
  return irp;
}

void NTAPI FileCall::discard(IRP& irp) noexcept {
  release_buffers(irp);  // IoStatus.Information is 0 still: nothing is copied
  free_request(irp);
}

// The request's references: one to the file, and the call's own to the event.
NTSTATUS NTAPI FileCall::send(IRP& irp) noexcept {
  ObfReferenceObject(file_);
  event_ = nullptr;
  add_request(irp);
  irp.Flags |= IRP_DEFER_IO_COMPLETION;
  NTSTATUS const status = IofCallDriver(device_, &irp);
  if (status == STATUS_PENDING) return locked_ || waits_ ? wait(irp) : status;
  KIRQL const old = Machine::raise(APC_LEVEL);
  hand_over(irp);
  Machine::lower(old);
  if (waits_ && !NT_ERROR(status)) *notice_.result = result_;
  return status;
}

// The IRP may be gone; it is only compared with those that are not.
NTSTATUS FileCall::wait(IRP const& irp) noexcept {
  bool const alertable = (flags_of(*file_) & FO_ALERTABLE_IO) != 0;  // then it is synchronous
  KEVENT* const event = waits_ ? &ended_ : &file_->Event;
  NTSTATUS const waited =
      KeWaitForSingleObject(event, Executive, KernelMode, alertable ? TRUE : FALSE, nullptr);
  if (waited != STATUS_SUCCESS) {
    cancel_if_there(&irp);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, nullptr);
  }
  if (!waits_) return file_->FinalStatus;
  *notice_.result = result_;
  return result_.Status;
}

}  // namespace mica::io
