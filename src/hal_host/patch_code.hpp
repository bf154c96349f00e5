// The code of a patch: what it does for each kind of instruction.
#pragma once

#include "hal_host/decoding.hpp"
#include "hal_host/patch_area.hpp"

namespace mica::hal_host {

// False: there is none for this instruction. The patch has its place, its site and the original.
//   Code begins with what it saves on the stack; where it may fault, nothing else is on the stack
//   and every register is as it was.
[[nodiscard]] bool make_code(Patch& patch, Decoded const& decoded) noexcept;

// Bytes that are saved on the stack where the code is about to save more, or to call; else none.
[[nodiscard]] std::uint64_t saved_before(Patch const& patch, std::uint64_t at) noexcept;

}  // namespace mica::hal_host
