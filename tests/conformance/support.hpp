// What cases share: timeouts, and waits in the short form.
#pragma once

#include <nt/ke.h>
#include <mica/test.hpp>

namespace mica::test {

[[nodiscard]] inline LARGE_INTEGER relative(LONGLONG duration_100ns) noexcept {
  LARGE_INTEGER time;
  time.QuadPart = -duration_100ns;
  return time;
}

// Waits for ever.
inline NTSTATUS wait(void* object) noexcept {
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr);
}

inline NTSTATUS wait(void* object, LONGLONG duration_100ns, BOOLEAN alertable = FALSE) noexcept {
  LARGE_INTEGER timeout = relative(duration_100ns);
  return KeWaitForSingleObject(object, Executive, KernelMode, alertable, &timeout);
}

// For both at one instant, for ever.
inline NTSTATUS wait_for_both(void* first, void* second) noexcept {
  void* objects[] = {first, second};
  return KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr,
                                  nullptr);
}

inline NTSTATUS wait_for_both(void* first, void* second, LONGLONG duration_100ns) noexcept {
  void* objects[] = {first, second};
  LARGE_INTEGER timeout = relative(duration_100ns);
  return KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &timeout,
                                  nullptr);
}

// Does not wait.
inline NTSTATUS poll(void* object) noexcept {
  return wait(object, 0);
}

// An event that starts not signalled, for scopes that wait for it.
struct [[nodiscard]] OwnEvent {
  KEVENT event;
  explicit OwnEvent(EVENT_TYPE type = NotificationEvent) noexcept {
    KeInitializeEvent(&event, type, FALSE);
  }
  void set() noexcept { static_cast<void>(KeSetEvent(&event, 0, FALSE)); }
};

// At another level for a scope.
class [[nodiscard]] AtLevel {
 public:
  explicit AtLevel(KIRQL level) noexcept { KeRaiseIrql(level, &old_); }
  ~AtLevel() { KeLowerIrql(old_); }
  AtLevel(AtLevel const&) = delete;
  AtLevel& operator=(AtLevel const&) = delete;

 private:
  KIRQL old_;
};

// The bugcheck of an exception that nobody handles in a thread of a case: a driver's, or of none.
//                                                                  [MSDN Bug Check 0x7E, 0x1E]
#ifdef MICA_CASES_IN_DRIVER
inline constexpr ULONG unhandled = SYSTEM_THREAD_EXCEPTION_NOT_HANDLED;
#else
inline constexpr ULONG unhandled = KMODE_EXCEPTION_NOT_HANDLED;
#endif

// Waits until `holds()`, letting others run.
template <class Condition>
void until(Condition holds) noexcept {
  while (!holds()) sleep(millisecond_100ns);
}

}  // namespace mica::test
