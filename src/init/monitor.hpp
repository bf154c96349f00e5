// The monitor: commands typed at the console of a booted System. `help` lists them.
#pragma once

namespace mica::init {

// Reads and obeys commands until `quit`. IRQL PASSIVE_LEVEL.
void monitor() noexcept;

}  // namespace mica::init
