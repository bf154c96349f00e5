// What came of `mica run`.
#pragma once

#include <mica/driver.hpp>

#include <optional>
#include <string>
#include <vector>

#include "ldr/version.hpp"
#include "player.hpp"

namespace mica::tool {

enum class Unloading : std::uint8_t {
  not_reached,
  done,
  in_use,      // it was asked to, and something of it is in use still
  impossible,  // it has no DriverUnload
};

struct RunResult {
  std::optional<ldr::Version> version;       // that the image says it has
  std::optional<std::int32_t> entry_status;  // none: DriverEntry did not come to its end
  std::string refusal;                       // in words: why it was not called
  std::optional<Outcome> ended;              // before its time
  // The device that did not come to be there, and its status.
  std::optional<std::pair<std::string, std::int32_t>> device;
  unsigned held = 0;
  std::vector<FailedExpectation> failures;
  std::vector<WrongAccess> wrong_accesses;
  std::optional<script::Place> last;
  Unloading unloading = Unloading::not_reached;

  // The tool's.
  [[nodiscard]] int status() const noexcept;
};

// What is run: a driver, the devices that it is given once it is loaded, and what is asked of it.
struct Wanted {
  std::span<std::byte const> image;
  std::span<std::byte const> symbols;  // or none
  std::string name;
  std::string_view devices;  // their text
  script::Script script;
};

// Throws DeviceMistake.
[[nodiscard]] RunResult run_driver(System& system, Wanted const& wanted);

void print_text(RunResult const& result, std::string const& driver, std::string const& script,
                std::string const& devices);
void print_json(RunResult const& result, System const& system, std::string const& driver,
                std::string const& script);

}  // namespace mica::tool
