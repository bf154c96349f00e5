// Segments, task state and the interrupt table, with NT's selectors.
#pragma once

#include <cstdint>

namespace mica::hal_x64 {

enum Selector : std::uint16_t {
  selector_kernel_code = 0x10,  // KGDT64_R0_CODE
  selector_kernel_data = 0x18,  // KGDT64_R0_DATA
  selector_user_code32 = 0x20,  // KGDT64_R3_CMCODE
  selector_user_data = 0x28,    // KGDT64_R3_DATA
  selector_user_code = 0x30,    // KGDT64_R3_CODE
  selector_task = 0x40,         // KGDT64_SYS_TSS: two slots
  selector_user_teb32 = 0x50,   // KGDT64_R3_CMTEB
};

// Fills the interrupt table, which all processors share. Once, before load_descriptors.
void fill_interrupt_table() noexcept;

// Loads this processor's segments and task state, and the interrupt table. GS's base is lost:
// load_block sets it.
void load_descriptors(unsigned number) noexcept;

}  // namespace mica::hal_x64
