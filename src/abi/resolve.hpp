#pragma once

#include "ldr/module.hpp"

namespace mica::abi {

// ldr::Find, of what this executive exports: a routine, or the current System's cell.
[[nodiscard]] void const* NTAPI resolve(ldr::Import const& import) noexcept;

}  // namespace mica::abi
