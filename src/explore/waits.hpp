// Who waits for what when nobody can go on.
#pragma once

#include <string>

#include "explore/window.hpp"

namespace mica::explore {

// A line for each thread that waits, with what it waits for and who holds that; a line for each
// processor that spins. After the run, while its System is there. Names are those that the scenario
// gave (Window::name).
[[nodiscard]] std::string who_waits(Window const& window);

}  // namespace mica::explore
