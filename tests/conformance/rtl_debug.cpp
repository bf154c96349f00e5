// The debugger's console.          [MSDN DbgPrint, DbgPrintEx; wdm.h, DbgSetDebugPrintCallback]
#include "rtl_support.hpp"

#include <nt/ex.h>

#include <string_view>

using namespace mica::test;

namespace {

constexpr ULONG tag = 'tmrF';

// What the listener was told last, and how often.
struct Heard {
  CHAR text[520];
  USHORT length;
  ULONG component;
  ULONG level;
  KIRQL irql;
  unsigned calls;
};
Heard heard;

VOID NTAPI listen(PSTRING output, ULONG component, ULONG level) {
  heard.length = output->Length;
  for (USHORT i = 0; i < output->Length; ++i) heard.text[i] = output->Buffer[i];
  heard.component = component;
  heard.level = level;
  heard.irql = KeGetCurrentIrql();
  ++heard.calls;
}

VOID NTAPI listen_elsewhere(PSTRING, ULONG, ULONG) {}

// For a scope.
class Listening {
 public:
  Listening() noexcept {
    heard = {};
    MICA_CHECK(DbgSetDebugPrintCallback(&listen, TRUE) == STATUS_SUCCESS);
  }
  ~Listening() { MICA_CHECK(DbgSetDebugPrintCallback(&listen, FALSE) == STATUS_SUCCESS); }
  Listening(Listening const&) = delete;
  Listening& operator=(Listening const&) = delete;

  [[nodiscard]] bool heard_text(std::string_view expected, ULONG component, ULONG level) const {
    return std::string_view{heard.text, heard.length} == expected &&
           heard.component == component && heard.level == level;
  }
};

ULONG NTAPI print(PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  ULONG const status = vDbgPrintEx(DPFLTR_IHVBUS_ID, DPFLTR_ERROR_LEVEL, format, arguments);
  MS_VA_END(arguments);
  return status;
}

ULONG NTAPI print_with_prefix(PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  ULONG const status = vDbgPrintExWithPrefix("prefix: ", DPFLTR_IHVVIDEO_ID, DPFLTR_TRACE_LEVEL,
                                             format, arguments);
  MS_VA_END(arguments);
  return status;
}

}  // namespace

MICA_CASE("Rtl: DbgPrint and its relatives succeed at every level") {
  Wide const name{u"\\Device\\Null"};
  Listening const listening;
  constexpr KIRQL levels[] = {PASSIVE_LEVEL, DISPATCH_LEVEL, HIGH_LEVEL};
  for (KIRQL const level : levels) {
    KIRQL old;
    KeRaiseIrql(level, &old);
    ULONG const status = DbgPrint("name %wZ\n", &name.string);
    KIRQL const now = KeGetCurrentIrql();
    KeLowerIrql(old);
    MICA_CHECK(status == STATUS_SUCCESS);
    MICA_CHECK(listening.heard_text("name \\Device\\Null\n", DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL));
    MICA_CHECK(now == level);
    MICA_CHECK(heard.irql == HIGH_LEVEL);
  }
}

MICA_CASE("Rtl: DbgPrintEx and its relatives name component and level") {
  Listening const listening;
  MICA_CHECK(DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL, "%s %u\n", "text", 7u) ==
             STATUS_SUCCESS);
  MICA_CHECK(listening.heard_text("text 7\n", DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL));
  MICA_CHECK(print("%I64x\n", 1ull << 40) == STATUS_SUCCESS);
  MICA_CHECK(listening.heard_text("10000000000\n", DPFLTR_IHVBUS_ID, DPFLTR_ERROR_LEVEL));
  MICA_CHECK(print_with_prefix("%d\n", -5) == STATUS_SUCCESS);
  MICA_CHECK(listening.heard_text("prefix: -5\n", DPFLTR_IHVVIDEO_ID, DPFLTR_TRACE_LEVEL));
  MICA_CHECK(heard.calls == 3);
}

MICA_CASE("Rtl: a listener hears 512 bytes of one DbgPrint") {
  Listening const listening;
  MICA_CHECK(DbgPrint("%600d\n", 1) == STATUS_SUCCESS);
  MICA_CHECK(heard.length == 512);
  MICA_CHECK(heard.text[0] == ' ');
  MICA_CHECK(heard.text[511] == ' ');
}

MICA_CASE("Rtl: one listener at a time") {
  MICA_CHECK(DbgSetDebugPrintCallback(nullptr, TRUE) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(DbgSetDebugPrintCallback(&listen, FALSE) == STATUS_UNSUCCESSFUL);
  {
    Listening const listening;
    MICA_CHECK(DbgSetDebugPrintCallback(&listen_elsewhere, TRUE) == STATUS_UNSUCCESSFUL);
    MICA_CHECK(DbgSetDebugPrintCallback(&listen_elsewhere, FALSE) == STATUS_UNSUCCESSFUL);
    DbgPrint("heard\n");
  }
  DbgPrint("not heard\n");
  MICA_CHECK(heard.calls == 1);
}

MICA_CASE("Rtl: of a string with a precision no more is read than it says") {
  SpecialPool const special{tag};  // after whose blocks nothing can be read
  constexpr SIZE_T bytes = 32;
  auto* const text = static_cast<CHAR*>(ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag));
  MICA_REQUIRE(text != nullptr);
  RtlFillMemory(text, bytes, 'q');
  Listening const listening;
  print("<%.4s>", text + bytes - 4);
  MICA_CHECK(std::string_view(heard.text, heard.length) == "<qqqq>");
  print("<%.2ws>", text + bytes - 4);
  MICA_CHECK(std::string_view(heard.text, heard.length) == "<\?\?>");
  print("<%.0s%.0ws>", text + bytes, text + bytes);
  MICA_CHECK(std::string_view(heard.text, heard.length) == "<>");
  ExFreePoolWithTag(text, tag);
}
