// A System is one NT kernel inside this process.
//   Several may live at once, also on several threads; one System is used by one thread at a time.
//   The library never exits, prints, reads the environment or installs a signal handler; the
//   program's own may give it page faults (mica/fault.hpp). NT routines act on the System whose
//   run() is on the calling thread; called outside of one they stop the process with a message that
//   says so. No exception crosses a kernel frame: what a callable throws is caught where it was
//   called.
#pragma once

#include <mica/device.hpp>
#include <mica/outcome.hpp>
#include <mica/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mica {

enum class Mode : std::uint8_t {
  deterministic,  // one OS thread steps all processors; the same Config gives the same run
  parallel,       // one OS thread per processor
};

enum class Schedule : std::uint8_t {
  random,  // uniform; how often it decides differs from seed to seed
  pct,     // priorities with few changes: finds bugs that need few preemptions, with a bounded
           // probability
};

// Rules that are not judged unless somebody asks.
enum class Verifier : std::uint8_t {
  off,
  standard,  // the kernel option `verifier`: deadlock detection, and what NT else lets pass
};

// What becomes of a driver's instructions that a process may not execute (docs/host.md). The run is
// the same.
enum class Privileged : std::uint8_t {
  patched,   // most are replaced once they were emulated; Mode::parallel: emulated
  emulated,  // each time: a driver that reads its own code finds what its file has
};

class Trace;  // mica/trace.hpp

struct Config {
  unsigned processors = 1;  // 1 to 16
  std::uint64_t seed = 1;
  Mode mode = Mode::deterministic;
  Schedule schedule = Schedule::random;
  Policy* policy = nullptr;         // decides instead of `schedule`; must outlive the System
  bool time_jumps = false;          // Schedule::random: timers may expire long before code is done
  unsigned pct_depth = 3;           // Schedule::pct: preemptions + 1
  std::uint32_t pct_length = 2000;  // Schedule::pct: about how many decisions a run has
  std::size_t memory_bytes = std::size_t{64} << 20;
  std::uint64_t step_limit = 100'000'000;
  std::size_t log_limit_bytes = std::size_t{16} << 20;
  std::string options{};  // the kernel's command line
  // A ustar archive whose files the System finds by their names, as drivers' images; must outlive
  // the System.
  std::span<std::byte const> ram_disk{};
  Verifier verifier = Verifier::off;
  Privileged privileged = Privileged::patched;
  Trace* trace = nullptr;  // records what drivers do (mica/trace.hpp); must outlive the System
};

class Driver;  // mica/driver.hpp

// A text that describes no devices: where it is wrong, from 1, and what was expected there.
struct DeviceMistake : std::runtime_error {
  DeviceMistake(unsigned line_, unsigned column_, std::string const& expected)
      : std::runtime_error{expected}, line{line_}, column{column_} {}
  unsigned line, column;
};

class System {
 public:
  explicit System(Config config = {});
  ~System();
  System(System&&) noexcept;
  System& operator=(System&&) noexcept;

  // Runs callable() in a system thread at PASSIVE_LEVEL, and then on until nothing is left to do
  // but wait for time to pass. The first run boots the kernel. After any outcome but `completed`
  // and checks that failed without ending it the System is over: every further run gives that
  // outcome again, until reset().
  template <class Callable>
  [[nodiscard]] Outcome try_run(Callable&& callable) {
    auto call = [&callable] { callable(); };
    return execute([](void* stored) { (*static_cast<decltype(call)*>(stored))(); }, &call);
  }

  // The same; throws Failure unless it completed.
  template <class Callable>
  void run(Callable&& callable) {
    Outcome outcome = try_run(std::forward<Callable>(callable));
    if (!outcome.completed()) throw Failure{std::move(outcome)};
  }

  // Loads a Windows driver for x64 (a .sys file's bytes) and calls its DriverEntry in a system
  // thread, as the driver \Driver\`name`. Throws what run() throws, if the driver does not come to
  // the end of it. `symbols` are the bytes of the file that the image's linker wrote beside it (a
  // .pdb), or none: where they are the image's own, places in it are told by their names, and where
  // they are not the log says so. Neither need be kept.
  [[nodiscard]] Driver load(std::span<std::byte const> image, std::string_view name = "driver",
                            std::span<std::byte const> symbols = {});

  // Plugs in the devices that a text describes (docs/pnp.md), in its order, until one fails: calls
  // AddDevice of their drivers, and starts them. What the last came to, an NTSTATUS:
  // STATUS_CONFLICTING_ADDRESSES if another device that somebody plays has some of its ports or
  // memory, or the System has memory there. Throws DeviceMistake, and nothing is done, if the text
  // is wrong; and what run() throws.
  std::int32_t add_devices(std::string_view text);
  // Plays the device of that name, from when it is added until it is removed; whatever registers
  // its text has. Before it is added. The model must outlive that, and the System's reset.
  void play_device(std::string name, DeviceModel& model);
  // Of a device that is there and that the library plays; else null. Valid until it is removed.
  [[nodiscard]] Registers* registers(std::string_view device);
  // As if the device interrupted: once. False: none of that name is played, or it has no interrupt.
  bool interrupt(std::string_view device);
  // What drivers accessed that devices have not, in that order. While no run is on.
  [[nodiscard]] std::vector<WrongAccess> const& wrong_accesses() const;
  // Removes a device, if its drivers agree; or takes it away, whatever they say. An NTSTATUS:
  // STATUS_NO_SUCH_DEVICE if there is none of that name, STATUS_DEVICE_BUSY if a file is open on
  // it, or what a driver says. Throws what run() throws.
  std::int32_t remove_device(std::string_view name);
  std::int32_t lose_device(std::string_view name);

  // What a machine does before it is turned off: drivers that registered for it are told with
  // IRP_MJ_SHUTDOWN. How many devices could not be told, without memory. Throws what run() throws.
  std::size_t shut_down();

  // Back to before the first run, with the same configuration. No driver is told.
  void reset();

  // What DbgPrint and the kernel wrote.
  [[nodiscard]] std::string_view log() const noexcept;
  // A hash of every choice and every event at the machine's seam since the System was made or
  // reset.
  [[nodiscard]] std::uint64_t trace_hash() const noexcept;
  // Scheduling points taken.
  [[nodiscard]] std::uint64_t steps() const noexcept;
  [[nodiscard]] Config const& config() const noexcept;

  struct Kernel;  // src/harness

 private:
  [[nodiscard]] Outcome execute(void (*body)(void*), void* argument);
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace mica
