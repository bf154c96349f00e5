// Timers and DPCs in memory that is freed.         [MSDN Bug Check 0xC4: 0x15; Bug Check 0xC7: 1]
//   The block is searched for what looks like one, and the wheel or the queue that this names is
//   asked whether it has it: so a free costs what its block's size does, whatever is pending. Only
//   who has a timer's DPC is asked of all timers, and only of a verified System.
//   What is read before the wheel's or the queue's lock is held is a guess, which other processors
//   may change: the explorer need not hear of it.
#include "ke/freed_timers.hpp"

#include "ke/expiry.hpp"
#include "ke/interrupts.hpp"
#include "ke/object_lock.hpp"
#include "ke/object_type.hpp"
#include "ke/verifier.hpp"

namespace mica::ke {
namespace {

constexpr ULONG_PTR invalid_dpc = 1;  // TIMER_OR_DPC_INVALID: what is invalid

[[nodiscard]] bool is_in_wheel(KTIMER const& timer, ULONG number) noexcept {
  TimerWheel& wheel = state().processors[number].timers;
  SpinGuard guard{wheel.lock};
  return wheel.contains(timer);
}

[[nodiscard]] bool is_in_queue(KDPC const& dpc, DpcQueue& queue) noexcept {
  RaiseToHigh raised;
  at_dispatch.assert_held();
  SpinGuardAtDispatch guard{queue.lock};
  return queue.contains(dpc);
}

[[nodiscard]] bool is_of_timer(KDPC const& dpc) noexcept {
  State& ke = state();
  for (ULONG number = 0; number < ke.count; ++number) {
    TimerWheel& wheel = ke.processors[number].timers;
    SpinGuard guard{wheel.lock};
    if (wheel.names(&dpc)) return true;
  }
  return false;
}

// The queue at that address, if there is one.
[[nodiscard]] DpcQueue* queue_at(void const* address) noexcept {
  State& ke = state();
  for (ULONG number = 0; number < ke.count; ++number) {
    Processor& processor = ke.processors[number];
    for (DpcQueue* const queue : {&processor.dpcs, &processor.threaded.queue})
      if (queue == address) return queue;
  }
  return nullptr;
}

__attribute__((no_sanitize("thread"))) bool is_set(KTIMER const& timer) noexcept {
  return timer.Header.Inserted != 0 && timer.Processor < state().count &&
         is_in_wheel(timer, timer.Processor);
}

__attribute__((no_sanitize("thread"))) bool is_awaited(KDPC const& dpc) noexcept {
  void const* const data = dpc.DpcData;
  if (data == nullptr) return state().verified && is_of_timer(dpc);
  DpcQueue* const queue = queue_at(data);
  return queue != nullptr && is_in_queue(dpc, *queue);
}

}  // namespace

__attribute__((no_sanitize("thread"))) void NTAPI reject_live_timers(void const* memory,
                                                                     std::size_t bytes,
                                                                     ULONG_PTR pool_type) noexcept {
  static_assert(sizeof(KTIMER) == sizeof(KDPC) && alignof(KTIMER) == alignof(KDPC));
  auto const* const begin = static_cast<UCHAR const*>(memory);
  for (std::size_t at = 0; at + sizeof(KTIMER) <= bytes; at += alignof(KTIMER)) {
    UCHAR const* const here = begin + at;
    switch (*here & ~object_lock_bit) {
      case TimerNotificationObject:
      case TimerSynchronizationObject:
        if (is_set(*reinterpret_cast<KTIMER const*>(here))) [[unlikely]]
          violation(Rule::free_timer, as_parameter(here), pool_type, as_parameter(memory));
        break;
      case DpcObject:
      case ThreadedDpcObject:
        if (is_awaited(*reinterpret_cast<KDPC const*>(here))) [[unlikely]]
          bugcheck(TIMER_OR_DPC_INVALID, invalid_dpc, as_parameter(here), as_parameter(memory),
                   as_parameter(begin + bytes));
        break;
      default:
        break;
    }
  }
}

}  // namespace mica::ke
