// DbgPrint and its relatives: formats on the stack and hands the text to the machine in one piece,
// and to the routine that a driver registered for it.
#include <nt/rtl/debug.h>

#include "ke/processor.hpp"
#include "rtl/format.hpp"

namespace mica::ke {
namespace {

constexpr std::size_t longest_output = 512;  // [MSDN DbgPrint]

struct Origin {
  ULONG component;
  ULONG level;
};
constexpr Origin plain_origin{DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL};  // [MSDN DbgPrint]

// At HIGH_LEVEL, so that a call ends soon on its own processor and whoever takes the routine back
// may wait for it. The count goes up before the routine is read: both are sequentially consistent.
void tell_listener(STRING& output, Origin origin) noexcept {
  DebugPrintState& listeners = state().debug_print;
  if (listeners.callback.load(std::memory_order_relaxed) == nullptr) return;
  RaiseToHigh raised;
  listeners.calls.fetch_add(1);
  if (PDEBUG_PRINT_CALLBACK const callback = listeners.callback.load())
    callback(&output, origin.component, origin.level);
  listeners.calls.fetch_sub(1);
}

ULONG print(PCSTR prefix, Origin origin, PCSTR format, MS_VA_LIST arguments) noexcept {
  CHAR buffer[longest_output];
  rtl::Text text{buffer, sizeof buffer};
  for (; *prefix != 0; ++prefix) text.put(*prefix);
  rtl::format(text, format, arguments);
  Machine::debug_output(buffer, text.stored());
  auto const length = static_cast<USHORT>(text.stored());
  STRING output{length, sizeof buffer, buffer};
  tell_listener(output, origin);
  return STATUS_SUCCESS;
}

NTSTATUS set_listener(DebugPrintState& listeners, PDEBUG_PRINT_CALLBACK callback) noexcept {
  PDEBUG_PRINT_CALLBACK nobody = nullptr;
  return listeners.callback.compare_exchange_strong(nobody, callback) ? STATUS_SUCCESS
                                                                      : STATUS_UNSUCCESSFUL;
}

NTSTATUS take_listener_back(DebugPrintState& listeners, PDEBUG_PRINT_CALLBACK callback) noexcept {
  if (!listeners.callback.compare_exchange_strong(callback, nullptr)) return STATUS_UNSUCCESSFUL;
  while (std::uint32_t const calls = listeners.calls.load()) Machine::await(listeners.calls, calls);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::ke

using namespace mica::ke;

ULONG NTAPI DbgPrint(PCSTR Format, ...) {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, Format);
  ULONG const status = print("", plain_origin, Format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, Format);
  ULONG const status = print("", {ComponentId, Level}, Format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, MS_VA_LIST arglist) {
  return print("", {ComponentId, Level}, Format, arglist);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format,
                                  MS_VA_LIST arglist) {
  return print(Prefix, {ComponentId, Level}, Format, arglist);
}

NTSTATUS NTAPI DbgSetDebugPrintCallback(PDEBUG_PRINT_CALLBACK DebugPrintCallback, BOOLEAN Enable) {
  if (DebugPrintCallback == nullptr) return STATUS_INVALID_PARAMETER;
  DebugPrintState& listeners = state().debug_print;
  return Enable ? set_listener(listeners, DebugPrintCallback)
                : take_listener_back(listeners, DebugPrintCallback);
}
