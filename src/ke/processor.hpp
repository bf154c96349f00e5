// The processor's block and ke's state. A System has one State; everything in it is zero-filled
// before initialize().
#pragma once

#include <nt/rtl/debug.h>

#include "ke/bugcheck.hpp"
#include "ke/device_interrupt.hpp"
#include "ke/dpc_queue.hpp"
#include "ke/dpc_watchdog.hpp"
#include "ke/exception.hpp"
#include "ke/generic_call.hpp"
#include "ke/ready_queue.hpp"
#include "ke/spin_lock.hpp"
#include "ke/threaded_dpc.hpp"
#include "ke/timer_wheel.hpp"
#include "trace/callback.hpp"

namespace mica::init {
struct State;
}
namespace mica::mm {
struct State;
}
namespace mica::ob {
struct State;
}
namespace mica::se {
struct State;
}
namespace mica::ps {
struct State;
}
namespace mica::ex {
struct State;
}
namespace mica::io {
struct State;
}
namespace mica::tm {
struct State;
}
namespace mica::cm {
struct State;
}
namespace mica::ldr {
struct State;
}
namespace mica::pnp {
struct State;
}

namespace mica::ke {

inline constexpr unsigned max_processors = 16;

class LockTables;
struct State;

// What the code that a switch lands in does for the thread that was left.
enum class After : std::uint8_t {
  nothing,        // an idle thread
  park,           // it waits
  requeue_front,  // it was preempted
  requeue_back,   // its quantum ended, or it yielded or moved
  bury,           // it ended
};

struct Processor {
  Machine::Processor
      machine;  // first: what gs or the thread-local pointer names; begins with the KPCR
  // Every subsystem's state, the same in all blocks of a System.
  State* ke;
  mm::State* mm;
  ob::State* ob;
  se::State* se;
  ps::State* ps;
  ex::State* ex;
  io::State* io;
  tm::State* tm;
  cm::State* cm;
  ldr::State* ldr;
  pnp::State* pnp;
  init::State* init;
  trace::Listener* listener;  // hears of calls of drivers' routines; may be null
  bool checks_locks;          // deadlock detection is on (ke/lock_checks.hpp): as the ones above

  ReadyQueue ready;
  Thread idle;
  Thread* previous;  // across a switch: who was left...
  After after;       // ...and what to do with it

  DpcQueue dpcs;
  ThreadedDpcs threaded;
  std::atomic<bool> in_dpc;  // a DPC routine runs here
  DpcTimes dpc_times;
  std::atomic<bool> quantum_end;  // the clock found the running thread's quantum used up

  TimerWheel timers;
  // For which tick the clock is armed; no_tick: it is not. Its interrupt changes it beneath those
  // who look.
  std::atomic<Tick> armed;
  std::atomic<bool> timers_due;

  // Of deadlock detection, while it is on.
  std::atomic<KIRQL> serving;  // the level of the interrupt whose routine runs here; 0: none
  std::uint16_t held_locks;    // by DPC and service routines (ke/lock_tables.hpp)

#ifndef NDEBUG
  std::uint64_t held_ranks;
  std::uint8_t held_objects;
#endif
};

struct TimeState {
  std::uint32_t period_100ns;         // of the clock: the unit of timers
  std::atomic<Tick> tick;             // the last one counted
  std::atomic<std::uint32_t> keeper;  // held by the processor that writes the shared page
  // What whoever set the clock added to the system time that the machine began with; it wraps.
  // Written by who has `setting` and `keeper`.
  std::atomic<std::uint64_t> adjustment_100ns;
  SpinLock<Rank::system_time> setting;  // several wheels at a time follow one setting
};

// Who else gets what is printed.                                  [wdm.h, DbgSetDebugPrintCallback]
struct DebugPrintState {
  std::atomic<PDEBUG_PRINT_CALLBACK> callback;  // one at a time
  std::atomic<std::uint32_t> calls;             // of it, going on now
};

struct LockCheckState {
  SpinLock<Rank::lock_checks> lock;
  LockTables* tables MICA_GUARDED_BY(lock);  // null: deadlock detection is off
  // The memory of `lock` is to be shown to lock_memory_freed. Any IRQL.
  void(NTAPI* watch)(void const* lock);
};

struct State {
  Processor processors[max_processors];
  ULONG count;
  CCHAR number_of_processors;     // the same, as the cell that drivers know as KeNumberProcessors
  std::atomic<KAFFINITY> active;  // bit n: processor n runs
  std::atomic<ULONG> next_ideal;  // new threads are spread over the processors
  TimeState time;
  // By vector.
  InterruptChain interrupts[Machine::last_device_vector - Machine::first_device_vector + 1];
  // Somebody is connected to a vector now, or nobody is any more; may be null. With the chain's
  // lock held, at its vector's level.
  void(NTAPI* vector_connected)(std::uint8_t vector, bool connected);
  DpcLimits dpc_limits;
  BugcheckState bugcheck;
  ExceptionState exceptions;
  DebugPrintState debug_print;
  bool verified;  // what NT lets pass unless it verifies a driver is a violation too
  LockCheckState lock_checks;
  IpiCall ipi_call;
  KEVENT generic_call;  // signalled: nobody is in KeGenericCallDpc
  // A timer or a DPC was made: when its memory is freed, that is to be shown to reject_live_timers
  // (ke/freed_timers.hpp). Any IRQL.
  void(NTAPI* watch_timer)(void const* object);
  // The thread is about to end, and may still wait; null until there are processes. PASSIVE_LEVEL.
  void(NTAPI* thread_leaves)(Thread& thread);
  // The thread ends: ends what others still do for it, after which they queue nothing more to it
  // unless it asks them again; may be null. Called at APC_LEVEL and returns there, but may wait.
  void(NTAPI* thread_ends)(Thread& thread);
  // The thread has ended and left its stack; its memory and stack are the caller's again.
  // DISPATCH_LEVEL.
  void(NTAPI* thread_ended)(Thread& thread);
  // Gives a user APC without RundownRoutine back to the pool: its thread ended. PASSIVE_LEVEL.
  void(NTAPI* free_apc)(KAPC* apc);
  // Some processor wants its DPC thread. DISPATCH_LEVEL.
  void(NTAPI* want_dpc_thread)();
};

inline constexpr std::uint32_t default_period_100ns = 10'000;  // 1 ms: docs/adr/0003

// The block this code runs on. IRQL >= DISPATCH_LEVEL.
[[nodiscard]] inline Processor& current() noexcept {
  return reinterpret_cast<Processor&>(Machine::current());
}

// Some block of this System, for what is the same in all of them. Any IRQL.
[[nodiscard]] inline Processor& processor_block() noexcept {
  return current();
}

[[nodiscard]] inline State& state() noexcept {
  return *processor_block().ke;
}

[[nodiscard]] inline trace::Listener* listener() noexcept {
  return processor_block().listener;
}

// Processors never leave, and all are started before the first system thread runs.
[[nodiscard]] inline KAFFINITY active_processors() noexcept {
  return state().active.load(std::memory_order_relaxed);
}

// Fills processor blocks 0 to count - 1, and the System process's part, whose threads the idle ones
// are. Calls no machine member; no processor runs yet.
void NTAPI initialize(State& state, unsigned count, Process& process) noexcept;

// The first code of each processor, on its idle thread; Handlers::idle.
[[noreturn]] void NTAPI idle() noexcept;

}  // namespace mica::ke
