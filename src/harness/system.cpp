#include <fmt/format.h>

#include "harness/kernel.hpp"

namespace mica {
namespace {

using hal_host::End;
using hal_host::Ending;

std::string replay_line(Config const& config) {
  std::string line =
      fmt::format("again with: processors={} seed={} schedule={}", config.processors, config.seed,
                  config.policy                         ? "custom"
                  : config.schedule == Schedule::random ? "random"
                                                        : "pct");
  if (config.schedule == Schedule::pct)
    line += fmt::format(" pct_depth={} pct_length={}", config.pct_depth, config.pct_length);
  if (config.time_jumps) line += " time_jumps=true";
  if (config.mode == Mode::parallel) line += " mode=parallel (not repeatable)";
  if (config.verifier == Verifier::standard) line += " verifier=standard";
  if (!config.options.empty()) line += fmt::format(" options='{}'", config.options);
  return line;
}

Outcome::Kind kind_of(Ending const& ending, bool done) noexcept {
  switch (ending.end) {
    case End::stopped:
      if (ending.verdict == hal::Verdict::bugcheck) return Outcome::Kind::bugcheck;
      if (ending.verdict == hal::Verdict::failed) return Outcome::Kind::failed_checks;
      return Outcome::Kind::completed;
    case End::deadlock:
      return Outcome::Kind::deadlock;
    case End::step_limit:
      return Outcome::Kind::step_limit;
    case End::log_limit:
    case End::memory:
      return Outcome::Kind::memory_limit;
    case End::violation:
      return Outcome::Kind::fault;
    case End::none:
    case End::paused:
    case End::quiet:
      break;
  }
  return done ? Outcome::Kind::completed : Outcome::Kind::deadlock;
}

}  // namespace

std::string_view name_of(Outcome::Kind kind) noexcept {
  switch (kind) {
    case Outcome::Kind::completed:
      return "completed";
    case Outcome::Kind::bugcheck:
      return "bugcheck";
    case Outcome::Kind::deadlock:
      return "deadlock";
    case Outcome::Kind::step_limit:
      return "step limit";
    case Outcome::Kind::fault:
      return "fault";
    case Outcome::Kind::failed_checks:
      return "failed checks";
    case Outcome::Kind::memory_limit:
      return "memory limit";
  }
  return "?";
}

System::System(Config config) : kernel_{std::make_unique<Kernel>(std::move(config))} {}
System::~System() = default;
System::System(System&&) noexcept = default;
System& System::operator=(System&&) noexcept = default;

void System::reset() {
  kernel_->shut_down();
  if (kernel_->region) kernel_->region->reset();
  kernel_->symbols.clear();
  kernel_->failures.clear();
  kernel_->final_outcome.reset();
}

hal_host::Ending System::Kernel::perform(void (*body)(void*), void* argument) {
  job = {body, argument, false, {}};
  if (simulation)
    harness::hand_over(*session, job);
  else if (boot())
    session->job = &job;
  else
    return {End::memory, {}, "no memory for the System"};
  return simulation->run();
}

void System::Kernel::rewind() noexcept {
  job.done = false;
  job.escaped.clear();
  failures.clear();
  final_outcome.reset();
}

Outcome System::Kernel::conclude(Ending const& ending) {
  Outcome outcome;
  outcome.kind_ = kind_of(ending, job.done);
  // A requirement that failed ended the callable's thread; nothing unwinds it.
  if (!job.done && ending.end == End::quiet && !failures.empty())
    outcome.kind_ = Outcome::Kind::failed_checks;
  bool const over = ending.end != End::quiet || !job.done;
  if (outcome.kind_ == Outcome::Kind::bugcheck) {
    auto const& bugcheck = state->ke.bugcheck;
    outcome.code_ = bugcheck.code;
    for (unsigned i = 0; i < 4; ++i) outcome.parameters_[i] = bugcheck.parameters[i];
  }
  outcome.failures_.swap(failures);
  if (!job.escaped.empty()) outcome.failures_.push_back("the callable threw: " + job.escaped);
  if (outcome.completed() && !outcome.failures_.empty())
    outcome.kind_ = Outcome::Kind::failed_checks;

  outcome.report_ = fmt::format("{}", name_of(outcome.kind_));
  if (outcome.kind_ == Outcome::Kind::bugcheck)
    outcome.report_ +=
        fmt::format(" 0x{:08X} ({:#x}, {:#x}, {:#x}, {:#x})", outcome.code_, outcome.parameters_[0],
                    outcome.parameters_[1], outcome.parameters_[2], outcome.parameters_[3]);
  if (*ending.reason) outcome.report_ += fmt::format(": {}", ending.reason);
  for (std::string const& failure : outcome.failures_) outcome.report_ += "\n  " + failure;
  outcome.report_ +=
      fmt::format("\n{}\nsteps {} trace {:016x}", replay_line(config),
                  simulation ? simulation->steps() : 0, simulation ? simulation->trace_hash() : 0);
  if (over) final_outcome = outcome;
  return outcome;
}

Outcome System::execute(void (*body)(void*), void* argument) {
  if (kernel_->final_outcome) return *kernel_->final_outcome;
  return kernel_->conclude(kernel_->perform(body, argument));
}

std::string_view System::log() const noexcept {
  return kernel_->simulation ? std::string_view{kernel_->simulation->log()} : std::string_view{};
}

std::uint64_t System::trace_hash() const noexcept {
  return kernel_->simulation ? kernel_->simulation->trace_hash() : 0;
}

std::uint64_t System::steps() const noexcept {
  return kernel_->simulation ? kernel_->simulation->steps() : 0;
}

Config const& System::config() const noexcept {
  return kernel_->config;
}

}  // namespace mica
