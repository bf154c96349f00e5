// Exceptions and unwinding.  [MSDN RtlVirtualUnwind, RtlUnwindEx, RtlRaiseException, ProbeForRead]
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/rtl.h>
#include <mica/test.hpp>

using namespace mica::test;

// made_image.S
extern "C" {
extern UCHAR mica_test_image[], mica_test_image_end[];
extern RUNTIME_FUNCTION mica_test_image_functions[], mica_test_image_functions_end[];
extern UCHAR mica_test_frame_called[], mica_test_frame_popping[], mica_test_frame_pushed[],
    mica_test_frame_part[];
using Routine = ULONG64(NTAPI*)(void* argument);
VOID NTAPI mica_test_frame(Routine routine);
ULONG64 NTAPI mica_test_try(Routine routine, void* argument);
ULONG64 NTAPI mica_test_finally(void* counted);
ULONG64 NTAPI mica_test_read(void* place);
ULONG64 NTAPI mica_test_unwind(void* unwound);
}

namespace {

[[nodiscard]] ULONG64 number(void const* address) noexcept {
  return reinterpret_cast<ULONG64>(address);
}

[[nodiscard]] void* place(ULONG64 address) noexcept {
  return reinterpret_cast<void*>(address);
}

constexpr ULONG64 no_memory = 0x10;

[[nodiscard]] NTSTATUS tried(Routine routine, void* argument = nullptr) noexcept {
  return static_cast<NTSTATUS>(mica_test_try(routine, argument));
}

// The image, while it counts as loaded.
struct Made : Image {
  Made()
      : Image{mica_test_image, number(mica_test_image_end) - number(mica_test_image),
              number(mica_test_image_functions) - number(mica_test_image),
              number(mica_test_image_functions_end) - number(mica_test_image_functions)} {}

  template <class Function>
  [[nodiscard]] Function* imported(Function* routine) noexcept {
    return reinterpret_cast<Function*>(stub(reinterpret_cast<void const*>(routine)));
  }
};

[[nodiscard]] bool ended(Bugcheck const& end, NTSTATUS status) noexcept {
  return end.happened && end.code == KMODE_EXCEPTION_NOT_HANDLED &&
         static_cast<NTSTATUS>(end.parameters[0]) == status;
}

}  // namespace

MICA_CASE("Rtl: a context that was captured is gone back to") {
  struct {
    CONTEXT context;
    LONG volatile rounds;
  } state{};
  RtlCaptureContext(&state.context);
  state.rounds = state.rounds + 1;
  if (state.rounds < 3) RtlRestoreContext(&state.context, nullptr);
  MICA_CHECK(state.rounds == 3);
  MICA_CHECK((state.context.ContextFlags & CONTEXT_FULL) == CONTEXT_FULL);
  MICA_CHECK(state.context.Rsp - number(&state) + 0x10000 < 0x20000);
}

MICA_CASE("Rtl: an address is in an image, and in a function of it, or in none") {
  Made const made;
  PVOID base = nullptr;
  MICA_CHECK(RtlPcToFileHeader(mica_test_frame_called, &base) == mica_test_image);
  MICA_CHECK(base == mica_test_image);
  MICA_CHECK(RtlPcToFileHeader(mica_test_image_end, &base) == nullptr && base == nullptr);
  ULONG64 image = 0;
  MICA_CHECK(RtlLookupFunctionEntry(number(mica_test_frame_called), &image, nullptr) ==
             &mica_test_image_functions[0]);
  MICA_CHECK(image == number(mica_test_image));
  MICA_CHECK(RtlLookupFunctionEntry(number(reinterpret_cast<void*>(mica_test_read)), &image,
                                    nullptr) == nullptr);
  MICA_CHECK(RtlLookupFunctionEntry(number(mica_test_image_end), &image, nullptr) == nullptr);
  MICA_CHECK(image == 0);
}

