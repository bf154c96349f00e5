// Extended registers beyond SSE.
#pragma once

namespace mica::hal_x64 {

// Once on each processor, processor 0 first.
void enable_extended_state() noexcept;

}  // namespace mica::hal_x64
