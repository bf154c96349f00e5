// Who is told of processes that begin and end.
//                     [MSDN PsSetCreateProcessNotifyRoutine, PsSetCreateProcessNotifyRoutineEx]
#include <nt/rtl.h>

#include "process_support.hpp"

using namespace mica::test;

namespace {

struct Heard {
  std::atomic<int> begun, ended;
  PEPROCESS process;
  HANDLE id, parent, creator_process, creator_thread;
  bool right, named;
  NTSTATUS refuse;
  KEVENT* holds;   // who is told waits for it
  PEPROCESS only;  // the others are not heard; null: all are
};
Heard heard;

bool is(PCUNICODE_STRING text, WCHAR const* expected) noexcept {
  UNICODE_STRING other;
  RtlInitUnicodeString(&other, expected);
  return text != nullptr && RtlEqualUnicodeString(text, &other, FALSE) != FALSE;
}

void NTAPI told(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO information) {
  if (heard.only != nullptr && heard.only != process) return;
  heard.process = process;
  heard.id = id;
  heard.right = heard.right && KeGetCurrentIrql() == PASSIVE_LEVEL &&
                KeAreApcsDisabled() != FALSE && KeAreAllApcsDisabled() == FALSE;
  if (information == nullptr) {
    ++heard.ended;
    return;
  }
  heard.right = heard.right && information->Size == sizeof *information &&
                information->FileObject == nullptr &&
                information->CreationStatus == STATUS_SUCCESS && information->Reserved == 0 &&
                information->IsSubsystemProcess == 0;
  heard.named = is(information->ImageFileName, u"\\??\\C:\\one.exe") &&
                is(information->CommandLine, u"one two") && information->FileOpenNameAvailable != 0;
  heard.parent = information->ParentProcessId;
  heard.creator_process = information->CreatingThreadId.UniqueProcess;
  heard.creator_thread = information->CreatingThreadId.UniqueThread;
  information->CreationStatus = heard.refuse;
  ++heard.begun;
  if (heard.holds != nullptr) wait(heard.holds);
}

std::atomic<int> legacy_begun, legacy_ended;
HANDLE legacy_parent, legacy_id;

void NTAPI told_as_before(HANDLE parent, HANDLE id, BOOLEAN begins) {
  legacy_parent = parent;
  legacy_id = id;
  ++(begins != FALSE ? legacy_begun : legacy_ended);
}

// The routine is told for the length of a case.
struct Listening {
  Listening() noexcept {
    heard.begun = heard.ended = 0;
    heard.right = true;
    heard.named = false;
    heard.refuse = STATUS_SUCCESS;
    heard.holds = nullptr;
    heard.only = nullptr;
    MICA_REQUIRE(PsSetCreateProcessNotifyRoutineEx(told, FALSE) == STATUS_SUCCESS);
  }
  ~Listening() { MICA_CHECK(PsSetCreateProcessNotifyRoutineEx(told, TRUE) == STATUS_SUCCESS); }
  Listening(Listening const&) = delete;
  Listening& operator=(Listening const&) = delete;
};

NTSTATUS make_thread(OwnProcess const& process, PKSTART_ROUTINE routine) noexcept {
  NTSTATUS status = STATUS_SUCCESS;
  process.with_handle([&](HANDLE owner) {
    HANDLE thread = nullptr;
    status =
        PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, owner, nullptr, routine, nullptr);
    if (NT_SUCCESS(status)) MICA_CHECK(ZwClose(thread) == STATUS_SUCCESS);
  });
  return status;
}

}  // namespace

MICA_CASE("Ps: a process begins with its first thread and ends with its last, and that is told") {
  Listening const listening;
  OwnProcess process;
  MICA_CHECK(heard.begun == 0);
  {
    Waiting const first{process};
    MICA_CHECK(heard.begun == 1 && heard.process == process.get());
    MICA_CHECK(heard.id == PsGetProcessId(process.get()) && !heard.named);
    HANDLE const self = PsGetCurrentProcessId();
    MICA_CHECK(heard.parent == self && heard.creator_process == self);
    MICA_CHECK(heard.creator_thread == PsGetCurrentThreadId());
    { Waiting const second{process}; }
    MICA_CHECK(heard.begun == 1 && heard.ended == 0);
  }
  MICA_CHECK(heard.ended == 1 && heard.right && heard.process == process.get());
  MICA_CHECK(make_thread(process, [](PVOID) NTAPI {}) == STATUS_PROCESS_IS_TERMINATING);
  MICA_CHECK(heard.begun == 1 && heard.ended == 1);
}

