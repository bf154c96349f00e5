// Page tables: four levels, one tree for all processors, nothing mapped but what layout.hpp names.
//   Functions of text are executable and read-only, constants read-only, all else not executable.
#pragma once

#include <cstdint>

#include "hal_x64/boot_info.hpp"

namespace mica::hal_x64 {

// Builds the kernel's tables out of pages of `memory` and loads them; what boot.S mapped is gone
// when it returns.
// What stays in `memory` becomes Machine::physical_memory(), `ram_disk` is read-only in the direct
// map. Once, by processor 0, on the boot stack.
void build_page_tables(MemoryMap const& memory, PhysicalRange ram_disk,
                       std::uint64_t local_apic) noexcept;

// Physical addresses of the kernel's root table, and of one that maps the trampoline at its own
// address besides.
[[nodiscard]] std::uint64_t kernel_root() noexcept;
[[nodiscard]] std::uint32_t trampoline_root() noexcept;

}  // namespace mica::hal_x64
