// What cases ask of the executive that no exported routine does, for drivers too: nothing here
// knows the machine.
#pragma once

#include <nt/ke.h>

#include <string_view>

namespace mica::test {

// The one device that the text describes is plugged in; what pnp::add_device says, or
// STATUS_INVALID_PARAMETER: it describes none. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI add_device(std::string_view text) noexcept;
[[nodiscard]] NTSTATUS NTAPI remove_device(std::string_view name) noexcept;
[[nodiscard]] NTSTATUS NTAPI lose_device(std::string_view name) noexcept;
[[nodiscard]] NTSTATUS NTAPI forget_children(std::string_view identifier) noexcept;

// The calling thread is one that came from there, as the Nt names see it.
void NTAPI set_previous_mode(KPROCESSOR_MODE mode) noexcept;

// How many blocks of nonpaged pool with that tag there are. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] ULONG64 NTAPI live_blocks(ULONG tag) noexcept;

}  // namespace mica::test
