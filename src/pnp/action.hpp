// What is to be done to devices is done by one system worker thread after the other, in the order
// it was asked for: so drivers are called at PASSIVE_LEVEL in a system thread, with no lock held,
// and never twice at a time.
#pragma once

#include "pnp/state.hpp"

namespace mica::pnp {

// In memory of who asks, until its routine begins.
struct Action {
  LIST_ENTRY entry;
  void(NTAPI* routine)(Action& action);
};

// IRQL <= DISPATCH_LEVEL.
void NTAPI queue(Action& action) noexcept;

// Whether the caller is there: in a driver's routine that plug and play calls. IRQL PASSIVE_LEVEL.
[[nodiscard]] bool NTAPI is_worker() noexcept;

// Calls body() there and waits for what it says. Not from there. IRQL PASSIVE_LEVEL.
template <class Body>
class Waiting : Action {
 public:
  explicit Waiting(Body body) noexcept : Action{{}, run}, body_{body} {
    KeInitializeEvent(&done_, NotificationEvent, FALSE);
  }
  [[nodiscard]] NTSTATUS perform() noexcept {
    queue(*this);
    KeWaitForSingleObject(&done_, Executive, KernelMode, FALSE, nullptr);
    return status_;
  }

 private:
  static void NTAPI run(Action& action) {
    auto& self = static_cast<Waiting&>(action);
    self.status_ = self.body_();
    KeSetEvent(&self.done_, IO_NO_INCREMENT, FALSE);
  }

  Body body_;
  KEVENT done_;
  NTSTATUS status_ = STATUS_SUCCESS;
};

template <class Body>
[[nodiscard]] NTSTATUS perform(Body body) noexcept {
  return Waiting<Body>{body}.perform();
}

// The same for routines that drivers may call there too.
template <class Body>
[[nodiscard]] NTSTATUS perform_at_once_there(Body body) noexcept {
  return is_worker() ? body() : perform(body);
}

// The routine of State::worker.
void NTAPI act(void*);

}  // namespace mica::pnp
