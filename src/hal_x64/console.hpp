// The first serial port, which is the debugger's console.
#pragma once

namespace mica::hal_x64 {

// 115200 baud, eight bits, no parity. Once, before the first output.
void start_console() noexcept;

}  // namespace mica::hal_x64
