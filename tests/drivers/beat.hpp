// beat.c from outside: a device whose count grows with time.
#pragma once

#include "support.hpp"

namespace mica::test {

inline constexpr LONGLONG beat_period = 10 * millisecond_100ns;

class Beat {
 public:
  [[nodiscard]] NTSTATUS status() const noexcept { return device_.status(); }
  [[nodiscard]] LONG count() const noexcept { return device_.read<LONG>(); }

 private:
  Text name_{u"\\Device\\Beat"};
  OpenDevice device_{name_};
};

}  // namespace mica::test
