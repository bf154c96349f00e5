#include "harness/session.hpp"

#include <exception>

#include "hal_host/simulation.hpp"

namespace mica::harness {
namespace {

void NTAPI wake_routine(KDPC*, void* session, void*, void*) noexcept {
  KeSetEvent(&static_cast<Session*>(session)->wake, 0, FALSE);
}

void NTAPI device_interrupt(void* session) noexcept {
  KeInsertQueueDpc(&static_cast<Session*>(session)->wake_dpc, nullptr, nullptr);
}

// Every exception ends here: the frames above are the kernel's.
void perform(Job& job) noexcept {
  try {
    job.body(job.argument);
  } catch (std::exception const& error) {
    job.escaped = error.what();
    if (job.escaped.empty()) job.escaped = "an exception without a message";
  } catch (...) {
    job.escaped = "an exception that is not a std::exception";
  }
  job.done = true;
}

}  // namespace

void NTAPI session_main(void* argument) noexcept {
  Session& session = *static_cast<Session*>(argument);
  KeInitializeEvent(&session.wake, SynchronizationEvent, FALSE);
  KeInitializeDpc(&session.wake_dpc, wake_routine, &session);
  for (;;) {
    session.simulation->region().drop_stale();
    perform(*session.job);
    session.simulation->settle();
    KeWaitForSingleObject(&session.wake, Executive, KernelMode, FALSE, nullptr);
  }
}

void hand_over(Session& session, Job& job) noexcept {
  session.job = &job;
  session.simulation->interrupt(device_interrupt, &session);
}

}  // namespace mica::harness
