// A Simulation steps the processors of one System.
//   Deterministic: one OS thread, the one that calls run(). At each scheduling point the policy
//   picks the processor that steps; control jumps from processor to processor, and back to run()'s
//   caller (the "controller") when nothing is left to do. Interrupt time counts scheduling points,
//   100 ns each, and jumps when all are idle. Parallel: one OS thread per processor, interrupt time
//   is the steady clock plus the same jumps. run() may be called again, from any OS thread, after
//   it returned `quiet`; after any other ending the System's flows of control are abandoned where
//   they stand.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <machine.hpp>

#include "hal_host/bus.hpp"
#include "hal_host/policy.hpp"
#include "hal_host/region.hpp"

namespace mica::hal_host {

enum class Activity : std::uint8_t { absent, steps, awaits, halted, frozen };

inline constexpr unsigned max_processors = 16;

// A processor's place in a simulation, and the controller's.
struct Seat {
  Machine::Processor* block = nullptr;  // null: the controller
  unsigned number = 0;
  std::atomic<Activity> activity{Activity::absent};
  void* suspended = nullptr;             // where it goes on, while another steps
  Strand strand{};                       // of the flow that runs on it
  ExceptionState* exceptions = nullptr;  // of the OS thread that steps it
  Machine::Context first{};              // the flow it starts with
  Machine::Context* running = nullptr;
  Machine::Context* leaving = nullptr;  // a switch between save and publication
  std::atomic<std::uint32_t> wire{0};   // interrupts requested, not yet arrived
  // Which vectors of each device level were requested; the wire, or the processor, has their level.
  std::atomic<std::uint16_t> vectors[last_device_level + 1]{};
  unsigned refusals = 0;  // how often the policy kept the wire waiting...
  static constexpr unsigned most_refusals =
      16;         // ...until what was requested lands whatever it says
  Guard guard{};  // while it awaits
  std::atomic<std::uint64_t> due_100ns{never.value_100ns};
  std::int32_t granted = 0;  // what `countdown` started from
  std::uint64_t steps = 0;   // parallel mode: its own count

  // The running flow's strand where others look for its stack: a flow that was never made, an idle
  // one, has the seat's first.
  [[nodiscard]] Strand& flow() noexcept {
    return running->strand.bottom ? running->strand : first.strand;
  }
  [[nodiscard]] Strand const& flow() const noexcept { return const_cast<Seat*>(this)->flow(); }
};

enum class End : std::uint8_t {
  none,
  paused,    // by pause(): the next run goes on there
  quiet,     // all processors halted and no clock is armed (or settle() was asked for)
  stopped,   // Machine::stop
  deadlock,  // processors await words that nobody will change
  step_limit,
  log_limit,
  memory,     // there was none to begin with
  violation,  // the executive broke the seam's contract; `reason` says how
};

struct Ending {
  End end = End::none;
  hal::Verdict verdict = hal::Verdict::passed;
  char const* reason = "";
};

struct Setup {
  hal::Handlers const* handlers;
  unsigned processors = 1;
  bool parallel = false;
  Policy* policy = nullptr;  // deterministic mode: required
  std::uint64_t step_limit = 100'000'000;
  std::size_t log_limit_bytes = 16 << 20;
  bool patches = true;  // instructions that are emulated are replaced; deterministic mode
  Region* region = nullptr;
  KUSER_SHARED_DATA* shared_data = nullptr;
  char const* command_line = "";
  std::span<std::byte const> ram_disk{};
  Bus* bus = nullptr;     // null: nobody is behind ports, and physical addresses are memory
  void* owner = nullptr;  // the harness's, for code that runs inside
};

class Simulation {
 public:
  explicit Simulation(Setup const& setup);
  ~Simulation();
  Simulation(Simulation const&) = delete;
  Simulation& operator=(Simulation const&) = delete;

