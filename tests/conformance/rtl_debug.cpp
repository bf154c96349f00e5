// The debugger's console.                                        [MSDN DbgPrint, DbgPrintEx]
#include "rtl_support.hpp"

using namespace mica::test;

namespace {

ULONG NTAPI print(PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  ULONG const status = vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI print_with_prefix(PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  ULONG const status = vDbgPrintExWithPrefix("prefix: ", DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL,
                                             format, arguments);
  MS_VA_END(arguments);
  return status;
}

}  // namespace

MICA_CASE("Rtl: DbgPrint and its relatives succeed at every level") {
  Wide const name{u"\\Device\\Null"};
  constexpr KIRQL levels[] = {PASSIVE_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
  // No address: what is printed must not depend on where the host puts things.
  for (KIRQL const level : levels) {
    KIRQL old;
    KeRaiseIrql(level, &old);
    ULONG const plain = DbgPrint("level %u, name %wZ\n", level, &name.string);
    ULONG const component = DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "%p\n",
                                       reinterpret_cast<PVOID>(0x1234));
    ULONG const list = print("%I64x\n", 1ull << 40);
    ULONG const prefixed = print_with_prefix("%s\n", "text");
    KIRQL const now = KeGetCurrentIrql();
    KeLowerIrql(old);
    MICA_CHECK(plain == STATUS_SUCCESS && component == STATUS_SUCCESS);
    MICA_CHECK(list == STATUS_SUCCESS && prefixed == STATUS_SUCCESS);
    MICA_CHECK(now == level);
  }
}
