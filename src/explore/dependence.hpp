// What the steps of a processor touch, and whether two steps can be told apart by their order.
//   A footprint is a set of bytes, each read or written: memory, and objects of the machine under
//   addresses where no memory is. Two footprints conflict when they share a byte that one of them
//   writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "explore/shadow.hpp"
#include "hal_host/machine.hpp"

namespace mica::explore {

struct Touch {
  std::uintptr_t cell;  // address / Cell::bytes
  std::uint8_t bytes;   // mask, of the cell's
  bool writes;
  [[nodiscard]] bool conflicts(Touch const& other) const noexcept {
    return cell == other.cell && (bytes & other.bytes) != 0 && (writes || other.writes);
  }
};

class Footprint {
 public:
  void add(void const volatile* address, std::size_t bytes, bool writes);
  // The interrupt wire of a processor: who requests writes it, at a level; who runs there reads it.
  void add_wire(unsigned processor);
  void add_request(unsigned processor, KIRQL level);
  // When a processor's clock is due: who arms it writes. What time it is: who lets it pass writes.
  void add_due(unsigned processor);
  void add_time(bool passes);
  // Who halts may leave another processor to step alone, which is not asked whether time jumps.
  void add_halt();
  // Time goes to where the first clock is due, and the clocks of these processors come: a mask.
  void add_jump(std::uint32_t processors);
  void add(Footprint const& other);
  void clear() noexcept { touches_.clear(); }
  // In order and without repetition: before any of the below.
  void settle();
  [[nodiscard]] bool conflicts(Footprint const& other) const noexcept;
  [[nodiscard]] std::vector<Touch> const& touches() const noexcept { return touches_; }

 private:
  std::vector<Touch> touches_;
};

// Hears what explored code and the machine do, on the processor that does it.
class Listener {
 public:
  [[nodiscard]] static Listener* hearing() noexcept { return hearing_; }

  virtual void accessed(void const volatile* address, std::size_t bytes, bool writes,
                        bool atomic) = 0;
  virtual void requested(unsigned processor, KIRQL level) = 0;
  virtual void fired(std::uint32_t processors, bool nobody_steps) = 0;  // their clocks, a mask
  virtual void times(bool passes) = 0;      // looks what time it is, or lets it pass
  virtual void interrupted() noexcept = 0;  // another flow than before runs here now
  virtual void awaits(hal_host::Guard const& guard) = 0;
  virtual void awaited() = 0;

 protected:
  ~Listener() { deafen(); }
  void hear() noexcept { hearing_ = this; }
  void deafen() noexcept {
    if (hearing_ == this) hearing_ = nullptr;
  }

 private:
  static constinit thread_local Listener* hearing_;
};

inline void tell_listener(void const volatile* address, std::size_t bytes, AccessKind kind) {
  if (Listener* const listener = Listener::hearing())
    listener->accessed(address, bytes, kind.writes, kind.atomic);
}

}  // namespace mica::explore
