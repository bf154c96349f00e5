// Instructions that a process may not execute are emulated when they fault, at some 2 microseconds
// each. So after the first fault such an instruction becomes a jump to code that does the same.
//
// Rules
//   In the signal handler of the instruction's fault, after it was emulated. Only where one OS
//   thread executes all of a System: no other is in the midst of what changes.
//
// Where it is right
//   The jump has five bytes. Of an instruction that is shorter the bytes behind it stay what they
//   are, and the jump leads to where they say it does: so whoever jumps to the next instruction
//   finds it. If that one is to be patched itself, this one is itself again until it faults next.
//   All five bytes are in one page, which nobody may write.
//   Pages of a driver are written through the memory behind them, so that they stay as they are
//   protected. What an instruction changes besides is kept: flags, all registers, all of the stack
//   but what is free below its pointer. [MSDN "x64 stack usage"]
#pragma once

#include <ucontext.h>

#include "hal_host/decoding.hpp"
#include "hal_host/patch_area.hpp"

namespace mica::hal_host {

class Region;

// Patches the instruction at `site`, which was emulated, if it can be.
void patch(std::uint64_t site, Decoded const& decoded) noexcept;

// What faulted in a patch's code: its instruction did, with these registers.
void leave_patch(mcontext_t& machine, Patch const& patch) noexcept;

// The page's code is gone from there: nothing of it is patched.
void forget_patches(Region& region, void const* page) noexcept;
// The page's code may be written from now on: it is as it was, but for what does nothing, and no
// jump is left in it.
void take_back_patches(Region& region, void const* page) noexcept;

}  // namespace mica::hal_host
