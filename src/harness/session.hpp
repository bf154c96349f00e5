// The kernel's side of System::run: a system thread that performs one job after another.
//   Between jobs it waits for an event. The host wakes it as a device would: an interrupt queues a
//   DPC, which sets the event.
#pragma once

#include <nt/ke.h>

#include <string>

namespace mica::hal_host {
class Simulation;
}

namespace mica::harness {

struct Job {
  void (*body)(void*);
  void* argument;
  bool done = false;
  std::string escaped;  // what the exception said that the body let escape; empty: none
};

// Lives in the System's own memory, so its address is the same wherever the host loads things.
struct Session {
  hal_host::Simulation* simulation;
  Job* job;
  KEVENT wake;
  KDPC wake_dpc;
};

// The first system thread's main function; the argument is a Session whose job is set.
void NTAPI session_main(void* session) noexcept;

// Between runs: the next run performs `job`.
void hand_over(Session& session, Job& job) noexcept;

}  // namespace mica::harness
