// Callbacks for processors that are added.         [MSDN KeRegisterProcessorChangeCallback]
#include "support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG nobody = ~0u;

struct Told {
  ULONG refuse = nobody;  // which processor
  ULONG started = 0, completed = 0, failed = 0;
  bool right = true;

  static void NTAPI call(PVOID context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change,
                         PNTSTATUS status) {
    auto& told = *static_cast<Told*>(context);
    bool const failure = change->State == KeProcessorAddFailureNotify;
    ULONG& count = change->State == KeProcessorAddStartNotify      ? told.started
                   : change->State == KeProcessorAddCompleteNotify ? told.completed
                                                                   : told.failed;
    told.right = told.right && *status == STATUS_SUCCESS && change->NtNumber == count &&
                 change->ProcNumber.Number == count && change->ProcNumber.Group == 0 &&
                 change->Status == (failure ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS);
    if (change->State == KeProcessorAddStartNotify && change->NtNumber == told.refuse)
      *status = STATUS_INSUFFICIENT_RESOURCES;
    ++count;
  }
};

}  // namespace

MICA_CASE("Ke: who registers for added processors is told of those that there are, if it asks") {
  Told told;
  PVOID const silent = KeRegisterProcessorChangeCallback(Told::call, &told, 0);
  MICA_CHECK(silent != nullptr && told.started == 0);
  PVOID const handle =
      KeRegisterProcessorChangeCallback(Told::call, &told, KE_PROCESSOR_CHANGE_ADD_EXISTING);
  MICA_CHECK(handle != nullptr && told.right);
  MICA_CHECK(told.started == processors() && told.completed == processors() && told.failed == 0);
  KeDeregisterProcessorChangeCallback(handle);
  KeDeregisterProcessorChangeCallback(silent);
}

MICA_CASE("Ke: who refuses a processor is told that those before it failed") {
  ULONG const last = processors() - 1;
  Told told{.refuse = last};
  MICA_CHECK(KeRegisterProcessorChangeCallback(Told::call, &told,
                                               KE_PROCESSOR_CHANGE_ADD_EXISTING) == nullptr);
  MICA_CHECK(told.right);
  MICA_CHECK(told.started == last + 1 && told.completed == 0 && told.failed == last);
}

MICA_CASE("Ke: registering for added processors above PASSIVE_LEVEL stops") {
  Told told;
  auto const end = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(APC_LEVEL));
    KeRegisterProcessorChangeCallback(Told::call, &told, 0);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == APC_LEVEL);
  PVOID const handle = KeRegisterProcessorChangeCallback(Told::call, &told, 0);
  auto const other = bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(APC_LEVEL));
    KeDeregisterProcessorChangeCallback(handle);
  });
  MICA_CHECK(other.happened && other.code == IRQL_NOT_LESS_OR_EQUAL);
  KeDeregisterProcessorChangeCallback(handle);
}
