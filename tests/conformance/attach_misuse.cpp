// Attaching where it is not allowed.                                      [Bug Checks 0x5 and 0x6]
#include "apc_support.hpp"
#include "process_support.hpp"

using namespace mica::test;

namespace {

ULONG_PTR number(void const* pointer) noexcept {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

bool is_detach(Bugcheck const& end) noexcept {
  return end.happened && end.code == INVALID_PROCESS_DETACH_ATTEMPT;
}

// The thread was attached to the process, and not in a DPC routine.
bool is_attach(Bugcheck const& end, OwnProcess const& process) noexcept {
  return end.happened && end.code == INVALID_PROCESS_ATTACH_ATTEMPT &&
         end.parameters[0] == number(PsInitialSystemProcess) &&
         end.parameters[1] == number(process.get()) && end.parameters[2] == 1 &&
         end.parameters[3] == 0;
}

}  // namespace

MICA_CASE("Ke: KeAttachProcess of an attached thread is bugcheck 5") {
  OwnProcess first, second;
  for (OwnProcess const* target : {&first, &second}) {
    Bugcheck const end = bugcheck_of([&] {
      KeAttachProcess(&first.kernel());
      KeAttachProcess(&target->kernel());
    });
    MICA_CHECK(is_attach(end, first));
  }
}

MICA_CASE("Ke: a thread that ends while it is attached is bugcheck 5") {
  OwnProcess other;
  KAPC_STATE state;
  MICA_CHECK(is_attach(bugcheck_of([&] {
                         KeStackAttachProcess(&other.kernel(), &state);
                         PsTerminateSystemThread(STATUS_SUCCESS);
                       }),
                       other));
}

MICA_CASE("Ke: an APC's routine that comes back in another process is bugcheck 5") {
  static OwnProcess* target;
  static KAPC apc;
  static KAPC_STATE state;
  OwnProcess other;
  target = &other;
  PKKERNEL_ROUTINE const kernel = [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
                                      NTAPI { KeStackAttachProcess(&target->kernel(), &state); };
  PKNORMAL_ROUTINE const normal = [](PVOID, PVOID, PVOID)
                                      NTAPI { KeStackAttachProcess(&target->kernel(), &state); };
  MICA_CHECK(is_attach(bugcheck_of([&] {
                         KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, kernel,
                                         nullptr, nullptr, KernelMode, nullptr);
                         KeInsertQueueApc(&apc, nullptr, nullptr, 0);
                       }),
                       other));
  MICA_CHECK(is_attach(bugcheck_of([&] {
                         KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment,
                                         nothing, nullptr, normal, KernelMode, nullptr);
                         KeInsertQueueApc(&apc, nullptr, nullptr, 0);
                       }),
                       other));
}

MICA_CASE("Ke: detaching a thread that is not attached is bugcheck 6") {
  OwnProcess other;
  MICA_CHECK(is_detach(bugcheck_of([&] {
    KAPC_STATE state;
    KeStackAttachProcess(&other.kernel(), &state);
    KeUnstackDetachProcess(&state);
    KeUnstackDetachProcess(&state);
  })));
}

MICA_CASE("Ke: detaching in a normal APC of the attachment is bugcheck 6") {
  static KAPC apc;
  OwnProcess other;
  MICA_CHECK(is_detach(bugcheck_of([&] {
    KeAttachProcess(&other.kernel());
    KeInitializeApc(
        &apc, KeGetCurrentThread(), CurrentApcEnvironment, nothing, nullptr,
        [](PVOID, PVOID, PVOID) NTAPI { KeDetachProcess(); }, KernelMode, nullptr);
    KeInsertQueueApc(&apc, nullptr, nullptr, 0);
  })));
}

MICA_CASE("Ke: detaching with an APC that cannot run is bugcheck 6") {
  static KAPC apc;
  OwnProcess other;
  struct Kind {
    PKNORMAL_ROUTINE routine;
    KPROCESSOR_MODE mode;
    VOID(NTAPI* region)();
  };
  PKNORMAL_ROUTINE const normal = [](PVOID, PVOID, PVOID) NTAPI {};
  Kind const kinds[] = {{normal, UserMode, KeEnterCriticalRegion},
                        {normal, KernelMode, KeEnterCriticalRegion},
                        {nullptr, KernelMode, KeEnterGuardedRegion}};
  for (Kind const& kind : kinds)
    MICA_CHECK(is_detach(bugcheck_of([&] {
      KeAttachProcess(&other.kernel());
      KeInitializeApc(&apc, KeGetCurrentThread(), CurrentApcEnvironment, nothing, nullptr,
                      kind.routine, kind.mode, nullptr);
      kind.region();
      KeInsertQueueApc(&apc, nullptr, nullptr, 0);
      KeDetachProcess();
    })));
}

MICA_CASE("Ke: attaching and detaching above APC_LEVEL is bugcheck A") {
  static KAPC_STATE state;
  OwnProcess other;
  auto at_dispatch = [](auto call) {
    Bugcheck const end = bugcheck_of([&] {
      KeRaiseIrqlToDpcLevel();
      call();
    });
    MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
    MICA_CHECK(end.parameters[1] == DISPATCH_LEVEL);
  };
  at_dispatch([&] { KeStackAttachProcess(&other.kernel(), &state); });
  at_dispatch([] { KeUnstackDetachProcess(&state); });
  at_dispatch([&] { KeAttachProcess(&other.kernel()); });
  at_dispatch([] { KeDetachProcess(); });
}
