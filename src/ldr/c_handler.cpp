// The handler of C. A function's scopes stand in its table, the inner ones first.
//                                  [MSDN "__C_specific_handler", "Structured exception handling"]
#include "ldr/dispatch.hpp"

namespace mica::ldr {
namespace {

// A scope as its table has it.
struct Scope {
  ULONG begin, end;
  ULONG handler;  // of a __try with __except its filter, else its __finally
  ULONG target;   // the __except block; 0: it has a __finally

  [[nodiscard]] bool has(std::uint64_t at) const noexcept { return at >= begin && at < end; }
};
constexpr ULONG always_handles = 1;

using Filter = LONG(NTAPI*)(PEXCEPTION_POINTERS pointers, PVOID frame);
using Termination = VOID(NTAPI*)(BOOLEAN abnormal, PVOID frame);

class Scopes {
 public:
  explicit Scopes(DISPATCHER_CONTEXT& dispatcher) noexcept
      : dispatcher_{dispatcher},
        image_{*find_image(dispatcher.ImageBase)},
        table_{image_.offset_of(ke::as_parameter(dispatcher.HandlerData))},
        at_{dispatcher.ControlPc - dispatcher.ImageBase -
            (dispatcher.Fill0 == after_call ? 1 : 0)} {
    if (!image_.read(table_, count_)) refuse("a table of scopes is outside of the image");
  }

  // The next one around where control is; ScopeIndex is behind it.
  [[nodiscard]] bool next(Scope& scope) noexcept {
    while (dispatcher_.ScopeIndex < count_) {
      scope = read(dispatcher_.ScopeIndex++);
      if (scope.has(at_)) return true;
    }
    return false;
  }

  template <class Routine>
  [[nodiscard]] Routine routine(Scope const& scope) const noexcept {
    if (scope.handler >= image_.bytes) refuse("the handler of a scope is outside of the image");
    return reinterpret_cast<Routine>(image_.base + scope.handler);
  }

 private:
  [[noreturn]] void refuse(char const* what) const noexcept {
    stop_for({STATUS_BAD_FUNCTION_TABLE, what, table_}, image_, dispatcher_.ControlPc);
  }
  [[nodiscard]] Scope read(ULONG index) const noexcept {
    Scope scope{};
    if (!image_.read(table_ + sizeof(ULONG) + std::uint64_t{index} * sizeof scope, scope))
      refuse("a table of scopes goes on outside of the image");
    return scope;
  }

  DISPATCHER_CONTEXT& dispatcher_;
  LoadedImage const& image_;
  std::uint32_t const table_;
  std::uint64_t const at_;
  ULONG count_ = 0;
};

EXCEPTION_DISPOSITION find_handler(EXCEPTION_RECORD& record, PVOID frame, CONTEXT& context,
                                   DISPATCHER_CONTEXT& dispatcher) noexcept {
  Scopes scopes{dispatcher};
  EXCEPTION_POINTERS pointers{&record, &context};
  for (Scope scope; scopes.next(scope);) {
    if (scope.target == 0) continue;
    LONG const answer = scope.handler == always_handles
                            ? EXCEPTION_EXECUTE_HANDLER
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
    if (last && (scope.has(target) || (scope.target != 0 && scope.target == target))) break;
    if (scope.target == 0) scopes.routine<Termination>(scope)(TRUE, frame);
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