  // Processor 0 will call entry(argument) at DISPATCH_LEVEL on `stack`.
  void boot(Machine::Processor& block, hal::Stack stack, void(NTAPI* entry)(void*),
            void* argument) noexcept;
  [[nodiscard]] Ending run();
  // Inside: from now on all processors halted is quiet, armed clocks or not. Ends with the run.
  void settle() noexcept { settling_.store(true); }
  // Between runs: an interrupt on processor 0 at entry_level; routine must not switch.
  void interrupt(void(NTAPI* routine)(void*), void* argument) noexcept;

  // Inside, deterministic mode: run() returns `paused`, and called again it goes on from here. The
  // next scheduling point is a decision then.
  void pause() noexcept;
  // Inside, deterministic mode: the next scheduling point of this processor is a decision.
  void decide_next() noexcept;
  // Between runs: all that the simulation holds of its own, and back.
  struct Image;
  void save(Image& image) const;
  void load(Image const& image) noexcept;
  [[nodiscard]] std::span<Seat const> seats() const noexcept { return {seats_, setup_.processors}; }

  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] std::uint64_t trace_hash() const noexcept { return hash_; }
  [[nodiscard]] std::string const& log() const noexcept { return log_; }
  [[nodiscard]] void* owner() const noexcept { return setup_.owner; }
  [[nodiscard]] unsigned processors() const noexcept { return setup_.processors; }
  [[nodiscard]] Region& region() const noexcept { return *setup_.region; }
  [[nodiscard]] KUSER_SHARED_DATA* shared_data() const noexcept { return setup_.shared_data; }
  [[nodiscard]] bool patches() const noexcept { return setup_.patches && !setup_.parallel; }
  [[nodiscard]] char const* command_line() const noexcept { return setup_.command_line; }
  [[nodiscard]] std::span<std::byte const> ram_disk() const noexcept { return setup_.ram_disk; }
  [[nodiscard]] Bus* bus() const noexcept { return setup_.bus; }
  [[nodiscard]] hal::Handlers const& handlers() const noexcept { return *setup_.handlers; }

  // ---- For the machine, on a processor of this simulation
  void decide() noexcept;
  [[nodiscard]] bool start(Machine::Processor& block, hal::Stack stack) noexcept;
  void request(unsigned number, KIRQL level) noexcept;
  void request_device(unsigned number, std::uint8_t vector) noexcept;
  // The same for a device, wherever it is called: on a processor, or where none steps.
  void raise_device(unsigned number, std::uint8_t vector) noexcept;
  // Bus::fire is called at that time, or later; replaces what was asked for. As raise_device.
  void wake_devices_at(std::uint64_t due_100ns) noexcept;
  // A vector was served: it is requested here once more if a device wants that.
  void served(std::uint8_t vector) noexcept;
  // The highest requested vector of that level on this processor, requested no more; 0: there is
  // none.
  [[nodiscard]] std::uint8_t take_vector(KIRQL level) noexcept;
  void freeze_others() noexcept;
  void await(Guard const& guard) noexcept;
  void halt() noexcept;
  void arm(std::uint64_t due_100ns) noexcept;
  void spend(std::uint64_t duration_100ns) noexcept;
  [[nodiscard]] std::uint64_t now_100ns() const noexcept;
  void note(std::uint64_t event) noexcept;
  void write_log(char const* text, std::size_t bytes) noexcept;
  [[noreturn]] void end(Ending const& ending) noexcept;
  [[noreturn]] void violation(char const* reason) noexcept { end({End::violation, {}, reason}); }
  // Happens-before: the host's thread to the kernel's, and back.
  [[nodiscard]] void* enter_token() noexcept { return &enter_token_; }
  [[nodiscard]] void* exit_token() noexcept { return &exit_token_; }
  // Whether it was the outside that interrupted at entry_level; then its routine has run.
  [[nodiscard]] bool entry_interrupt() noexcept;
  [[nodiscard]] std::uint64_t next_context_id() noexcept { return ++context_ids_; }
  void remember(Machine::Context& context) noexcept;
  void forget(Machine::Context& context) noexcept;

