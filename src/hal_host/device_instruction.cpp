#if defined(__x86_64__)
#include "hal_host/device_instruction.hpp"

#include <cstring>

namespace mica::hal_host {

std::uint64_t DeviceInstruction::address_of(Operand const& memory) const noexcept {
  return address_part(memory.mem.base) + address_part(memory.mem.index) * memory.mem.scale +
         static_cast<std::uint64_t>(memory.mem.disp.value);
}

std::uint64_t DeviceInstruction::address_part(ZydisRegister number) const noexcept {
  if (number == ZYDIS_REGISTER_RIP) return frame_.instruction + decoded_.instruction.length;
  RegisterPlace place;
  return find_register(number, place) ? frame_.registers[place.index] : 0;
}

bool DeviceInstruction::write_register(Operand const& operand, std::uint64_t value) noexcept {
  RegisterPlace place;
  if (!find_register(operand.reg.value, place)) return false;
  std::uint64_t& there = frame_.registers[place.index];
  there = merged(place, there, value);
  return true;
}

std::uint64_t DeviceInstruction::read(BusSpace space, std::uint64_t address,
                                      unsigned bytes) noexcept {
  constexpr std::uint64_t all_bits = ~std::uint64_t{0};
  Bus* const bus = simulation_.bus();
  return bus == nullptr ? all_bits : bus->read(access(space, address, bytes));
}

void DeviceInstruction::write(BusSpace space, std::uint64_t address, unsigned bytes,
                              std::uint64_t value) noexcept {
  if (Bus* const bus = simulation_.bus())
    bus->write(access(space, address, bytes), low_bits(value, 8 * bytes));
}

std::uint64_t DeviceInstruction::load(std::uint64_t address, unsigned bytes) noexcept {
  std::uint64_t physical = 0, value = 0;
  if (is_device(address, bytes, physical)) return read(BusSpace::memory, physical, bytes);
  std::memcpy(&value, reinterpret_cast<void const*>(address), bytes);
  return value;
}

void DeviceInstruction::store(std::uint64_t address, unsigned bytes, std::uint64_t value) noexcept {
  std::uint64_t physical = 0;
  if (is_device(address, bytes, physical)) return write(BusSpace::memory, physical, bytes, value);
  std::memcpy(reinterpret_cast<void*>(address), &value, bytes);
}

}  // namespace mica::hal_host

#endif
