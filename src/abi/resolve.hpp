#pragma once

#include "ldr/module.hpp"

namespace mica::abi {

// ldr::Find, of what this executive exports: a routine, or the current System's cell.
[[nodiscard]] ldr::ImportTarget NTAPI resolve(ldr::Import const& import) noexcept;

}  // namespace mica::abi
