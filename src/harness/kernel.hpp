// One kernel and what the host keeps about it.
#pragma once

#include <mica/system.hpp>

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include "hal_host/fault_signals.hpp"
#include "hal_host/simulation.hpp"
#include "harness/device_bus.hpp"
#include "harness/session.hpp"
#include "init/state.hpp"

namespace mica {

struct System::Kernel {
  explicit Kernel(Config given);
  ~Kernel();

  // False: no memory for it.
  [[nodiscard]] bool boot();
  void shut_down() noexcept;
  // Performs the body in the kernel's first thread until it is done or the run ends: the first time
  // by booting it. What keeps `argument` keeps it until then.
  [[nodiscard]] hal_host::Ending perform(void (*body)(void*), void* argument);
  // What a run came to, that ended so.
  [[nodiscard]] Outcome conclude(hal_host::Ending const& ending);
  // As if the body had not ended: what it stood in has been brought back.
  void rewind() noexcept;
  void record_failure(char const* expression, char const* file, int line);

  Config config;
  std::string const command_line;
  hal_host::Region* region = nullptr;
  init::State* state = nullptr;
  std::unique_ptr<Policy> own_policy;
  harness::DeviceBus bus;
  std::optional<hal_host::Simulation> simulation;
  harness::Session* session = nullptr;
  // From the first image on, or where a RAM disk has some.
  std::optional<hal_host::TakesFaultSignals> fault_signals;
  harness::Job job{};
  std::deque<std::vector<std::byte>> symbols;  // of images, which refer to them
  std::mutex failures_mutex;                   // parallel mode: checks on several processors
  std::vector<std::string> failures;
  std::optional<Outcome> final_outcome;
};

}  // namespace mica
