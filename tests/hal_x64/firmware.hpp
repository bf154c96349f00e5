// Physical memory as a test writes it, for the parsers of firmware's and boot loaders' structures.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "hal_x64/firmware_view.hpp"

namespace mica::hal_x64_test {

class Firmware {
 public:
  explicit Firmware(std::size_t bytes = 0x4000) : bytes_(bytes) {}

  template <class Value>
  void put(std::size_t address, Value value) {
    std::memcpy(&bytes_.at(address + sizeof value - 1) - (sizeof value - 1), &value, sizeof value);
  }
  void put_text(std::size_t address, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
      bytes_.at(address + i) = static_cast<std::byte>(text[i]);
  }
  // Makes the bytes add up to zero by the one at `at`.
  void seal(std::size_t address, std::size_t length, std::size_t at) {
    bytes_.at(address + at) = std::byte{0};
    unsigned sum = 0;
    for (std::size_t i = 0; i < length; ++i)
      sum += std::to_integer<unsigned>(bytes_.at(address + i));
    bytes_.at(address + at) = static_cast<std::byte>(-sum);
  }
  void spoil(std::size_t address) { bytes_.at(address) ^= std::byte{0x10}; }
  [[nodiscard]] hal_x64::FirmwareView view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace mica::hal_x64_test
