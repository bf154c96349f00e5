// System threads.                              [MSDN PsCreateSystemThread, PsTerminateSystemThread]
#include "support.hpp"

#include <nt/ex.h>
#include <nt/ob.h>
#include <nt/ps.h>
#include <nt/zw.h>

using namespace mica::test;

namespace {

struct Seen {
  KIRQL irql;
  KPROCESSOR_MODE mode;
  HANDLE id;
  PVOID context;
};

void NTAPI look(PVOID context) {
  auto& seen = *static_cast<Seen*>(context);
  seen = {KeGetCurrentIrql(), ExGetPreviousMode(), PsGetCurrentThreadId(), context};
  PsTerminateSystemThread(STATUS_TIMEOUT);
}

}  // namespace

MICA_CASE("Ps: a system thread runs at PASSIVE_LEVEL with its context and ends with its status") {
  Seen seen{HIGH_LEVEL, UserMode, nullptr, nullptr};
  HANDLE handle = nullptr;
  CLIENT_ID id{};
  MICA_REQUIRE(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, &id, look,
                                    &seen) == STATUS_SUCCESS);
  PVOID object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(wait(object) == STATUS_SUCCESS);
  MICA_CHECK(seen.irql == PASSIVE_LEVEL && seen.context == &seen);
  MICA_CHECK(seen.mode == KernelMode);
  MICA_CHECK(seen.id == id.UniqueThread && id.UniqueThread != PsGetCurrentThreadId());
  MICA_CHECK(PsGetThreadId(static_cast<PETHREAD>(object)) == id.UniqueThread);
  MICA_CHECK(PsGetThreadExitStatus(static_cast<PETHREAD>(object)) == STATUS_TIMEOUT);
  ObDereferenceObject(object);
}

MICA_CASE("Ps: PsCreateSystemThread refuses a process it does not know") {
  HANDLE handle = nullptr;
  MICA_CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr,
                                  reinterpret_cast<HANDLE>(ULONG_PTR{0x44}), nullptr, look,
                                  nullptr) == STATUS_INVALID_HANDLE);
  MICA_CHECK(handle == nullptr);
}

MICA_CASE("Ps: a thread that ends at a raised level is bugcheck C8") {
  auto const end = bugcheck_of([] {
    KeRaiseIrqlToDpcLevel();
    PsTerminateSystemThread(STATUS_SUCCESS);
  });
  MICA_CHECK(end.happened && end.code == IRQL_UNEXPECTED_VALUE &&
             end.parameters[0] == DISPATCH_LEVEL);
}

MICA_CASE("Ps: a thread that ends in a critical region is bugcheck 20") {
  auto const end = bugcheck_of([] {
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
  });
  MICA_CHECK(end.happened && end.code == KERNEL_APC_PENDING_DURING_EXIT);
}

MICA_CASE("Ps: many threads come and go") {
  int ran = 0;
  auto count = [&] { ++ran; };
  for (int i = 0; i < 200; ++i) join(start(count, {.processor = i}));
  MICA_CHECK(ran == 200);
}
