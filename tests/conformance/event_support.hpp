// What cases of events as objects share: a handle for a scope, and what it stands for.
#pragma once

#include "ob_support.hpp"
#include "support.hpp"

#include <nt/ex.h>
#include <nt/zw.h>

#include "init/test_inside.hpp"

namespace mica::test {

// A new event's handle, closed at the end of the scope.
class [[nodiscard]] EventHandle {
 public:
  explicit EventHandle(EVENT_TYPE type = NotificationEvent, BOOLEAN state = FALSE,
                       OBJECT_ATTRIBUTES* attributes = nullptr,
                       ACCESS_MASK access = EVENT_ALL_ACCESS) noexcept {
    MICA_REQUIRE(ZwCreateEvent(&handle_, access, attributes, type, state) == STATUS_SUCCESS);
  }
  ~EventHandle() {
    if (handle_ != nullptr) close();
  }
  EventHandle(EventHandle const&) = delete;
  EventHandle& operator=(EventHandle const&) = delete;

  operator HANDLE() const noexcept { return handle_; }
  void close() noexcept {
    MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS);
    handle_ = nullptr;
  }

 private:
  HANDLE handle_ = nullptr;
};

// The event of a handle, referenced for a scope.
class [[nodiscard]] EventReference {
 public:
  explicit EventReference(HANDLE handle) noexcept {
    MICA_REQUIRE(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType,
                                           KernelMode, &object_, nullptr) == STATUS_SUCCESS);
  }
  ~EventReference() { ObDereferenceObject(object_); }
  EventReference(EventReference const&) = delete;
  EventReference& operator=(EventReference const&) = delete;

  operator PKEVENT() const noexcept { return static_cast<PKEVENT>(object_); }

 private:
  PVOID object_ = nullptr;
};

[[nodiscard]] inline LONG state_of(HANDLE handle) noexcept {
  return KeReadStateEvent(EventReference{handle});
}

// How many events there are.
[[nodiscard]] inline std::uint64_t live_events() noexcept {
  return live_blocks(ob::pool_tag("Even"));
}

// By handle, for so long at most.
inline NTSTATUS wait_by_handle(HANDLE handle, LONGLONG duration_100ns,
                               BOOLEAN alertable = FALSE) noexcept {
  LARGE_INTEGER timeout = relative(duration_100ns);
  return ZwWaitForSingleObject(handle, alertable, &timeout);
}

inline NTSTATUS poll_by_handle(HANDLE handle) noexcept {
  return wait_by_handle(handle, 0);
}

}  // namespace mica::test