namespace {

// Where in mica_test_frame, and what its stack pointer is there.
void unwind_from(UCHAR const* instruction, ULONG64 stack, ULONG64 body) noexcept {
  CONTEXT context{};
  context.Rip = number(instruction);
  context.Rsp = stack;
  context.Rbp = body + 32;
  context.Rbx = context.Rsi = 1;
  ULONG64 image = 0, frame = 0;
  PVOID data = nullptr;
  PRUNTIME_FUNCTION const function = RtlLookupFunctionEntry(context.Rip, &image, nullptr);
  MICA_REQUIRE(function != nullptr);
  KNONVOLATILE_CONTEXT_POINTERS pointers{};
  MICA_CHECK(RtlVirtualUnwind(UNW_FLAG_EHANDLER, image, context.Rip, function, &context, &data,
                              &frame, &pointers) == nullptr);
  // Two registers and an address are above what the body has.
  MICA_CHECK(context.Rsp == body + 72 + 3 * 8);
  MICA_CHECK(pointers.IntegerContext[3] == place(body + 72));
  MICA_CHECK(context.Rbx == *pointers.IntegerContext[3]);
  MICA_CHECK(context.Rip == *static_cast<ULONG64*>(place(context.Rsp - 8)));
  bool const in_body = pointers.FloatingContext[6] != nullptr;
  if (in_body) {
    MICA_CHECK(frame == body);
    MICA_CHECK(context.Rsi == *pointers.IntegerContext[6]);
    MICA_CHECK(pointers.IntegerContext[6] == place(body + 40));
    MICA_CHECK(context.Xmm6.Low == pointers.FloatingContext[6]->Low);
  }
  MICA_CHECK(in_body ==
             (instruction == mica_test_frame_called || instruction == mica_test_frame_part));
}

ULONG64 NTAPI unwind_everywhere(void* body) {
  ULONG64 const stack = number(body);
  unwind_from(mica_test_frame_called, stack, stack);
  unwind_from(mica_test_frame_part, stack, stack);
  unwind_from(mica_test_frame_pushed, stack + 72, stack);
  unwind_from(mica_test_frame_popping, stack + 72, stack);
  return 0;
}

}  // namespace

MICA_CASE("Rtl: a frame is unwound from its body, its prolog, its epilog and a part of its own") {
  Made const made;
  mica_test_frame(unwind_everywhere);
}

MICA_CASE("Rtl: what is no function of an image is not unwound") {
  MICA_CHECK(ended(bugcheck_of([] {
                     CONTEXT context{};
                     RUNTIME_FUNCTION function{};
                     PVOID data = nullptr;
                     ULONG64 frame = 0;
                     RtlVirtualUnwind(UNW_FLAG_NHANDLER, number(&function), number(&function),
                                      &function, &context, &data, &frame, nullptr);
                   }),
                   static_cast<NTSTATUS>(0xC00000FF)));
}

MICA_CASE("Rtl: a fault of an image is an exception that its handler takes") {
  Made const made;
  ULONG value = 5;
  MICA_CHECK(mica_test_try(mica_test_read, &value) == 0);
  MICA_CHECK(tried(mica_test_read, place(no_memory)) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(tried(mica_test_read, place(0x8000'0000'0000'0000)) == STATUS_ACCESS_VIOLATION);
  // A call to where nothing is.
  MICA_CHECK(tried(reinterpret_cast<Routine>(no_memory)) == STATUS_ACCESS_VIOLATION);
}

namespace {

// What the image calls, and what that imports.
template <auto raise>
ULONG64 NTAPI raise_through(void* image) {
  auto& made = *static_cast<Made*>(image);
  raise(made);
  return 0;
}

template <auto raise>
[[nodiscard]] NTSTATUS raised(Made& made) noexcept {
  return tried(made.imported(raise_through<raise>), &made);
}

}  // namespace

MICA_CASE("Rtl: what a routine raises, its caller's handler takes") {
  Made made;
  MICA_CHECK(raised<[](Made& image) { image.imported(RtlRaiseStatus)(STATUS_TIMEOUT); }>(made) ==
             STATUS_TIMEOUT);
  MICA_CHECK(raised<[](Made& image) { image.imported(ExRaiseStatus)(STATUS_DEVICE_BUSY); }>(made) ==
             STATUS_DEVICE_BUSY);
  MICA_CHECK(raised<[](Made& image) { image.imported(ExRaiseAccessViolation)(); }>(made) ==
             STATUS_ACCESS_VIOLATION);
  MICA_CHECK(raised<[](Made& image) { image.imported(ExRaiseDatatypeMisalignment)(); }>(made) ==
             STATUS_DATATYPE_MISALIGNMENT);
  MICA_CHECK(raised<[](Made& image) {
               EXCEPTION_RECORD record{};
               record.ExceptionCode = STATUS_NO_MEMORY;
               image.imported(RtlRaiseException)(&record);
             }>(made) == STATUS_NO_MEMORY);
  MICA_CHECK(raised<[](Made&) { /* nothing */ }>(made) == STATUS_SUCCESS);
}

MICA_CASE("Rtl: what nobody handles is a bugcheck with its status") {
  MICA_CHECK(ended(bugcheck_of([] { RtlRaiseStatus(STATUS_TIMEOUT); }), STATUS_TIMEOUT));
  MICA_CHECK(ended(bugcheck_of([] {
                     EXCEPTION_RECORD record{};
                     record.ExceptionCode = STATUS_NO_MEMORY;
                     RtlRaiseException(&record);
                   }),
                   STATUS_NO_MEMORY));
  Made made;
  Bugcheck const end = bugcheck_of([&] {
    Routine const routine = made.imported(
        raise_through<[](Made& image) { image.imported(ExRaiseStatus)(STATUS_TIMEOUT); }>);
    routine(&made);
  });
  MICA_CHECK(end.happened && end.code == SYSTEM_THREAD_EXCEPTION_NOT_HANDLED);
  MICA_CHECK(static_cast<NTSTATUS>(end.parameters[0]) == STATUS_TIMEOUT);
}

MICA_CASE("Ex: memory that is not a user's, or not aligned, is raised when it is probed") {
  Made made;
  constexpr ULONG64 kernel = 0xFFFF'8000'0000'0000;
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForRead)(place(kernel), 1, 1); }>(made) ==
             STATUS_ACCESS_VIOLATION);
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForRead)(place(~0ULL), 2, 1); }>(made) ==
             STATUS_ACCESS_VIOLATION);
  MICA_CHECK(
      raised<[](Made& image) { image.imported(ProbeForRead)(place(0x7FFF'FFFE'FFFF), 2, 1); }>(
          made) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForRead)(place(0x1002), 4, 4); }>(made) ==
             STATUS_DATATYPE_MISALIGNMENT);
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForRead)(place(0x1002), 4, 2); }>(made) ==
             STATUS_SUCCESS);
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForRead)(place(kernel), 0, 4); }>(made) ==
             STATUS_SUCCESS);
  // Nothing is there to be written.
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForWrite)(place(no_memory), 4, 4); }>(
                 made) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(raised<[](Made& image) { image.imported(ProbeForWrite)(place(kernel), 4, 4); }>(
                 made) == STATUS_ACCESS_VIOLATION);
}

