// Changes of the level in the place of `mov cr8, register`, with all registers kept.
//
// Rules
//   They are entered as routines that are called with the level on the stack, above where they
//   return to; they return without it. Each is a scheduling point, as Machine::raise and lower are.
#pragma once

// From the emulation, which has the code call it: the return is into the driver.
extern "C" void mica_change_level();
// From a patch: as mica_change_level; a level that there is not is refused (level_change.h). The
// second does what Machine's own do where nothing is to be decided or delivered, at once.
extern "C" void mica_change_patched_level();
extern "C" void mica_change_patched_level_quickly();
