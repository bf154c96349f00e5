// What connects the steps of a recorded execution: locks that are held from one to another, wakes,
// interrupts, and the steps that went wrong.
#pragma once

#include "explore/story.hpp"

namespace mica::explore {

// `story` has its moments, one for each of the recording's steps.
void link(Recording const& recording, Story& story);

// "'event'+0x4", "thread 5", or a number.
[[nodiscard]] std::string name_of(Recording const& recording, std::uintptr_t address);

}  // namespace mica::explore
