#include "io/request.hpp"

#include "io/associated.hpp"
#include "io/buffers.hpp"
#include "io/file.hpp"
#include "io/thread_requests.hpp"
#include "ke/apc.hpp"

namespace mica::io {
namespace {

// All that is written may live on the stack of the thread that the event wakes: it comes last.
void finish_for_waiter(IRP& irp, CCHAR boost) noexcept {
  IO_STATUS_BLOCK const result = irp.IoStatus;
  release_buffers(irp);
  PKEVENT const event = irp.UserEvent;
  if (irp.UserIosb != nullptr) *irp.UserIosb = result;
  free_request(irp);
  if (event != nullptr) KeSetEvent(event, boost, FALSE);
}

IRP& irp_of(KAPC& apc) noexcept {
  return MICA_CONTAINING(apc, IRP, Tail.Apc);
}

void NTAPI finish_in_thread(PKAPC apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {
  hand_over(irp_of(*apc));
}

// The parts of the APC that calls an APC routine.
void NTAPI begin_call(PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {}

void NTAPI abandon_call(PKAPC apc) {
  free_request(irp_of(*apc));
}

void NTAPI call_apc_routine(PVOID context, PVOID, PVOID) {
  IRP& irp = *static_cast<PIRP>(context);
  auto const& wanted = irp.Overlay.AsynchronousParameters;
  PIO_APC_ROUTINE const routine = wanted.UserApcRoutine;
  PVOID const routine_context = wanted.UserApcContext;
  PIO_STATUS_BLOCK const result = irp.UserIosb;
  free_request(irp);
  routine(routine_context, result, 0);
}

// The IRP goes on as the APC that calls its routine, or is freed.
void call_or_free(IRP& irp, bool calls) noexcept {
  constexpr KPRIORITY boost = 2;
  if (!calls || irp.Overlay.AsynchronousParameters.UserApcRoutine == nullptr) {
    free_request(irp);
    return;
  }
  KAPC& apc = irp.Tail.Apc;
  KeInitializeApc(&apc, KeGetCurrentThread(), InsertApcEnvironment, begin_call, abandon_call,
                  call_apc_routine, irp.RequestorMode, &irp);
  if (!KeInsertQueueApc(&apc, nullptr, nullptr, boost)) free_request(irp);
}

// Who waits for a request by handle waits for its event, for the file's, or for both.
void signal(IRP const& irp, FILE_OBJECT* file) noexcept {
  PKEVENT const event = irp.UserEvent;
  if (event != nullptr) KeSetEvent(event, 0, FALSE);
  if (file == nullptr) return;
  bool const synchronous = (flags_of(*file) & FO_SYNCHRONOUS_IO) != 0;
  if (synchronous) file->FinalStatus = irp.IoStatus.Status;
  if (synchronous || event == nullptr) KeSetEvent(&file->Event, 0, FALSE);
}

}  // namespace

// The APC takes the place of what the IRP says about its thread.
void NTAPI finish(IRP& irp, CCHAR boost) noexcept {
  if ((irp.Flags & IRP_ASSOCIATED_IRP) != 0) return finish_part(irp, boost);
  UCHAR const owned = irp.AllocationFlags & owner::any;
  if (owned == 0) return;
  if (owned == owner::waiter) return finish_for_waiter(irp, boost);
  if ((irp.Flags & IRP_DEFER_IO_COMPLETION) != 0 && irp.PendingReturned == FALSE) return;
  auto* const thread = reinterpret_cast<PKTHREAD>(irp.Tail.Overlay.Thread);
  KeInitializeApc(&irp.Tail.Apc, thread, InsertApcEnvironment, finish_in_thread, nullptr, nullptr,
                  KernelMode, nullptr);
  // It is not refused: no thread ends before its requests have.
  static_cast<void>(KeInsertQueueApc(&irp.Tail.Apc, nullptr, nullptr, boost));
}

// An error that nobody had to wait for is told by the status of the call alone.
//                                    [MSDN "Checking IoStatusBlock", IoBuildDeviceIoControlRequest]
void NTAPI hand_over(IRP& irp) noexcept {
  bool const by_handle = (irp.AllocationFlags & owner::file) != 0;
  FILE_OBJECT* const file = by_handle ? first_location(irp).FileObject : nullptr;
  bool const has_event_object = by_handle && (irp.Flags & IRP_SYNCHRONOUS_API) == 0;
  PKEVENT const event = has_event_object ? irp.UserEvent : nullptr;
  bool const tells = irp.PendingReturned != FALSE || !NT_ERROR(irp.IoStatus.Status);
  release_buffers(irp);
  remove_request(irp);
  if (tells) {
    if (irp.UserIosb != nullptr) *irp.UserIosb = irp.IoStatus;
    signal(irp, file);
  }
  call_or_free(irp, tells);
  if (event != nullptr) ObfDereferenceObject(event);
  if (file != nullptr) ObfDereferenceObject(file);
}

IRP* NTAPI make_request(DEVICE_OBJECT& device, UCHAR major, UCHAR owner) noexcept {
  IRP* const irp = IoAllocateIrp(device.StackSize, FALSE);
  if (irp == nullptr) return nullptr;
  irp->AllocationFlags |= owner;
  irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(KeGetCurrentThread());
  IoGetNextIrpStackLocation(irp)->MajorFunction = major;
  return irp;
}

IRP& NTAPI must_make_request(DEVICE_OBJECT& device, UCHAR major, UCHAR owner) noexcept {
  constexpr LONGLONG try_again_100ns = 100'000;
  for (;;) {
    if (IRP* const irp = make_request(device, major, owner)) return *irp;
    LARGE_INTEGER due;
    due.QuadPart = -try_again_100ns;
    static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &due));
  }
}

void NTAPI free_request(IRP& irp) noexcept {
  irp.AllocationFlags = static_cast<UCHAR>(irp.AllocationFlags & ~owner::any);
  IoFreeIrp(&irp);
}

IO_STATUS_BLOCK NTAPI send_and_wait(DEVICE_OBJECT& device, IRP& irp) noexcept {
  KEVENT done;
  IO_STATUS_BLOCK result{};
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  irp.UserEvent = &done;
  irp.UserIosb = &result;
  NTSTATUS const status = IofCallDriver(&device, &irp);
  if (status == STATUS_PENDING) KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
  return result;
}

}  // namespace mica::io
