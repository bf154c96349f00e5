// Devices that a test plays: what stands behind the ports, the memory and the interrupt of a device
// that System::add_devices plugs in. One whose text has registers (docs/pnp.md) the library plays;
// a DeviceModel is for what registers cannot say.
//
// Rules
//   read, write and wake are called inside of runs, at the IRQL of whose access it is, on its
//   kernel stack of 64 KiB: no NT routine may be called there, and nothing may be waited for. In
//   Mode::parallel one is called at a time, by whichever OS thread. What they throw is told as a
//   wrong access.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mica {

struct DeviceAccess {
  enum class Space : std::uint8_t { port, memory };
  Space space;
  unsigned range;        // which of the device's port ranges, or of its memory ranges, from 0
  std::uint64_t offset;  // in bytes from where that begins
  unsigned bytes;        // 1, 2, 4 or, of memory, 8; all within the range
};

// An access of what a device has not.
struct WrongAccess {
  std::string device;
  std::string text;  // who did what
};

class DeviceModel {
 public:
  DeviceModel() = default;
  virtual ~DeviceModel() = default;
  DeviceModel(DeviceModel const&) = delete;
  DeviceModel& operator=(DeviceModel const&) = delete;

  // What is read. Nothing: the device has no such register, or none of that width. Then all bits
  // are set, and the access is told (System::wrong_accesses, and the log).
  [[nodiscard]] virtual std::optional<std::uint64_t> read(DeviceAccess const& access) = 0;
  // False: it has no such register; then the access is told.
  [[nodiscard]] virtual bool write(DeviceAccess const& access, std::uint64_t value) = 0;
  // What a trace calls that; empty: by its offset. Asked before the access.
  [[nodiscard]] virtual std::string name_of(DeviceAccess const& access, bool write) const;
  // The time that wake_at named has come.
  virtual void wake() {}

  // Any time while a device has this model; else they do nothing.
  //   One edge, or a message: the device's interrupt is requested once.
  void interrupt();
  //   Its line. Of a `level` interrupt the routine is called until the line falls; of a `latched`
  //   one, once each time it rises.
  void set_line(bool raised);
  //   wake() is called at that virtual time, or soon after; replaces what was asked for before.
  void wake_at(std::uint64_t time_100ns);
  [[nodiscard]] std::uint64_t now_100ns() const;

  struct Place;  // src/harness

 private:
  friend struct Place;
  Place* place_ = nullptr;  // null: no device has it
};

// A device that the library plays: its registers, by their names in its text. What a test changes
// is what the device does by itself: no `on write` follows, but its interrupt does.
class Registers {
 public:
  // Nothing: it has no register of that name.
  [[nodiscard]] virtual std::optional<std::uint64_t> get(std::string_view name) const = 0;
  // False: none of that name, or it is not as wide.
  virtual bool set(std::string_view name, std::uint64_t value) = 0;
  // Behind what is in its queue.
  virtual bool put(std::string_view name, std::uint64_t value) = 0;

 protected:
  ~Registers() = default;
};

}  // namespace mica
