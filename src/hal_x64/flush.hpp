// Translations that other processors remember are dropped by asking them.
#pragma once

namespace mica::hal_x64 {

// vector_flush came: another processor changed the page tables. Interrupts disabled.
void answer_flush() noexcept;

}  // namespace mica::hal_x64
