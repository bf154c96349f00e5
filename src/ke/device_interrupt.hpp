// Rules for interrupt objects
//   Each stands in the chain of its vector. The chain's lock is taken at the vector's level, by who
//   connects and disconnects and by the processor that the vector interrupts, for as long as it
//   calls routines: so one processor at a time serves a vector, and who has disconnected knows that
//   the routine has ended.
//   Inside it stands the object's spin lock, taken at its synchronize level, which is the vector's
//   or a higher one. Both are KSPIN_LOCKs.
//   An executive's lock may be held by what the interrupt interrupted: routines take DPC queues'
//   locks alone.
#pragma once

#include <nt/ke.h>

#include <cstdint>

struct _KINTERRUPT {
  _KINTERRUPT* next;  // in its chain
  PKSERVICE_ROUTINE routine;
  PVOID context;
  PKSPIN_LOCK lock;
  KSPIN_LOCK own_lock;
  KAFFINITY processors;
  KINTERRUPT_MODE mode;
  std::uint8_t vector;
  KIRQL synchronize_level;
  bool shared;
  bool active;  // guarded by the chain's lock
};

namespace mica::ke {

struct InterruptChain {
  KSPIN_LOCK lock;
  _KINTERRUPT* first;
};

// Handlers::device.
void NTAPI device_interrupt(std::uint8_t vector) noexcept;

// `interrupt` is filled, but for its link. False: its vector is connected, and not to be shared
// with it. IRQL <= DISPATCH_LEVEL, as the others.
[[nodiscard]] bool NTAPI connect(_KINTERRUPT& interrupt) noexcept;
void NTAPI disconnect(_KINTERRUPT& interrupt) noexcept;
void NTAPI set_active(_KINTERRUPT& interrupt, bool active) noexcept;

}  // namespace mica::ke
