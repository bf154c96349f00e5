#include "ldr/dispatch.hpp"

#include "ke/exception.hpp"
#include "ldr/public_names.hpp"

namespace mica::ldr {
namespace {

[[nodiscard]] EXCEPTION_DISPOSITION ask(Raised const& raised, DISPATCHER_CONTEXT& dispatcher) {
  ExceptionBoundary boundary{{nullptr, ke::BoundaryKind::exception, 0},
                             &raised.context,
                             raised.called_nothing,
                             dispatcher.EstablisherFrame};
  ke::BoundaryScope const scope{boundary.boundary};
  return dispatcher.LanguageHandler(&raised.record,
                                    reinterpret_cast<PVOID>(dispatcher.EstablisherFrame),
                                    &raised.context, &dispatcher);
}

// Of what a handler said, which is no answer to this exception: an exception for those outside.
[[noreturn]] void reject(Raised const& raised, NTSTATUS status) noexcept {
  EXCEPTION_RECORD record{};
  record.ExceptionCode = status;
  record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
  record.ExceptionRecord = &raised.record;
  record.ExceptionAddress = raised.record.ExceptionAddress;
  dispatch({record, raised.context, raised.called_nothing});
  __builtin_unreachable();  // what may not continue does not return
}

void tell(EXCEPTION_RECORD const& record, std::uint64_t address) noexcept {
  rtl::Line line;
  line << "mica: nobody handles exception " << rtl::Hex{static_cast<ULONG>(record.ExceptionCode), 8}
       << " of ";
  if (!put_place_of(line, "", address)) line << rtl::Hex{address};
}

[[noreturn]] void stop_unhandled(Raised const& raised, WalkEnd end) noexcept {
  EXCEPTION_RECORD const& record = raised.record;
  std::uint64_t const address = ke::as_parameter(record.ExceptionAddress);
  tell(record, address);
  std::uint64_t addresses[ke::longest_trace];
  std::size_t const count = trace(raised.context, ke::current_thread().boundaries,
                                  raised.called_nothing, addresses, ke::longest_trace);
  // A thread of the System that ends so is told from what came between.
  if (end == WalkEnd::thread && !ke::is_idle(ke::current_thread()))
    ke::bugcheck_at({addresses, count}, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED,
                    static_cast<ULONG>(record.ExceptionCode), address, ke::as_parameter(&record),
                    ke::as_parameter(&raised.context));
  ke::bugcheck_at({addresses, count}, KMODE_EXCEPTION_NOT_HANDLED,
                  static_cast<ULONG>(record.ExceptionCode), address, record.ExceptionInformation[0],
                  record.ExceptionInformation[1]);
}

// A dispatch inside of this one asks frames again that this one asked.
class Nesting {
 public:
  void enter(FrameWalk const& walk, EXCEPTION_RECORD& record) noexcept {
    if (walk.asked_frame() <= frame_) return;
    frame_ = walk.asked_frame();
    record.ExceptionFlags |= EXCEPTION_NESTED_CALL;
  }
  void leave(std::uint64_t establisher, EXCEPTION_RECORD& record) noexcept {
    if (establisher == frame_) record.ExceptionFlags &= ~ULONG{EXCEPTION_NESTED_CALL};
  }

 private:
  std::uint64_t frame_ = 0;
};

}  // namespace

void NTAPI dispatch(Raised const& raised) noexcept {
  EXCEPTION_RECORD& record = raised.record;
  FrameWalk walk{raised.context, ke::current_thread().boundaries, raised.called_nothing};
  Nesting nesting;
  CONTEXT caller;
  while (walk.find()) {
    nesting.enter(walk, record);
    DISPATCHER_CONTEXT dispatcher;
    walk.describe(UNW_FLAG_EHANDLER, dispatcher, caller);
    if (dispatcher.LanguageHandler != nullptr) {
      switch (ask(raised, dispatcher)) {
        case ExceptionContinueExecution:
          if ((record.ExceptionFlags & EXCEPTION_NONCONTINUABLE) == 0) return;
          reject(raised, STATUS_NONCONTINUABLE_EXCEPTION);
        case ExceptionContinueSearch:
          break;
        default:
          reject(raised, STATUS_INVALID_DISPOSITION);
      }
    }
    nesting.leave(dispatcher.EstablisherFrame, record);
    walk.step(caller);
  }
  stop_unhandled(raised, walk.end());
}

void NTAPI raise(EXCEPTION_RECORD& record) noexcept {
  ke::Thread& thread = ke::current_thread();
  ke::Boundary* const boundary = thread.boundaries;
  if (boundary == nullptr || boundary->kind != ke::BoundaryKind::import) return;
  auto& call = reinterpret_cast<ImportCall&>(*boundary);
  CONTEXT context;
  context_of(call, context);
  if (call.stub->watch != nullptr) call.stub->watch->unwound(call);
  record.ExceptionAddress = reinterpret_cast<PVOID>(context.Rip);
  thread.boundaries = boundary->outer;
  dispatch({record, context, false});
  resume(context);
}

}  // namespace mica::ldr