namespace {

struct Counted {
  Routine routine;
  void* argument;
  LONG count;
};

}  // namespace

MICA_CASE("Rtl: frames that are left have their termination handlers run") {
  Made made;
  Counted counted{mica_test_read, place(no_memory), 0};
  MICA_CHECK(tried(mica_test_finally, &counted) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(counted.count == 1);
  Counted outer{mica_test_finally, &counted, 0};
  MICA_CHECK(tried(mica_test_finally, &outer) == STATUS_ACCESS_VIOLATION);
  MICA_CHECK(counted.count == 2 && outer.count == 1);
}

MICA_CASE("Rtl: the handler of C takes nothing outside of its scopes") {
  Made const made;
  ULONG64 stack[8] = {};
  constexpr ULONG64 prolog_bytes = 5;
  CONTEXT context{};
  context.Rip = number(reinterpret_cast<void*>(mica_test_try)) + prolog_bytes;
  context.Rsp = number(stack);
  EXCEPTION_RECORD record{};
  record.ExceptionCode = STATUS_TIMEOUT;
  DISPATCHER_CONTEXT dispatcher{};
  dispatcher.ControlPc = context.Rip;
  dispatcher.FunctionEntry = RtlLookupFunctionEntry(context.Rip, &dispatcher.ImageBase, nullptr);
  dispatcher.LanguageHandler = RtlVirtualUnwind(
      UNW_FLAG_EHANDLER, dispatcher.ImageBase, context.Rip, dispatcher.FunctionEntry, &context,
      &dispatcher.HandlerData, &dispatcher.EstablisherFrame, nullptr);
  MICA_REQUIRE(dispatcher.LanguageHandler != nullptr);
  MICA_CHECK(dispatcher.EstablisherFrame == number(stack));
  dispatcher.ContextRecord = &context;
  MICA_CHECK(__C_specific_handler(&record, stack, &context, &dispatcher) ==
             ExceptionContinueSearch);
  record.ExceptionFlags = EXCEPTION_UNWINDING;
  dispatcher.ScopeIndex = 0;
  MICA_CHECK(__C_specific_handler(&record, stack, &context, &dispatcher) ==
             ExceptionContinueSearch);
}

MICA_CASE("Rtl: an unwind goes on in its target with the value given") {
  Made made;
  struct {
    void* unwind;
    ULONG64 value;
  } unwound{reinterpret_cast<void*>(made.imported(RtlUnwindEx)), 77};
  MICA_CHECK(mica_test_try(mica_test_unwind, &unwound) == 77);
  unwound = {reinterpret_cast<void*>(made.imported(RtlUnwind)), 78};
  MICA_CHECK(mica_test_try(mica_test_unwind, &unwound) == 78);
  MICA_CHECK(ended(bugcheck_of([] { RtlUnwind(nullptr, nullptr, nullptr, nullptr); }),
                   STATUS_INVALID_UNWIND_TARGET));
}
