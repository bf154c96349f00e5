// The boot phases: from a machine with one processor to a System whose first thread runs.
#include <nt/ex.h>
#include <nt/ke.h>
#include <nt/rtl/version.h>
#include <nt/zw.h>

#include <algorithm>
#include <string_view>

#include "drivers/null.hpp"
#include "ex/state.hpp"
#include "init/deadlock_detection.hpp"
#include "init/drivers.hpp"
#include "init/options.hpp"
#include "init/refused_option.hpp"
#include "init/self_test.hpp"
#include "init/special_pool.hpp"
#include "init/state.hpp"
#include "ke/freed_timers.hpp"
#include "ke/lock_checks.hpp"
#include "ldr/dispatch.hpp"
#include "ldr/public_names.hpp"
#include "pnp/device.hpp"
#include "rtl/line.hpp"

namespace mica::init {
namespace {

using rtl::Line;

void require(bool holds, ULONG_PTR phase, ULONG_PTR detail = 0) noexcept {
  if (!holds) ke::bugcheck(PHASE1_INITIALIZATION_FAILED, detail, phase);
}

// An idle thread begins where its processor does.
void stand_on(ke::Thread& idle, hal::Stack stack) noexcept {
  idle.stack = idle.stack_in_use = stack;
}

void start_processors(State& state) noexcept {
  for (ULONG number = 1; number < state.ke.count; ++number) {
    hal::Stack const stack = mm::allocate_stack();
    require(stack.base != nullptr, 2, number);
    stand_on(state.ke.processors[number].idle, stack);
    require(Machine::start_processor(state.ke.processors[number].machine, stack), 2, number);
  }
  // A processor counts once its idle thread runs: from then on threads may be sent to it.
  for (ULONG number = 1; number < state.ke.count; ++number)
    while ((state.ke.active.load() >> number & 1) == 0) Machine::stall(10);
}

void NTAPI run_main(void* context) noexcept {
  State& state = *static_cast<State*>(context);
  state.main(state.argument);
}

// A System that boots for its own sake says how far it came.
class Announcer {
 public:
  explicit Announcer(bool speaks) noexcept : speaks_{speaks} {}
  void phase(std::string_view what) noexcept {
    if (speaks_) Line{} << "phase " << ++phase_ << ": " << what;
  }

 private:
  bool const speaks_;
  std::uint64_t phase_ = 0;
};

// Phase 1 runs in a thread that nobody made, at PASSIVE_LEVEL on processor 0.
void NTAPI phase_1(void* context) noexcept {
  State& state = *static_cast<State*>(context);
  bool const alone = state.main == nullptr;
  if (alone) state.main = self_test_main;
  if (alone) Line{} << "Mica, an NT-style executive: processors " << state.ke.count;
  Announcer announcer{alone};
  announcer.phase("memory, the first processor, its first thread");
  start_processors(state);
  announcer.phase("every processor runs its idle thread");
  require(NT_SUCCESS(ob::initialize()), 3);
  announcer.phase("object types, directories, handles");
  require(NT_SUCCESS(se::initialize()), 3, 1);
  require(NT_SUCCESS(ps::initialize()), 4);
  announcer.phase("system threads and their reaper");
  require(NT_SUCCESS(ex::initialize()), 5, 1);
  require(NT_SUCCESS(io::initialize()), 5);
  require(NT_SUCCESS(tm::initialize()), 5, 4);
  require(NT_SUCCESS(cm::initialize()), 5, 2);
  require(NT_SUCCESS(pnp::initialize()), 5, 3);
  require(NT_SUCCESS(drivers::create_null()), 6);
  announcer.phase("drivers, devices, the registry");
  HANDLE thread = nullptr;
  require(NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
                                          run_main, &state)),
          7);
  require(NT_SUCCESS(ZwClose(thread)), 7);
}

// Limits that were asked for in milliseconds become ticks: at least one, but 0 stays 0.
[[nodiscard]] ULONG ticks_of(ULONG duration_ms, ULONG period_100ns) noexcept {
  constexpr std::uint64_t millisecond_100ns = 10'000;
  return static_cast<ULONG>((duration_ms * millisecond_100ns + period_100ns - 1) / period_100ns);
}

// The milliseconds that a kernel option says, `otherwise` if it is not given.
[[nodiscard]] ULONG milliseconds_of(std::string_view name, ULONG otherwise) noexcept {
  std::string_view const given = option(Machine::command_line(), name);
  if (given.data() == nullptr) return otherwise;
  if (auto const number = number_in(given)) return *number;
  refuse_option(name, given, "a number of milliseconds, 0 to 4294967295", 3);
}

void limit_dpcs(ke::State& ke) noexcept {
  ULONG const period_100ns = ke.time.period_100ns;
  ULONG const single_ms = milliseconds_of("dpc-timeout-ms", ke::default_dpc_timeout_ms);
  ULONG const all_ms = milliseconds_of("dpc-watchdog-ms", ke::default_dpc_watchdog_ms);
  ke.dpc_limits = {ticks_of(single_ms, period_100ns), ticks_of(all_ms, period_100ns)};
}

