#include <mica/test.hpp>

using namespace mica::test;

namespace {

UCHAR component[] = "conformance";

void NTAPI not_called(PVOID, ULONG) {
  MICA_CHECK(!"a callback without a bugcheck");
}

void NTAPI no_dump(KBUGCHECK_CALLBACK_REASON, KBUGCHECK_REASON_CALLBACK_RECORD*, PVOID, ULONG) {
  MICA_CHECK(!"a dump without a bugcheck");
}

}  // namespace

MICA_CASE("Ke: KeBugCheckEx stops with its code and parameters") {
  Bugcheck const end =
      bugcheck_of([] { KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 0x8000000000000004); });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == MANUALLY_INITIATED_CRASH);
  MICA_CHECK(end.parameters[0] == 1 && end.parameters[1] == 2 && end.parameters[2] == 3);
  MICA_CHECK(end.parameters[3] == 0x8000000000000004);
}

MICA_CASE("Ke: KeBugCheck has parameters of zero") {
  Bugcheck const end = bugcheck_of([] { KeBugCheck(MANUALLY_INITIATED_CRASH); });
  MICA_REQUIRE(end.happened);
  MICA_CHECK(end.code == MANUALLY_INITIATED_CRASH);
  for (ULONG_PTR const parameter : end.parameters) MICA_CHECK(parameter == 0);
}

MICA_CASE("Ke: a body without a bugcheck has none") {
  Bugcheck const end = bugcheck_of([] {});
  MICA_CHECK(!end.happened);
}

MICA_CASE("Ke: a bugcheck callback is registered once and deregistered once") {
  KBUGCHECK_CALLBACK_RECORD record;
  KeInitializeCallbackRecord(&record);
  char buffer[8];
  MICA_CHECK(KeDeregisterBugCheckCallback(&record) == FALSE);
  MICA_CHECK(KeRegisterBugCheckCallback(&record, not_called, buffer, sizeof buffer, component) ==
             TRUE);
  MICA_CHECK(KeRegisterBugCheckCallback(&record, not_called, buffer, sizeof buffer, component) ==
             FALSE);
  MICA_CHECK(KeDeregisterBugCheckCallback(&record) == TRUE);
  MICA_CHECK(KeDeregisterBugCheckCallback(&record) == FALSE);
  MICA_CHECK(KeRegisterBugCheckCallback(&record, not_called, buffer, sizeof buffer, component) ==
             TRUE);
  MICA_CHECK(KeDeregisterBugCheckCallback(&record) == TRUE);
}

MICA_CASE("Ke: bugcheck callbacks may be deregistered in any order") {
  KBUGCHECK_CALLBACK_RECORD records[3];
  for (auto& record : records) {
    KeInitializeCallbackRecord(&record);
    MICA_CHECK(KeRegisterBugCheckCallback(&record, not_called, nullptr, 0, component) == TRUE);
  }
  constexpr int order[] = {1, 0, 2};
  for (int const i : order) MICA_CHECK(KeDeregisterBugCheckCallback(&records[i]) == TRUE);
}

MICA_CASE("Ke: a bugcheck callback with a reason is registered once and deregistered once") {
  KBUGCHECK_REASON_CALLBACK_RECORD record;
  KeInitializeCallbackRecord(&record);
  MICA_CHECK(KeDeregisterBugCheckReasonCallback(&record) == FALSE);
  MICA_CHECK(KeRegisterBugCheckReasonCallback(&record, no_dump, KbCallbackSecondaryDumpData,
                                              component) == TRUE);
  MICA_CHECK(KeRegisterBugCheckReasonCallback(&record, no_dump, KbCallbackSecondaryDumpData,
                                              component) == FALSE);
  MICA_CHECK(KeDeregisterBugCheckReasonCallback(&record) == TRUE);
  MICA_CHECK(KeDeregisterBugCheckReasonCallback(&record) == FALSE);
}

MICA_CASE("Ke: bugcheck callbacks are registered at any level") {
  KBUGCHECK_CALLBACK_RECORD record;
  KeInitializeCallbackRecord(&record);
  KIRQL const old = KfRaiseIrql(HIGH_LEVEL);
  BOOLEAN const registered = KeRegisterBugCheckCallback(&record, not_called, nullptr, 0, component);
  BOOLEAN const removed = KeDeregisterBugCheckCallback(&record);
  KeLowerIrql(old);
  MICA_CHECK(registered == TRUE);
  MICA_CHECK(removed == TRUE);
}
