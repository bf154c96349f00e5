#include "explore/calls.hpp"

#include <nt/io.h>

#include "explore/recorder.hpp"
#include "ldr/loaded_image.hpp"
#include "trace/signature.hpp"

namespace mica::explore {
namespace {

void tell(Step::Kind kind, std::string_view what, std::uint64_t place) {
  if (Recorder* const recorder = Recorder::watching()) recorder->passed(kind, what, place);
}

// A dispatch routine is told by its request: the second argument is the IRP.
std::string_view name_of(trace::Callback callback, std::uint64_t const* arguments) noexcept {
  if (callback != trace::Callback::dispatch) return trace::signature_of(callback).name;
  auto* const irp = reinterpret_cast<PIRP>(arguments[1]);
  return trace::signature_of_request(IoGetCurrentIrpStackLocation(irp)->MajorFunction).name;
}

}  // namespace

constinit ldr::ImportWatch const Calls::watch_{called, returned, returned, every};

Calls::Calls(Window& window) noexcept : Listener{entered, left}, window_{window} {}

void Calls::hear() noexcept {
  ke::State& kernel = *ke::processor_block().ke;
  for (ULONG i = 0; i < kernel.count; ++i) kernel.processors[i].listener = this;
  ldr::state().watch = &watch_;
}

Calls& Calls::here() noexcept {
  return static_cast<Calls&>(*ke::listener());
}

void const* NTAPI Calls::every(std::string_view) noexcept {
  return &watch_;
}

// The point comes first: what others do until this processor goes on precedes the call.
void NTAPI Calls::called(ldr::ImportCall& call) noexcept {
  here().window_.call();
  tell(Step::Kind::call, call.stub->name, call.return_address);
}

// What others do precedes what the driver does with the result.
void NTAPI Calls::returned(ldr::ImportCall& call) noexcept {
  tell(Step::Kind::result, call.stub->name, call.return_address);
  here().window_.call();
}

std::uint64_t NTAPI Calls::entered(trace::Listener& listener, trace::Callback callback,
                                   void const* routine, std::uint64_t const* arguments,
                                   unsigned) noexcept {
  static_cast<Calls&>(listener).window_.call();
  tell(Step::Kind::enter, name_of(callback, arguments), reinterpret_cast<std::uintptr_t>(routine));
  return reinterpret_cast<std::uintptr_t>(routine);
}

void NTAPI Calls::left(trace::Listener& listener, trace::Callback callback, std::uint64_t routine,
                       std::uint64_t) noexcept {
  tell(Step::Kind::leave, trace::signature_of(callback).name, routine);
  static_cast<Calls&>(listener).window_.call();
}

}  // namespace mica::explore
