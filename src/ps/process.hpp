// The executive's part of a process: an object of type Process around the kernel's.
//   Its maker holds a reference, and each of its threads one until the thread is deleted. There is
//   no user mode yet: a process is what its threads are scheduled by, and what threads attach to.
#pragma once

#include <nt/ps.h>

#include "ke/process.hpp"
#include "ps/client.hpp"

struct _EPROCESS {
  _KPROCESS kernel;  // first: PEPROCESS and PRKPROCESS are one address
  mica::ps::Client client;
  HANDLE parent;                // the process that made it
  UNICODE_STRING image_name;    // may be empty
  UNICODE_STRING command_line;  // may be empty
  // Not for the System process, whose threads nobody counts (life.cpp).
  KMUTEX birth;               // held while others are told that it begins
  NTSTATUS refused;           // what they made of it; guarded by birth
  std::atomic<LONG> threads;  // that have begun and do not end yet, or unborn
};

namespace mica::ps {

inline constexpr LONG unborn = -1;

struct ProcessOptions {
  KPRIORITY base_priority = ke::normal_base_priority;  // 1 to 31
  KAFFINITY affinity = ~KAFFINITY{0};                  // must have an active processor
  LONG quantum_100ns = ke::default_quantum_100ns;
  // What others are told of it; copied.
  UNICODE_STRING image_name{};
  UNICODE_STRING command_line{};
};

// A process without threads; the caller has its one reference. Null without memory.
// IRQL <= DISPATCH_LEVEL.
[[nodiscard]] _EPROCESS* NTAPI make_process(ProcessOptions const& options) noexcept;

// The process of a kernel's part.
[[nodiscard]] inline _EPROCESS& process_of(_KPROCESS& process) noexcept {
  return reinterpret_cast<_EPROCESS&>(process);
}

}  // namespace mica::ps
