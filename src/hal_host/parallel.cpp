// Parallel mode: one OS thread per processor. Interrupts arrive when their processor polls, every
// few points.
//   Interrupt time is the steady clock, plus what was jumped over while every processor was halted.
#include <algorithm>

#include "hal_host/fault_signals.hpp"
#include "hal_host/jump.hpp"

namespace mica::hal_host {
namespace {

constexpr std::int32_t points_between_polls = 16;
constexpr unsigned spins_before_yield = 64;
constexpr auto spin_patience = std::chrono::seconds{20};  // then a spin is called a deadlock

void pause_processor() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

void Simulation::freeze_others() noexcept {
  Seat& self = me();
  note(0x400);
  if (setup_.parallel) {
    Seat const* nobody = nullptr;
    if (!freezer_.compare_exchange_strong(nobody, &self)) {
      self.activity = Activity::frozen;
      leave_parallel(self);
    }
    bool all = false;
    while (!all) {
      all = true;
      for (unsigned i = 0; i < setup_.processors; ++i) {
        Seat& other = seats_[i];
        Activity expected = Activity::halted;
        if (&other == &self || other.activity == Activity::absent) continue;
        if (other.activity != Activity::frozen &&
            !other.activity.compare_exchange_strong(expected, Activity::frozen))
          all = false;
      }
      std::this_thread::yield();
    }
    return;
  }
  for (unsigned i = 0; i < setup_.processors; ++i)
    if (&seats_[i] != &self && seats_[i].activity != Activity::absent)
      seats_[i].activity = Activity::frozen;
  due_100ns_ = earliest_due();
}

// Back to the OS thread's own stack; continues when run() is called again, if ever.
void Simulation::leave_parallel(Seat& seat) noexcept {
  Jump::hop(seat, controllers_[seat.number]);
}

bool Simulation::is_to_freeze(Seat const& seat) const noexcept {
  Seat const* const freezer = freezer_.load(std::memory_order_acquire);
  return freezer != nullptr && freezer != &seat;
}

void Simulation::poll(Seat& seat) noexcept {
  Core& core = seat.block->core;
  seat.steps += static_cast<std::uint64_t>(std::max(seat.granted - core.countdown, 0));
  seat.granted = core.countdown = points_between_polls;
  if (over_.load(std::memory_order_acquire)) leave_parallel(seat);
  if (is_to_freeze(seat) && seat.activity.exchange(Activity::frozen) != Activity::frozen)
    leave_parallel(seat);
  if (seat.steps >= setup_.step_limit) end({End::step_limit, {}, "the step limit was reached"});
  if (std::uint32_t const wire = seat.wire.exchange(0, std::memory_order_acquire)) {
    core.pending |= wire;
    token_acquire(&seat);
  }
  if (devices_due_100ns_.load(std::memory_order_relaxed) != never.value_100ns)
    fire_devices(now_100ns());
  std::uint64_t const due = seat.due_100ns.load(std::memory_order_relaxed);
  if (due != never.value_100ns && due <= now_100ns()) {
    seat.due_100ns.store(never.value_100ns, std::memory_order_relaxed);
    core.pending |= level_bit(clock_level);
  }
}

void Simulation::await_parallel(Seat& seat) noexcept {
  auto const patience = std::chrono::steady_clock::now() + spin_patience;
  Core& core = seat.block->core;
  for (unsigned spins = 0;; ++spins) {
    if (seat.guard.open()) return;
    if (spins < spins_before_yield) {
      pause_processor();
      continue;
    }
    spins = 0;
    poll(seat);
    if (deliverable(core, core.pending)) return;
    if (std::chrono::steady_clock::now() > patience)
      end({End::deadlock, {}, "a processor spins on a word that nobody changes"});
    std::this_thread::yield();
  }
}

bool Simulation::all_idle() const noexcept {
  std::uint64_t const now = now_100ns();
  if (devices_due_100ns_.load() <= now) return false;
  for (unsigned i = 0; i < setup_.processors; ++i) {
    Seat const& seat = seats_[i];
    Activity const activity = seat.activity.load();
    if (activity == Activity::absent || activity == Activity::frozen) continue;
    if (activity != Activity::halted || seat.wire.load() != 0 || seat.due_100ns.load() <= now)
      return false;
  }
  return true;
}

void Simulation::wait_for_work(Seat& seat, std::unique_lock<std::mutex>& lock) noexcept {
  if (all_idle()) {
    std::uint64_t const due = earliest_due(), now = now_100ns();
    if (settling_ || due == never.value_100ns) {
      if (ending_.end == End::none) ending_.end = End::quiet;
      over_ = true;
    } else {
      jumped_100ns_.fetch_add(due > now ? due - now : 0);
    }
    changed_.notify_all();
    return;
  }
  std::uint64_t const due = std::min(seat.due_100ns.load(), devices_due_100ns_.load()),
                      now = now_100ns();
  if (due == never.value_100ns)
    changed_.wait(lock);
  else if (due > now)
    changed_.wait_for(
        lock, std::chrono::nanoseconds{std::min<std::uint64_t>(due - now, 10'000'000) * 100});
}

void Simulation::halt_parallel(Seat& seat) noexcept {
  Core& core = seat.block->core;
  for (;;) {
    poll(seat);
    if (deliverable(core, core.pending)) return;
    std::unique_lock lock{mutex_};
    if (over_ || is_to_freeze(seat)) continue;
    seat.activity = Activity::halted;
    if (seat.wire.load() == 0) wait_for_work(seat, lock);
    Activity expected = Activity::halted;
    if (!seat.activity.compare_exchange_strong(expected, Activity::steps)) {
      lock.unlock();
      leave_parallel(seat);  // frozen while it slept
    }
  }
}

// The body of a processor's OS thread.
void Simulation::serve(Seat& seat) noexcept {
  Seat& controller = controllers_[seat.number];
  SignalStack const signal_stack;
  adopt_strand(controller.strand);
  controller.exceptions = thread_exceptions();
  ExceptionState const mine = *controller.exceptions;
  Jump::hop(controller, seat);
  *controller.exceptions = mine;
}

void Simulation::launch(Seat& seat) {
  std::lock_guard const guard{mutex_};
  threads_.emplace_back([this, &seat] { serve(seat); });
}

Ending Simulation::run_parallel() {
  if (began_ == std::chrono::steady_clock::time_point{}) began_ = std::chrono::steady_clock::now();
  over_ = false;
  for (unsigned i = 1; i < setup_.processors; ++i)
    if (seats_[i].activity != Activity::absent) launch(seats_[i]);
  serve(seats_[0]);
  // Only a processor of this System starts another, and processor 0 has left: but another may be
  // starting one.
  for (;;) {
    std::vector<std::thread> leaving;
    {
      std::lock_guard const guard{mutex_};
      leaving.swap(threads_);
    }
    if (leaving.empty()) break;
    for (std::thread& thread : leaving) thread.join();
  }
  steps_ = 0;
  for (Seat const& seat : seats_) steps_ += seat.steps;
  return ending_;
}

}  // namespace mica::hal_host
