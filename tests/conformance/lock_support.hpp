// What the cases of locks share.
#pragma once

#include <atomic>
#include <initializer_list>

#include "support.hpp"

namespace mica::test {

// Whether it ended as a violation of that rule with these parameters.
[[nodiscard]] inline bool violates(Bugcheck const& end, ULONG_PTR rule, ULONG_PTR second = 0,
                                   ULONG_PTR third = 0, ULONG_PTR fourth = 0) noexcept {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule && end.parameters[1] == second && end.parameters[2] == third &&
         end.parameters[3] == fourth;
}

[[nodiscard]] inline ULONG_PTR address(void const* object) noexcept {
  return reinterpret_cast<ULONG_PTR>(object);
}

class [[nodiscard]] InCriticalRegion {
 public:
  InCriticalRegion() noexcept { KeEnterCriticalRegion(); }
  ~InCriticalRegion() { KeLeaveCriticalRegion(); }
  InCriticalRegion(InCriticalRegion const&) = delete;
  InCriticalRegion& operator=(InCriticalRegion const&) = delete;
};

}  // namespace mica::test
