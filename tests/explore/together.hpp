// What scenarios of programs that begin together (crew.hpp) have in common.
#pragma once

#include "crew.hpp"
#include "rig.hpp"

namespace mica::explore {

// A program at PASSIVE_LEVEL for a while.
class [[nodiscard]] Passive {
 public:
  Passive() noexcept { KeLowerIrql(PASSIVE_LEVEL); }
  ~Passive() { static_cast<void>(KeRaiseIrqlToDpcLevel()); }
  Passive(Passive const&) = delete;
  Passive& operator=(Passive const&) = delete;
};

}  // namespace mica::explore