MICA_CASE("Ps: a process is told of with its image's name and its command line") {
  Listening const listening;
  mica::ps::ProcessOptions options;
  RtlInitUnicodeString(&options.image_name, u"\\??\\C:\\one.exe");
  RtlInitUnicodeString(&options.command_line, u"one two");
  OwnProcess process{options};
  { Waiting const thread{process}; }
  MICA_CHECK(heard.named && heard.right);
}

MICA_CASE("Ps: who is told of a process may refuse it") {
  Listening const listening;
  heard.refuse = STATUS_ACCESS_DENIED;
  OwnProcess process;
  static std::atomic<bool> ran;
  ran = false;
  auto const run = [](PVOID) NTAPI { ran = true; };
  MICA_CHECK(make_thread(process, run) == STATUS_ACCESS_DENIED);
  heard.refuse = STATUS_SUCCESS;
  MICA_CHECK(make_thread(process, run) == STATUS_ACCESS_DENIED);
  MICA_CHECK(heard.begun == 1 && heard.ended == 0 && !ran);
}

MICA_CASE("Ps: system threads are of no process that is told of") {
  Listening const listening;
  HANDLE thread = nullptr;
  PVOID object = nullptr;
  MICA_REQUIRE(PsCreateSystemThread(
                   &thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, [](PVOID) NTAPI {},
                   nullptr) == STATUS_SUCCESS);
  MICA_REQUIRE(ObReferenceObjectByHandle(thread, 0, *PsThreadType, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  wait(object);
  ObDereferenceObject(object);
  MICA_CHECK(ZwClose(thread) == STATUS_SUCCESS);
  MICA_CHECK(heard.begun == 0 && heard.ended == 0);
}

MICA_CASE("Ps: routines of both kinds are registered once, and removed once") {
  {
    Listening const listening;
    MICA_CHECK(PsSetCreateProcessNotifyRoutineEx(told, FALSE) == STATUS_INVALID_PARAMETER);
    MICA_REQUIRE(PsSetCreateProcessNotifyRoutine(told_as_before, FALSE) == STATUS_SUCCESS);
    MICA_CHECK(PsSetCreateProcessNotifyRoutine(told_as_before, FALSE) == STATUS_INVALID_PARAMETER);
    legacy_begun = legacy_ended = 0;
    OwnProcess process;
    { Waiting const thread{process}; }
    MICA_CHECK(legacy_begun == 1 && legacy_ended == 1 && heard.begun == 1 && heard.ended == 1);
    MICA_CHECK(legacy_parent == PsGetCurrentProcessId());
    MICA_CHECK(legacy_id == PsGetProcessId(process.get()));
    MICA_CHECK(PsSetCreateProcessNotifyRoutine(told_as_before, TRUE) == STATUS_SUCCESS);
  }
  MICA_CHECK(PsSetCreateProcessNotifyRoutine(told_as_before, TRUE) == STATUS_PROCEDURE_NOT_FOUND);
  MICA_CHECK(PsSetCreateProcessNotifyRoutineEx(told, TRUE) == STATUS_PROCEDURE_NOT_FOUND);
  OwnProcess process;
  { Waiting const thread{process}; }
  MICA_CHECK(legacy_begun == 1 && heard.begun == 1);
}

MICA_CASE("Ps: removing a routine waits for a call of it that goes on") {
  OwnEvent go_on;
  OwnProcess process, helpers;
  heard.begun = 0;
  heard.refuse = STATUS_SUCCESS;
  heard.holds = &go_on.event;
  heard.only = process.get();
  MICA_REQUIRE(PsSetCreateProcessNotifyRoutineEx(told, FALSE) == STATUS_SUCCESS);
  std::atomic<bool> removed = false;
  auto make = [&] { MICA_CHECK(make_thread(process, [](PVOID) NTAPI {}) == STATUS_SUCCESS); };
  auto remove = [&] {
    MICA_CHECK(PsSetCreateProcessNotifyRoutineEx(told, TRUE) == STATUS_SUCCESS);
    removed = true;
  };
  ProcessThread const maker{helpers, make};
  until([] { return heard.begun == 1; });
  ProcessThread const remover{helpers, remove};
  // Once it is taken out it may come again, though the call goes on.
  until([] { return PsSetCreateProcessNotifyRoutineEx(told, FALSE) == STATUS_SUCCESS; });
  MICA_CHECK(!removed);
  MICA_CHECK(PsSetCreateProcessNotifyRoutineEx(told, TRUE) == STATUS_SUCCESS);
  go_on.set();
  until([&] { return removed.load(); });
  MICA_CHECK(heard.begun == 1);
}
