// Synchronous files: one request after another.
//   FILE_OBJECT.Busy says that somebody has the file, Waiters how many want it, and Lock is set for
//   one of those whenever it becomes free; who comes meanwhile may take it first. IRQL
//   PASSIVE_LEVEL.
#pragma once

#include "io/state.hpp"

namespace mica::io {

// STATUS_SUCCESS: the caller has it. Of a file with FO_ALERTABLE_IO also STATUS_ALERTED and
// STATUS_USER_APC.
[[nodiscard]] NTSTATUS NTAPI lock_file(FILE_OBJECT& file) noexcept;
void NTAPI unlock_file(FILE_OBJECT& file) noexcept;

}  // namespace mica::io
