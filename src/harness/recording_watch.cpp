#include "harness/recording_watch.hpp"

#include "harness/recorder.hpp"
#include "ke/processor.hpp"

namespace mica::harness {
namespace {

Trace::Recorder& recorder() noexcept {
  return static_cast<Trace::Recorder&>(*ke::listener());
}

// Between its begin and its end the call keeps its number.
ULONG64& number_of(ldr::ImportCall& call) noexcept {
  return call.home[0];
}

void NTAPI entered(ldr::ImportCall& call) {
  auto const& signature = *static_cast<trace::Signature const*>(call.stub->watched);
  number_of(call) =
      recorder().begin_call(signature, call.return_address, call.arguments, call.stack_arguments);
}

void NTAPI left(ldr::ImportCall& call) {
  recorder().end(TraceEvent::What::result, number_of(call), call.result);
}

void NTAPI unwound(ldr::ImportCall& call) {
  recorder().end_by_exception(number_of(call));
}

void const* NTAPI choose(std::string_view name) {
  return recorder().wants(name) ? &recorder().signature(name) : nullptr;
}

}  // namespace

constexpr ldr::ImportWatch recording_watch{entered, left, unwound, choose};

}  // namespace mica::harness
