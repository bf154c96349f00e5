// The handler of C.                [MSDN "__C_specific_handler", "Structured exception handling"]
#include "ldr/dispatch.hpp"
#include "ldr/scopes.hpp"

namespace mica::ldr {
namespace {

using Filter = LONG(NTAPI*)(PEXCEPTION_POINTERS pointers, PVOID frame);
using Termination = VOID(NTAPI*)(BOOLEAN abnormal, PVOID frame);

// Of the function that a handler is asked for.
class Scopes {
 public:
  explicit Scopes(DISPATCHER_CONTEXT& dispatcher) noexcept
      : dispatcher_{dispatcher},
        image_{*find_image(dispatcher.ImageBase)},
        table_{image_, image_.offset_of(ke::as_parameter(dispatcher.HandlerData))},
        at_{dispatcher.ControlPc - dispatcher.ImageBase -
            (dispatcher.Fill0 == after_call ? 1 : 0)} {}

  // The next one around where control is; ScopeIndex is behind it.
  [[nodiscard]] bool next(Scope& scope) noexcept {
    bool const found = table_.next(dispatcher_.ScopeIndex, at_, scope);
    if (table_.bad()) stop_for(table_.bad(), image_, dispatcher_.ControlPc);
    return found;
  }

  template <class Routine>
  [[nodiscard]] Routine routine(Scope const& scope) const noexcept {
    return reinterpret_cast<Routine>(image_.base + scope.handler);
  }

 private:
  DISPATCHER_CONTEXT& dispatcher_;
  LoadedImage const& image_;
  ScopeTable table_;
  std::uint64_t const at_;
};

EXCEPTION_DISPOSITION find_handler(EXCEPTION_RECORD& record, PVOID frame, CONTEXT& context,
                                   DISPATCHER_CONTEXT& dispatcher) noexcept {
  Scopes scopes{dispatcher};
  EXCEPTION_POINTERS pointers{&record, &context};
  for (Scope scope; scopes.next(scope);) {
    if (scope.is_finally()) continue;
    LONG const answer = scope.always_handles() ? EXCEPTION_EXECUTE_HANDLER
                                               : scopes.routine<Filter>(scope)(&pointers, frame);
    if (answer < 0) return ExceptionContinueExecution;
    if (answer > 0)
      RtlUnwindEx(
          frame, reinterpret_cast<PVOID>(dispatcher.ImageBase + scope.target), &record,
          reinterpret_cast<PVOID>(static_cast<ULONG_PTR>(static_cast<ULONG>(record.ExceptionCode))),
          dispatcher.ContextRecord, dispatcher.HistoryTable);
  }
  return ExceptionContinueSearch;
}

// Runs what is left. In the frame that control goes on in, scopes that it stays in are not.
EXCEPTION_DISPOSITION leave_scopes(EXCEPTION_RECORD const& record, PVOID frame,
                                   DISPATCHER_CONTEXT& dispatcher) noexcept {
  Scopes scopes{dispatcher};
  bool const last = (record.ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0;
  std::uint64_t const target = dispatcher.TargetIp - dispatcher.ImageBase;
  for (Scope scope; scopes.next(scope);) {
    if (last && (scope.has(target) || (!scope.is_finally() && scope.target == target))) break;
    if (scope.is_finally()) scopes.routine<Termination>(scope)(TRUE, frame);
  }
  return ExceptionContinueSearch;
}

}  // namespace
}  // namespace mica::ldr

using namespace mica::ldr;

EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD ExceptionRecord,
                                                 PVOID EstablisherFrame, PCONTEXT ContextRecord,
                                                 PVOID DispatcherContext) {
  auto& dispatcher = *static_cast<DISPATCHER_CONTEXT*>(DispatcherContext);
  if ((ExceptionRecord->ExceptionFlags & EXCEPTION_UNWIND) == 0)
    return find_handler(*ExceptionRecord, EstablisherFrame, *ContextRecord, dispatcher);
  return leave_scopes(*ExceptionRecord, EstablisherFrame, dispatcher);
}
