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

  // Until one fails: its name, and its NTSTATUS.
  [[nodiscard]] std::optional<std::pair<std::string, std::int32_t>> add(System& system);
  // The last first, those that are still there. False: one stays.
  [[nodiscard]] bool remove(System& system) const;

 private:
  struct Device {
    std::string name;
    std::string_view text;
  };
  std::vector<Device> described_;
  std::size_t added_ = 0;
};

}  // namespace mica::tool
