// The devices of `mica run --devices`: added before the script, removed after it.
#pragma once

#include <mica/system.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mica::tool {

class Devices {
 public:
  // Throws DeviceMistake.
  explicit Devices(std::string_view text);

  using Failed = std::optional<std::pair<std::string, std::int32_t>>;
  // Those that are plugged in, or those without a driver, which are there before one is loaded.
  // Until one fails: its name, and its NTSTATUS.
  [[nodiscard]] Failed add(System& system, bool plugged);
  // The last first, those that are still there. False: one stays.
  [[nodiscard]] bool remove(System& system) const;

 private:
  struct Device {
    std::string name;
    std::string_view text;
    bool plugged;
    bool added = false;
  };
  std::vector<Device> described_;
};

}  // namespace mica::tool
