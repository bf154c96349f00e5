// DbgPrint and its relatives: formats on the stack and hands the text to the machine in one piece.
#include "rtl/format.hpp"

#include <nt/rtl/debug.h>

#include <machine.hpp>

namespace mica::rtl {
namespace {

constexpr std::size_t longest_output = 512;  // [MSDN DbgPrint]

ULONG print(PCSTR prefix, PCSTR format, MS_VA_LIST arguments) noexcept {
  CHAR buffer[longest_output];
  Text text{buffer, sizeof buffer};
  for (; *prefix != 0; ++prefix) text.put(*prefix);
  rtl::format(text, format, arguments);
  Machine::debug_output(buffer, text.stored());
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::rtl

ULONG NTAPI DbgPrint(PCSTR Format, ...) {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, Format);
  ULONG const status = mica::rtl::print("", Format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI DbgPrintEx(ULONG, ULONG, PCSTR Format, ...) {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, Format);
  ULONG const status = mica::rtl::print("", Format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI vDbgPrintEx(ULONG, ULONG, PCSTR Format, MS_VA_LIST arglist) {
  return mica::rtl::print("", Format, arglist);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCSTR Prefix, ULONG, ULONG, PCSTR Format, MS_VA_LIST arglist) {
  return mica::rtl::print(Prefix, Format, arglist);
}
