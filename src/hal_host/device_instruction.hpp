// An instruction that accesses a device, and the registers that it finds and leaves: where its
// operands are, and how they are read and written.
//
// Rules
//   On the stack of the code whose access it is, outside of the signal handler.
#pragma once

#include <cstdint>

#include "hal_host/bus.hpp"
#include "hal_host/decoding.hpp"
#include "hal_host/device_access.hpp"
#include "hal_host/simulation.hpp"

namespace mica::hal_host {

class DeviceInstruction {
 public:
  using Operand = ZydisDecodedOperand;

  static constexpr unsigned rax = 0, rcx = 1, rdx = 2, rsi = 6, rdi = 7;

  DeviceInstruction(AccessFrame& frame, Decoded const& decoded) noexcept
      : frame_{frame}, decoded_{decoded}, simulation_{*Machine::current().core.simulation} {}

  [[nodiscard]] AccessFrame& frame() const noexcept { return frame_; }
  [[nodiscard]] Decoded const& decoded() const noexcept { return decoded_; }

  // ---- Operands

  [[nodiscard]] static unsigned bytes_of(Operand const& operand) noexcept {
    return operand.size / 8u;
  }
  // Not by FS or GS: its address is what its registers say.
  [[nodiscard]] static bool is_flat(Operand const& memory) noexcept {
    return memory.mem.segment != ZYDIS_REGISTER_FS && memory.mem.segment != ZYDIS_REGISTER_GS;
  }
  [[nodiscard]] std::uint64_t address_of(Operand const& memory) const noexcept;
  // Which port `in` or `out` names.
  [[nodiscard]] std::uint64_t port(Operand const& place) const noexcept {
    return place.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? place.imm.value.u & 0xFF
                                                      : port_of_strings();
  }
  [[nodiscard]] std::uint64_t port_of_strings() const noexcept {
    return frame_.registers[rdx] & 0xFFFF;
  }
  // False: it is no general register.
  [[nodiscard]] bool write_register(Operand const& operand, std::uint64_t value) noexcept;

  // ---- Devices

  // False: not all of it is one's memory.
  [[nodiscard]] bool is_device(std::uint64_t address, std::uint64_t bytes,
                               std::uint64_t& physical) const noexcept {
    return simulation_.region().device_at(address, bytes, physical);
  }
  // Of 8 bytes at most.
  [[nodiscard]] std::uint64_t read(BusSpace space, std::uint64_t address, unsigned bytes) noexcept;
  void write(BusSpace space, std::uint64_t address, unsigned bytes, std::uint64_t value) noexcept;

  // What is no device is accessed as the code would, and may fault.
  [[nodiscard]] std::uint64_t load(std::uint64_t address, unsigned bytes) noexcept;
  void store(std::uint64_t address, unsigned bytes, std::uint64_t value) noexcept;

 private:
  [[nodiscard]] std::uint64_t address_part(ZydisRegister number) const noexcept;
  [[nodiscard]] BusAccess access(BusSpace space, std::uint64_t address,
                                 unsigned bytes) const noexcept {
    return {space, static_cast<std::uint8_t>(bytes), address, frame_.instruction};
  }

  AccessFrame& frame_;
  Decoded const& decoded_;
  Simulation& simulation_;
};

}  // namespace mica::hal_host
