// Waiting by handle for a process that is made, and as user mode: nothing of the NT interface does
// either.                                                          [MSDN ZwWaitForSingleObject]
#include "event_support.hpp"
#include "ob/wait.hpp"
#include "process_support.hpp"

using namespace mica::test;

MICA_CASE("Ob: the handle of a process is waited for until its last thread has ended") {
  OwnProcess process;
  OwnEvent end;
  auto body = [&] { static_cast<void>(wait(&end.event)); };
  process.with_handle([&](HANDLE handle) {
    {
      ProcessThread const thread{process, body};
      MICA_CHECK(poll_by_handle(handle) == STATUS_TIMEOUT);
      static_cast<void>(KeSetEvent(&end.event, 0, FALSE));
    }
    MICA_CHECK(ZwWaitForSingleObject(handle, FALSE, nullptr) == STATUS_SUCCESS);
  });
}

MICA_CASE("Ob: to wait by handle one needs SYNCHRONIZE, but in kernel mode") {
  EventHandle const event{NotificationEvent, TRUE, nullptr, EVENT_MODIFY_STATE};
  mica::ob::Waitable found{};
  MICA_CHECK(mica::ob::reference_waitable(event, UserMode, &found) == STATUS_ACCESS_DENIED);
  MICA_CHECK(poll_by_handle(event) == STATUS_SUCCESS);
  EventHandle const enough{NotificationEvent, TRUE, nullptr, SYNCHRONIZE};
  MICA_REQUIRE(mica::ob::reference_waitable(enough, UserMode, &found) == STATUS_SUCCESS);
  MICA_CHECK(found.dispatcher == PKEVENT{EventReference{enough}});
  ObDereferenceObject(found.object);
}
