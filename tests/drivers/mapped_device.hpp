// A device that a test plays, mapped where the test's own code accesses it.
#pragma once

#include <mica/device.hpp>
#include <mica/system.hpp>

#include <nt/ntifs.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"

namespace mica::test {

inline constexpr std::uint64_t mapped_device = 0xFEB00000;

// Memory that notes who asked for what.
struct Noting final : DeviceModel {
  std::optional<std::uint64_t> read(DeviceAccess const& access) override {
    if (access.offset >= sizeof bytes) return {};
    std::uint64_t value = 0;
    std::memcpy(&value, bytes + access.offset, access.bytes);
    reads.push_back(access);
    return value;
  }
  bool write(DeviceAccess const& access, std::uint64_t value) override {
    if (access.offset >= sizeof bytes) throw std::runtime_error{"out of it"};
    std::memcpy(bytes + access.offset, &value, access.bytes);
    writes.push_back(access);
    return true;
  }

  unsigned char bytes[256] = {};
  std::vector<DeviceAccess> reads, writes;
};

// A System whose host code is the driver: of a device with memory, mapped there.
struct Mapped {
  explicit Mapped(Config const& config = {}) : system{config} {
    for (unsigned i = 0; i < sizeof model.bytes; ++i)
      model.bytes[i] = static_cast<unsigned char>(i);
    system.play_device("Noted", model);
    REQUIRE(system.add_devices("device Noted\nmemory 0xFEB00000 0x200\nregister R 0 8\n") ==
            STATUS_SUCCESS);
    system.run([&] { place = map(); });
    REQUIRE(place != nullptr);
  }

  static unsigned char* map() {
    PHYSICAL_ADDRESS address;
    address.QuadPart = mapped_device;
    return static_cast<unsigned char*>(MmMapIoSpace(address, 0x200, MmNonCached));
  }
  // What was asked for since it was asked last, as widths and offsets.
  static std::string told(std::vector<DeviceAccess>& accesses) {
    std::string text;
    for (DeviceAccess const& each : accesses)
      text += std::to_string(each.bytes) + "@" + std::to_string(each.offset) + " ";
    accesses.clear();
    return text;
  }

  Noting model;
  System system;
  unsigned char* place = nullptr;
};

}  // namespace mica::test
