// Processes as objects, and their identifiers.
//                       [MSDN PsGetCurrentProcess, PsGetProcessId, PsLookupProcessByProcessId]
#include "process_support.hpp"

#include <nt/io.h>
#include <nt/rtl.h>

using namespace mica::test;

namespace {

HANDLE id_of(PVOID object) noexcept {
  return PsGetProcessId(static_cast<PEPROCESS>(object));
}

}  // namespace

MICA_CASE("Ps: a system thread is in the System process, under all its names") {
  PEPROCESS const system = PsInitialSystemProcess;
  PETHREAD const self = PsGetCurrentThread();
  MICA_CHECK(system != nullptr);
  MICA_CHECK(PsGetCurrentProcess() == system && IoGetCurrentProcess() == system);
  MICA_CHECK(PsGetThreadProcess(self) == system && IoThreadToProcess(self) == system);
  MICA_CHECK(PsGetCurrentThreadProcess() == system);
  HANDLE const id = PsGetProcessId(system);
  MICA_CHECK(id != nullptr && id != PsGetCurrentThreadId());
  MICA_CHECK(PsGetCurrentProcessId() == id && PsGetCurrentThreadProcessId() == id);
  MICA_CHECK(PsGetThreadProcessId(self) == id);
}

MICA_CASE("Ps: a DPC that interrupts nobody is in the System process") {
  static std::atomic<int> right;
  right = 0;
  KDPC dpc;
  KTIMER timer;
  KeInitializeTimer(&timer);
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID, PVOID, PVOID) NTAPI {
        right += PsGetCurrentProcess() == PsInitialSystemProcess;
        right += PsGetCurrentThreadProcess() == PsInitialSystemProcess;
      },
      nullptr);
  KeSetTimer(&timer, relative(millisecond_100ns), &dpc);
  sleep(3 * millisecond_100ns);
  until([&] { return right != 0; });
  MICA_CHECK(right == 2);
}

MICA_CASE("Ps: what is exported as data is of this System") {
  MICA_CHECK(ObGetObjectType(PsInitialSystemProcess) == *PsProcessType);
  MICA_CHECK(ObGetObjectType(PsGetCurrentThread()) == *PsThreadType);
  MICA_CHECK(*PsProcessType != *PsThreadType);
  PVOID object = nullptr;
  MICA_CHECK(ObReferenceObjectByHandle(NtCurrentThread(), 0, *PsProcessType, KernelMode, &object,
                                       nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, reinterpret_cast<PCWSTR>(u"\\Device\\Null"));
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  MICA_CHECK(ObGetObjectType(file) == *IoFileObjectType);
  MICA_CHECK(ObGetObjectType(device) == *IoDeviceObjectType);
  MICA_CHECK(ObGetObjectType(device->DriverObject) == *IoDriverObjectType);
  ObDereferenceObject(file);
}

MICA_CASE("Ps: the handle of the current process is that of the one the thread is in") {
  OwnProcess other;
  PVOID object = nullptr;
  KAPC_STATE state;
  KeStackAttachProcess(&other.kernel(), &state);
  MICA_CHECK(ObReferenceObjectByHandle(NtCurrentProcess(), 0, *PsProcessType, KernelMode, &object,
                                       nullptr) == STATUS_SUCCESS);
  KeUnstackDetachProcess(&state);
  MICA_CHECK(object == other.get());
  ObDereferenceObject(object);
}

MICA_CASE("Ps: a thread made with a process's handle is that process's") {
  OwnProcess process;
  PEPROCESS seen = nullptr;
  HANDLE seen_id = nullptr;
  auto body = [&] {
    seen = PsGetCurrentProcess();
    seen_id = PsGetCurrentProcessId();
  };
  {
    ProcessThread const thread{process, body};
    MICA_CHECK(thread.id().UniqueProcess == PsGetProcessId(process.get()));
    MICA_CHECK(PsGetThreadProcess(thread.get()) == process.get());
    MICA_CHECK(PsGetThreadProcessId(thread.get()) == thread.id().UniqueProcess);
  }
  MICA_CHECK(seen == process.get() && seen_id == PsGetProcessId(process.get()));
  MICA_CHECK(seen != PsInitialSystemProcess);
}

MICA_CASE("Ps: PsCreateSystemThread wants the handle of a process") {
  HANDLE handle = nullptr;
  PKSTART_ROUTINE const never = [](PVOID) NTAPI { MICA_CHECK(false); };
  MICA_CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, NtCurrentThread(), nullptr,
                                  never, nullptr) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(handle == nullptr);
}

MICA_CASE("Ps: a process ends with its last thread, and takes none any more") {
  OwnProcess process;
  OwnEvent first_ends, second_ends;
  auto first = [&] { wait(&first_ends.event); };
  auto second = [&] { wait(&second_ends.event); };
  MICA_CHECK(poll(process.get()) == STATUS_TIMEOUT);
  {
    ProcessThread const one{process, first}, two{process, second};
    first_ends.set();
    wait(one.get());
    MICA_CHECK(poll(process.get()) == STATUS_TIMEOUT);
    second_ends.set();
    MICA_CHECK(wait(process.get()) == STATUS_SUCCESS);
  }
  MICA_CHECK(poll(process.get()) == STATUS_SUCCESS);
  process.with_handle([&](HANDLE owner) {
    HANDLE handle = nullptr;
    PKSTART_ROUTINE const never = [](PVOID) NTAPI { MICA_CHECK(false); };
    MICA_CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, owner, nullptr, never,
                                    nullptr) == STATUS_PROCESS_IS_TERMINATING);
  });
}

MICA_CASE("Ps: an identifier finds its object until that is deleted, though it has ended") {
  PEPROCESS process = nullptr;
  PETHREAD thread = nullptr;
  HANDLE const system_id = PsGetProcessId(PsInitialSystemProcess);
  MICA_CHECK(PsLookupProcessByProcessId(system_id, &process) == STATUS_SUCCESS);
  MICA_CHECK(process == PsInitialSystemProcess);
  ObDereferenceObject(process);
  MICA_CHECK(PsLookupThreadByThreadId(PsGetCurrentThreadId(), &thread) == STATUS_SUCCESS);
  MICA_CHECK(thread == PsGetCurrentThread());
  ObDereferenceObject(thread);

  // Each kind has its own, and a handle's two lowest bits count.
  MICA_CHECK(PsLookupProcessByProcessId(PsGetCurrentThreadId(), &process) == STATUS_INVALID_CID);
  MICA_CHECK(PsLookupThreadByThreadId(system_id, &thread) == STATUS_INVALID_CID);
  MICA_CHECK(PsLookupThreadByThreadId(nullptr, &thread) == STATUS_INVALID_CID);

  HANDLE id = nullptr;
  {
    OwnProcess own;
    auto body = [] {};
    ProcessThread const short_lived{own, body};
    wait(short_lived.get());
    id = PsGetProcessId(own.get());
    MICA_CHECK(PsLookupThreadByThreadId(short_lived.id().UniqueThread, &thread) == STATUS_SUCCESS);
    MICA_CHECK(thread == short_lived.get());
    ObDereferenceObject(thread);
    MICA_CHECK(PsLookupProcessByProcessId(id, &process) == STATUS_SUCCESS);
    MICA_CHECK(process == own.get() && id_of(process) == id);
    ObDereferenceObject(process);
  }
  // Its thread's reference goes when the reaper deletes the thread.
  until([&] {
    if (PsLookupProcessByProcessId(id, &process) == STATUS_INVALID_CID) return true;
    ObDereferenceObject(process);
    return false;
  });
}
