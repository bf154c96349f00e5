// What stands behind ports and behind physical memory that is none: the devices of a System.
//
// Rules
//   read, write: on a processor, at any IRQL, by the code whose access it is; never in a signal
//   handler. fire: on a processor or between its steps. Nothing here is a scheduling point; in
//   parallel mode several processors may call at once.
#pragma once

#include <cstdint>

#include "base/types.hpp"

namespace mica::hal_host {

enum class BusSpace : std::uint8_t { port, memory };

struct BusAccess {
  BusSpace space;
  std::uint8_t bytes;         // 1, 2, 4 or 8
  std::uint64_t address;      // a port's number, or a physical address
  std::uint64_t instruction;  // whose access it is
};

class Bus {
 public:
  // Whether some of that page is a device's memory.
  [[nodiscard]] virtual bool has_page(PageNumber page) const noexcept = 0;
  // Where nobody is, all bits are set, and nothing is written.
  [[nodiscard]] virtual std::uint64_t read(BusAccess const& access) noexcept = 0;
  virtual void write(BusAccess const& access, std::uint64_t value) noexcept = 0;
  // An instruction that nobody can do in the driver's place is about to end the run.
  virtual void refuse(std::uint64_t instruction, char const* text) noexcept = 0;

  // The time has come that Simulation::wake_devices_at named.
  virtual void fire(std::uint64_t now_100ns) noexcept = 0;
  // Whether a device still wants to interrupt by a vector that was just served.
  [[nodiscard]] virtual bool wants(std::uint8_t vector) noexcept = 0;

 protected:
  ~Bus() = default;
};

}  // namespace mica::hal_host
