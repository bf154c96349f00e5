// How a run of a System ended: a value, never a signal or an exit.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mica {

class Outcome {
 public:
  enum class Kind : std::uint8_t {
    completed,      // the callable returned and every check in it held
    bugcheck,       // KeBugCheckEx, by the kernel or by a driver
    deadlock,       // nothing can run, no timer is pending, and the callable has not returned
    step_limit,     // Config::step_limit scheduling points were taken
    fault,          // the executive broke the machine's contract; the report says how
    failed_checks,  // MICA_CHECK or MICA_REQUIRE failed, or the callable let an exception escape
    memory_limit,   // no memory for the System, or its log grew past Config::log_limit_bytes
  };

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool completed() const noexcept { return kind_ == Kind::completed; }
  [[nodiscard]] bool is_bugcheck(std::uint32_t code) const noexcept {
    return kind_ == Kind::bugcheck && code_ == code;
  }
  [[nodiscard]] bool is_bugcheck(std::uint32_t code, std::uint64_t first_parameter) const noexcept {
    return is_bugcheck(code) && parameters_[0] == first_parameter;
  }
  // Bugchecks only, else zero.
  [[nodiscard]] std::uint32_t code() const noexcept { return code_; }
  [[nodiscard]] std::array<std::uint64_t, 4> const& parameters() const noexcept {
    return parameters_;
  }
  // "file:line: expression", in the order they failed.
  [[nodiscard]] std::vector<std::string> const& failures() const noexcept { return failures_; }
  // What a person needs: how it ended, what failed, and the configuration that makes it happen
  // again.
  [[nodiscard]] std::string const& report() const noexcept { return report_; }

 private:
  friend class System;
  Kind kind_ = Kind::completed;
  std::uint32_t code_ = 0;
  std::array<std::uint64_t, 4> parameters_{};
  std::vector<std::string> failures_;
  std::string report_;
};

[[nodiscard]] std::string_view name_of(Outcome::Kind kind) noexcept;

// What System::run throws, in the host's own context. what() is the report.
class Failure : public std::runtime_error {
 public:
  explicit Failure(Outcome outcome)
      : std::runtime_error{outcome.report()}, outcome_{std::move(outcome)} {}
  [[nodiscard]] Outcome const& outcome() const noexcept { return outcome_; }

 private:
  Outcome outcome_;
};

}  // namespace mica
