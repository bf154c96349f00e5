// Rules for the DPC watchdog
//   What is counted are ticks of the processor's own clock that found it in a DPC routine, or at
//   DISPATCH_LEVEL or above: time in which it was not executed, by an emulator that had others to
//   run, is not. Each processor writes its own counts; its clock interrupts whoever looks.
//   [MSDN KeQueryDpcWatchdogInformation, Bug Check 0x133]
#pragma once

#include <nt/ntdef.h>

#include <atomic>

namespace mica::ke {

struct Processor;

// In ticks; 0: not watched. Set before the first tick.
struct DpcLimits {
  ULONG single;    // of one DPC routine
  ULONG together;  // at DISPATCH_LEVEL or above without a tick below
};

// NT's: 20 seconds and two minutes.
inline constexpr ULONG default_dpc_timeout_ms = 20'000;
inline constexpr ULONG default_dpc_watchdog_ms = 120'000;

struct DpcTimes {
  std::atomic<ULONG> single;    // of the DPC routine that runs here
  std::atomic<ULONG> threaded;  // of the one that the DPC thread runs
  std::atomic<ULONG> together;
};

// A routine begins whose time is counted there.
inline void begin_dpc(std::atomic<ULONG>& count) noexcept {
  count.store(0, std::memory_order_relaxed);
}

// DPCs are about to run. An idle processor has no ticks: this one wants some now. DISPATCH_LEVEL.
void NTAPI watch_idle_dpcs(Processor& processor) noexcept;

// The clock has ticked; `interrupted` is the level it found. CLOCK_LEVEL.
void NTAPI watch_dpcs(Processor& processor, KIRQL interrupted) noexcept;

}  // namespace mica::ke
