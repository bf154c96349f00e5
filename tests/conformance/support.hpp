// What cases share: timeouts, and waits in the short form.
#pragma once

#include <mica/test.hpp>
#include <nt/ke.h>

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
inline NTSTATUS poll(void* object) noexcept { return wait(object, 0); }

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

// Waits until `holds()`, letting others run.
template <class Condition>
void until(Condition holds) noexcept {
  while (!holds()) sleep(millisecond_100ns);
}

}  // namespace mica::test
