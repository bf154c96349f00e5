// Leaving frames, and what images ask of their own ones.
//   [MSDN RtlUnwindEx, RtlVirtualUnwind, RtlLookupFunctionEntry, RtlPcToFileHeader]
#include "ldr/dispatch.hpp"

namespace mica::ldr {
namespace {

// context.S
extern "C" [[noreturn]] void NTAPI mica_restore_context(CONTEXT const* context);

[[nodiscard]] EXCEPTION_DISPOSITION terminate(FrameWalk& walk, DISPATCHER_CONTEXT& dispatcher,
                                              EXCEPTION_RECORD& record) noexcept {
  UnwindBoundary boundary{
      {nullptr, ke::BoundaryKind::unwind, 0}, &dispatcher, &walk.context(), walk.outside()};
  ke::BoundaryScope const scope{boundary.boundary};
  return dispatcher.LanguageHandler(&record, reinterpret_cast<PVOID>(dispatcher.EstablisherFrame),
                                    &walk.context(), &dispatcher);
}

// What an unwind goes to.
struct Target {
  std::uint64_t frame;  // 0: none, every frame is left
  std::uint64_t instruction;
  std::uint64_t value;  // of rax then
};

[[noreturn]] void unwind(Target const& target, EXCEPTION_RECORD& record) noexcept {
  ke::Thread& thread = ke::current_thread();
  FrameWalk walk{thread.boundaries};
  walk.leave_calls();
  ULONG const always = EXCEPTION_UNWINDING | (target.frame == 0 ? ULONG{EXCEPTION_EXIT_UNWIND} : 0);
  record.ExceptionFlags |= always;
  CONTEXT caller;
  while (walk.find()) {
    DISPATCHER_CONTEXT dispatcher;
    walk.describe(UNW_FLAG_UHANDLER, dispatcher, caller);
    bool const last = dispatcher.EstablisherFrame == target.frame;
    if (!last && target.frame != 0 && dispatcher.EstablisherFrame > target.frame) break;
    walk.context().Rax = target.value;
    if (last) record.ExceptionFlags |= EXCEPTION_TARGET_UNWIND;
    if (walk.collided()) record.ExceptionFlags |= EXCEPTION_COLLIDED_UNWIND;
    dispatcher.TargetIp = target.instruction;
    if (dispatcher.LanguageHandler != nullptr &&
        terminate(walk, dispatcher, record) != ExceptionContinueSearch)
      ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_INVALID_DISPOSITION),
                   dispatcher.ControlPc, dispatcher.EstablisherFrame);
    record.ExceptionFlags &= ~ULONG{EXCEPTION_COLLIDED_UNWIND};
    if (last) {
      walk.context().Rip = target.instruction;
      thread.boundaries = walk.outside();
      mica_restore_context(&walk.context());
    }
    walk.step(caller);
  }
  ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_INVALID_UNWIND_TARGET),
               target.instruction, target.frame);
}

}  // namespace

void NTAPI resume(CONTEXT& context) noexcept {
  ke::Thread& thread = ke::current_thread();
  StackBounds const stack = current_stack();
  for (std::uint64_t inner;
       inner = ke::as_parameter(thread.boundaries), stack.has(inner) && inner < context.Rsp;)
    thread.boundaries = thread.boundaries->outer;
  mica_restore_context(&context);
}

}  // namespace mica::ldr

using namespace mica;
using namespace mica::ldr;

VOID NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT, PUNWIND_HISTORY_TABLE) {
  EXCEPTION_RECORD own{};
  own.ExceptionCode = STATUS_UNWIND;
  own.ExceptionAddress = TargetIp;
  unwind({ke::as_parameter(TargetFrame), ke::as_parameter(TargetIp), ke::as_parameter(ReturnValue)},
         ExceptionRecord != nullptr ? *ExceptionRecord : own);
}

VOID NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                     PVOID ReturnValue) {
  RtlUnwindEx(TargetFrame, TargetIp, ExceptionRecord, ReturnValue, nullptr, nullptr);
}

VOID NTAPI RtlRestoreContext(PCONTEXT ContextRecord, PEXCEPTION_RECORD) {
  resume(*ContextRecord);
}

PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID* BaseOfImage) {
  LoadedImage const* const image = find_image(ke::as_parameter(PcValue));
  *BaseOfImage = image != nullptr ? image->base : nullptr;
  return *BaseOfImage;
}

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, ULONG64* ImageBase,
                                               PUNWIND_HISTORY_TABLE) {
  LoadedImage const* const image = find_image(ControlPc);
  *ImageBase = image != nullptr ? image->start() : 0;
  if (image == nullptr) return nullptr;
  std::uint32_t const function = find_function(*image, image->offset_of(ControlPc));
  return function != 0 ? reinterpret_cast<PRUNTIME_FUNCTION>(image->base + function) : nullptr;
}

PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                          PVOID* HandlerData, PULONG64 EstablisherFrame,
                                          PKNONVOLATILE_CONTEXT_POINTERS ContextPointers) {
  LoadedImage const* const image = find_image(ImageBase);
  if (image == nullptr || !image->contains(ke::as_parameter(FunctionEntry)))
    ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(STATUS_BAD_FUNCTION_TABLE),
                 ControlPc, ImageBase, ke::as_parameter(FunctionEntry));
  Frame frame{};
  BadFrame const bad = virtual_unwind(
      {*image, image->offset_of(ControlPc), image->offset_of(ke::as_parameter(FunctionEntry)),
       HandlerType, current_stack(), ContextPointers},
      *ContextRecord, frame);
  if (bad) stop_for(bad, *image, ControlPc);
  *EstablisherFrame = frame.establisher;
  *HandlerData = image->base + frame.handler_data;
  return frame.handler != 0 ? reinterpret_cast<PEXCEPTION_ROUTINE>(image->base + frame.handler)
                            : nullptr;
}

VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord) {
  ExceptionRecord->ExceptionAddress = __builtin_return_address(0);
  ke::raise(*ExceptionRecord);
  ke::bugcheck(KMODE_EXCEPTION_NOT_HANDLED, static_cast<ULONG>(ExceptionRecord->ExceptionCode),
               ke::as_parameter(ExceptionRecord->ExceptionAddress),
               ExceptionRecord->ExceptionInformation[0], ExceptionRecord->ExceptionInformation[1]);
}

VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
  ke::raise_status(Status, __builtin_return_address(0));
}
