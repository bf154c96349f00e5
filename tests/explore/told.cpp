// O3: who asked to be told of handles or processes is not told any more once that was taken back.
#include <nt/ob/callback.h>
#include <nt/ps.h>
#include <nt/rtl.h>

#include "conformance/process_support.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::OwnProcess;
using mica::test::ProcessThread;

namespace {

// Who is told of handles to this process.
struct Listener {
  PVOID registration = nullptr;
  std::atomic<bool> over{false};
  std::atomic<int> before{0}, after{0};

  Listener() noexcept {
    OB_OPERATION_REGISTRATION entry{PsProcessType, OB_OPERATION_HANDLE_CREATE, tell_before,
                                    tell_after};
    OB_CALLBACK_REGISTRATION asked{OB_FLT_REGISTRATION_VERSION, 1, {}, this, &entry};
    RtlInitUnicodeString(&asked.Altitude, u"370000");
    MICA_REQUIRE(ObRegisterCallbacks(&asked, &registration) == STATUS_SUCCESS);
  }
  static OB_PREOP_CALLBACK_STATUS NTAPI tell_before(PVOID context, POB_PRE_OPERATION_INFORMATION) {
    auto& self = *static_cast<Listener*>(context);
    MICA_CHECK(!self.over);
    ++self.before;
    return OB_PREOP_SUCCESS;
  }
  static VOID NTAPI tell_after(PVOID context, POB_POST_OPERATION_INFORMATION) {
    auto& self = *static_cast<Listener*>(context);
    MICA_CHECK(!self.over);
    ++self.after;
  }
};

// Who is told of processes. The routine has no context.
struct Heard {
  std::atomic<bool> over{false};
  std::atomic<int> calls{0};
};
Heard* heard;

void NTAPI hear(HANDLE, HANDLE, BOOLEAN) {
  MICA_CHECK(!heard->over);
  ++heard->calls;
}

}  // namespace

MICA_EXPLORE("O3-handle", "O3: a callback on handles is called before and after, or not any more",
             .processors = 2, .bound = 1) {
  Listener listener;
  Team team{window};
  auto opener = [&] {
    HANDLE handle = nullptr;
    MICA_CHECK(ObOpenObjectByPointer(PsGetCurrentProcess(), OBJ_KERNEL_HANDLE, nullptr, 0,
                                     *PsProcessType, KernelMode, &handle) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  };
  auto taker = [&] {
    ObUnRegisterCallbacks(listener.registration);
    listener.over = true;
  };
  meet(team, opener, taker);
  MICA_CHECK(listener.before == listener.after);
  MICA_CHECK(listener.before <= 1);
}

MICA_EXPLORE("O3-process", "O3: a routine is told that a process begins and ends, or not any more",
             .processors = 2, .bound = 1) {
  Heard those;
  MICA_REQUIRE(PsSetCreateProcessNotifyRoutine(hear, FALSE) == STATUS_SUCCESS);
  Team team{window};
  OwnProcess const process;
  auto body = [] {};
  auto starter = [&] {
    heard = &those;  // in the window: executions share it
    ProcessThread const only{process, body};
  };
  auto taker = [&] {
    MICA_CHECK(PsSetCreateProcessNotifyRoutine(hear, TRUE) == STATUS_SUCCESS);
    those.over = true;
  };
  meet(team, starter, taker);
  MICA_CHECK(those.calls <= 2);
}
