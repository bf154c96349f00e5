#include "team.hpp"

namespace mica::explore {

void point() noexcept {
  Machine::point();
}

}  // namespace mica::explore
