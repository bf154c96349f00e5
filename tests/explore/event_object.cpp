// O1 for events: an object is deleted once, after its last reference, be it a handle's, a wait's or
// that of who sets it.
#include "conformance/event_support.hpp"

#include <nt/io.h>

#include "rig.hpp"

using namespace mica::explore;
using mica::test::live_events;
using mica::test::Text;

namespace {

// As many events are there at the end of the scope as at its begin.
class [[nodiscard]] NoneLeft {
 public:
  NoneLeft() noexcept = default;
  ~NoneLeft() { MICA_CHECK(live_events() == before_); }
  NoneLeft(NoneLeft const&) = delete;
  NoneLeft& operator=(NoneLeft const&) = delete;

 private:
  std::uint64_t const before_ = live_events();
};

// An event that the threads of a scenario let go of: a handle of it and a reference.
class [[nodiscard]] PassingEvent {
 public:
  explicit PassingEvent(EVENT_TYPE type) noexcept {
    MICA_REQUIRE(ZwCreateEvent(&handle_, EVENT_ALL_ACCESS, nullptr, type, FALSE) == STATUS_SUCCESS);
    MICA_REQUIRE(ObReferenceObjectByHandle(handle_, 0, *ExEventObjectType, KernelMode, &object_,
                                           nullptr) == STATUS_SUCCESS);
  }
  PassingEvent(PassingEvent const&) = delete;
  PassingEvent& operator=(PassingEvent const&) = delete;

  [[nodiscard]] HANDLE handle() const noexcept { return handle_; }
  operator PKEVENT() const noexcept { return static_cast<PKEVENT>(object_); }
  void close() noexcept { MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS); }
  void dereference() noexcept { ObDereferenceObject(object_); }

 private:
  HANDLE handle_ = nullptr;
  PVOID object_ = nullptr;
};

bool is_found(NTSTATUS status) noexcept {
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_INVALID_HANDLE);
  return status == STATUS_SUCCESS;
}

}  // namespace

MICA_EXPLORE("O1-event-wait", "O1: who waits by handle has the event until the wait is over",
             .processors = 2, .bound = 1) {
  NoneLeft const none_left;
  Team team{window};
  mica::test::SpecialPool const special{mica::ob::pool_tag("Even")};
  PassingEvent event{SynchronizationEvent};
  auto waiter = [&] { is_found(ZwWaitForSingleObject(event.handle(), FALSE, nullptr)); };
  auto closer = [&] {
    event.close();
    KeSetEvent(event, 0, FALSE);
    event.dereference();
  };
  meet(team, waiter, closer);
}

MICA_EXPLORE("O1-event-waits", "O1: who waits by several handles has all events until it is over",
             .processors = 2, .bound = 1) {
  NoneLeft const none_left;
  Team team{window};
  PassingEvent first{SynchronizationEvent}, second{SynchronizationEvent};
  auto waiter = [&] {
    HANDLE handles[] = {first.handle(), second.handle()};
    is_found(ZwWaitForMultipleObjects(2, handles, WaitAll, FALSE, nullptr));
  };
  auto closer = [&] {
    for (PassingEvent* const event : {&second, &first}) {
      event->close();
      KeSetEvent(*event, 0, FALSE);
      event->dereference();
    }
  };
  meet(team, waiter, closer);
}

MICA_EXPLORE("O1-event-set", "O1: who sets by handle sets the event, or finds the handle closed",
             .processors = 3, .bound = 1) {
  NoneLeft const none_left;
  Team team{window};
  PassingEvent event{NotificationEvent};
  bool found = false;
  auto setter = [&] { found = is_found(ZwSetEvent(event.handle(), nullptr)); };
  auto closer = [&] { event.close(); };
  auto waiter = [&] {
    if (mica::test::poll(event) == STATUS_SUCCESS) MICA_CHECK(KeReadStateEvent(event) != 0);
  };
  team.add(setter, {.processor = 0});
  team.add(closer, {.processor = 1});
  team.add(waiter, {.processor = 2});
  team.run();
  MICA_CHECK((KeReadStateEvent(event) != 0) == found);
  event.dereference();
}

MICA_EXPLORE("O1-event-name", "O1: those who open an event by name while it is there have the same",
             .processors = 2, .bound = 1) {
  NoneLeft const none_left;
  Team team{window};
  std::atomic<int> inside{0};
  auto user = [&] {
    Text name{u"\\MicaShared"};
    HANDLE handle = nullptr;
    PKEVENT const event = IoCreateSynchronizationEvent(name, &handle);
    MICA_REQUIRE(event != nullptr);
    MICA_CHECK(wait(event) == STATUS_SUCCESS);
    MICA_CHECK(++inside == 1);
    --inside;
    KeSetEvent(event, 0, FALSE);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  };
  meet(team, user, user);
}