 private:
  static void place(Seat& seat, Machine::Processor& block, hal::Stack stack,
                    void(NTAPI* entry)(void*), void* argument) noexcept;
  void bind(Machine::Processor& block) noexcept;
  [[nodiscard]] Seat& me() const noexcept { return *Machine::current().core.seat; }

  // Deterministic mode.
  [[nodiscard]] bool can_step(Seat const& seat) const noexcept;
  [[nodiscard]] Candidates able(Seat const& from) const noexcept;
  [[nodiscard]] Seat* pick(Seat const& from) noexcept;
  [[nodiscard]] Seat& next_seat(Seat const& from) noexcept;
  [[nodiscard]] bool advance() noexcept;
  void give_way(Seat& from) noexcept;
  void account(Seat& seat) noexcept;
  void grant(Seat& seat) noexcept;
  void fire_due(bool nobody_steps) noexcept;
  void land(Seat& seat, bool forced) noexcept;
  void jump_time(Seat const& from) noexcept;
  [[nodiscard]] std::uint64_t earliest_due() const noexcept;
  void fire_devices(std::uint64_t now_100ns) noexcept;
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept;
  [[nodiscard]] Ending run_deterministic();

  // Parallel mode.
  [[nodiscard]] Ending run_parallel();
  void launch(Seat& seat);
  void serve(Seat& seat) noexcept;
  void poll(Seat& seat) noexcept;
  void halt_parallel(Seat& seat) noexcept;
  void await_parallel(Seat& seat) noexcept;
  void leave_parallel(Seat& seat) noexcept;
  void wait_for_work(Seat& seat, std::unique_lock<std::mutex>& lock) noexcept;
  [[nodiscard]] bool all_idle() const noexcept;
  [[nodiscard]] bool is_to_freeze(Seat const& seat) const noexcept;

  Setup setup_;
  Seat* paused_ = nullptr;  // where the next run goes on
  Seat seats_[max_processors];
  Seat controllers_[max_processors];  // deterministic mode uses the first
  Ending ending_;
  std::uint64_t steps_ = 0;
  std::uint64_t skew_100ns_ = 0;                 // interrupt time that no step took
  std::uint64_t due_100ns_ = never.value_100ns;  // deterministic mode: the earliest armed clock
  std::atomic<std::uint64_t> devices_due_100ns_{never.value_100ns};
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::uint64_t context_ids_ = 0;
  std::atomic<bool> settling_{false};
  std::atomic<bool> entry_wanted_{false};
  void(NTAPI* entry_routine_)(void*) = nullptr;
  void* entry_argument_ = nullptr;
  std::string log_;
  std::vector<Machine::Context*> contexts_;  // sanitized builds: whose strands to drop

  std::mutex mutex_;  // parallel mode, all below
  std::condition_variable changed_;
  std::atomic<bool> over_{false};
  std::atomic<Seat const*> freezer_{nullptr};  // who froze the others, and goes on
  std::atomic<std::uint64_t> jumped_100ns_{0};
  std::chrono::steady_clock::time_point began_{};
  std::vector<std::thread> threads_;
  char enter_token_ = 0;
  char exit_token_ = 0;
};

// In deterministic mode one OS thread has touched all of it: atomics are copied as plain words.
struct Simulation::Image {
  std::byte seats[sizeof seats_];
  Seat* paused;
  std::uint64_t steps, skew_100ns, due_100ns, devices_due_100ns, hash, context_ids;
  bool entry_wanted;
  void(NTAPI* entry_routine)(void*);
  void* entry_argument;
  std::size_t log_bytes;
};

[[nodiscard]] inline bool deliverable(Core const& core, std::uint32_t requests) noexcept {
  return !core.masked && requests >> core.level > 1;
}

}  // namespace mica::hal_host