// mm::State::freeing: what may not be left in a block that is freed.
void NTAPI look_at_freed(mm::FreedBlock const& block) noexcept {
  if (block.timers)
    ke::reject_live_timers(block.memory, block.bytes, static_cast<ULONG_PTR>(block.kind));
  if (!block.objects) return;
  ldr::note_freed(block.memory);
  ex::reject_live_lookasides(block.memory, block.bytes);
  ex::reject_live_resources(block.memory, block.bytes);
  ke::lock_memory_freed(block.memory, block.bytes);
}

// What stays in the page that drivers read at a fixed address.          [ntddk.h KUSER_SHARED_DATA]
void fill_shared_page(KUSER_SHARED_DATA& page) noexcept {
  constexpr std::u16string_view root = u"C:\\Windows";
  constexpr USHORT amd64 = 9;  // PROCESSOR_ARCHITECTURE_AMD64
  RTL_OSVERSIONINFOEXW version;
  version.dwOSVersionInfoSize = sizeof version;
  static_cast<void>(RtlGetVersion(reinterpret_cast<PRTL_OSVERSIONINFOW>(&version)));
  std::copy(root.begin(), root.end(), page.NtSystemRoot);
  page.NtMajorVersion = version.dwMajorVersion;
  page.NtMinorVersion = version.dwMinorVersion;
  page.NtBuildNumber = version.dwBuildNumber;
  page.NtProductType = static_cast<NT_PRODUCT_TYPE>(version.wProductType);
  page.ProductTypeIsValid = TRUE;
  page.NativeProcessorArchitecture = amd64;
}

void NTAPI keep_boot_thread(ke::Thread&) noexcept {}

}  // namespace

unsigned NTAPI time_rate() noexcept {
  constexpr std::string_view name = "time-rate";
  std::string_view const given = option(Machine::command_line(), name);
  if (given.data() == nullptr) return 1;
  if (auto const rate = number_in(given); rate && *rate >= 1 && *rate <= 100) return *rate;
  refuse_option(name, given, "a number, 1 to 100", 6);
}

void NTAPI prepare(State& state, unsigned processors, hal::Stack boot_stack) noexcept {
  ke::initialize(state.ke, processors, state.ps.system.process.kernel);
  stand_on(state.ke.processors[0].idle, boot_stack);
  list_initialize(state.boot_thread.requests);
  state.ke.thread_ended = keep_boot_thread;
  state.ke.free_apc = [](KAPC* apc) NTAPI { ExFreePool(apc); };
  state.ke.bugcheck.divert = divert_bugcheck;
  state.ke.bugcheck.fault_code = mm::fault_code;
  state.mm.freeing = look_at_freed;
  state.mm.allocated = ldr::note_allocated;
  state.ke.lock_checks.watch = mm::watch;
  state.ke.watch_timer = mm::watch_timer;
  state.io.find_image = find_image;
  state.io.image_entered = discard_image;
  state.io.unloaded = judge_unloaded_image;
  state.io.image_gone = unload_image;
  state.io.make_service_key = cm::make_service_key;
  state.io.find_line = pnp::find_line;
  state.io.stack_closed = pnp::stack_closed;
  state.ke.exceptions = {ldr::raise, ldr::take_fault, ldr::is_in_image, ldr::put_place_of};
  for (unsigned number = 0; number < processors; ++number) {
    ke::Processor& processor = state.ke.processors[number];
    processor.mm = &state.mm;
    processor.ob = &state.ob;
    processor.se = &state.se;
    processor.ps = &state.ps;
    processor.ex = &state.ex;
    processor.io = &state.io;
    processor.tm = &state.tm;
    processor.cm = &state.cm;
    processor.ldr = &state.ldr;
    processor.pnp = &state.pnp;
    processor.init = &state;
  }
}

Machine::Processor& NTAPI processor_block(State& state, unsigned number) noexcept {
  return state.ke.processors[number].machine;
}

void NTAPI start() noexcept {
  State& state = *ke::current().init;
  limit_dpcs(state.ke);
  fill_shared_page(*Machine::shared_user_data());
  if (!mm::initialize(state.mm)) ke::bugcheck(PHASE0_INITIALIZATION_FAILED);
  choose_special_pool(state.mm);
  state.ke.verified = has_option(Machine::command_line(), "verifier");
  mm::choose_rare_requests(state.mm);
  state.ex.passes_breakpoints = has_option(Machine::command_line(), "pass-breakpoints");
  state.ldr.traps = has_option(Machine::command_line(), "trap-missing-imports");
  bool const detects =
      state.ke.verified || has_option(Machine::command_line(), "deadlock-detection");
  if (detects && !detect_deadlocks()) ke::bugcheck(PHASE0_INITIALIZATION_FAILED, 4);
  hal::Stack const stack = mm::allocate_stack();
  if (stack.base == nullptr) ke::bugcheck(PHASE0_INITIALIZATION_FAILED, 1);
  // This processor is not active yet, so the thread waits in its queue until the idle thread below
  // asks for work.
  state.ke.active.store(1);
  bool const made =
      ke::initialize_thread(state.boot_thread.kernel, {.stack = stack,
                                                       .routine = phase_1,
                                                       .context = &state,
                                                       .process = &state.ps.system.process.kernel,
                                                       .priority = 0});
  if (!made) ke::bugcheck(PHASE0_INITIALIZATION_FAILED, 2);
  ke::start_thread(state.boot_thread.kernel);
  ke::idle();
}

}  // namespace mica::init
