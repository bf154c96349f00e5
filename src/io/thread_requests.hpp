// The requests of a thread: those it made that have not ended.
//   The list (_ETHREAD::requests) is touched by its thread alone, at APC_LEVEL, so it needs no
//   lock: a request ends in its thread. A thread does not end before them: it cancels them and
//   waits.
#pragma once

#include "io/state.hpp"

namespace mica::io {

// Enters a request of the calling thread into its list. IRQL <= APC_LEVEL.
void NTAPI add_request(IRP& irp) noexcept;

// Takes it out. In its thread, at APC_LEVEL.
void NTAPI remove_request(IRP& irp) noexcept;

// Which requests: those by handle of one file, those that answer to one status block, or both.
struct Asked {
  FILE_OBJECT const* file = nullptr;
  IO_STATUS_BLOCK const* result = nullptr;
};

// Cancels those that any thread has asked for, without waiting for their end. Whether there were
// any. IRQL PASSIVE_LEVEL.
[[nodiscard]] bool NTAPI cancel_everywhere(Asked asked) noexcept;

// Cancels what the calling thread has asked of the file, with a null file all it has asked for, and
// waits until that has ended. IRQL PASSIVE_LEVEL.
void NTAPI cancel_and_wait(FILE_OBJECT const* file) noexcept;

// Cancels one of the calling thread's, if it has not ended. IRQL PASSIVE_LEVEL.
void NTAPI cancel_if_there(IRP const* irp) noexcept;

// ke::State::thread_ends.
void NTAPI end_requests(ke::Thread& thread) noexcept;

}  // namespace mica::io
