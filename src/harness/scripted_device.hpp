// A device that does what the registers of its text say (docs/pnp.md).
//   As DeviceModel says: one at a time.
#pragma once

#include <mica/device.hpp>

#include <deque>
#include <map>
#include <vector>

#include "pnp/description.hpp"

namespace mica::harness {

class ScriptedDevice final : public DeviceModel, public Registers {
 public:
  // Copies what it needs of the text.
  explicit ScriptedDevice(pnp::Description const& device);
  // Its line is what its registers say from the beginning.
  void begin() { show_line(); }

  [[nodiscard]] std::optional<std::uint64_t> read(DeviceAccess const& access) override;
  [[nodiscard]] bool write(DeviceAccess const& access, std::uint64_t value) override;
  [[nodiscard]] std::string name_of(DeviceAccess const& access, bool write) const override;
  void wake() override;

  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view name) const override;
  bool set(std::string_view name, std::uint64_t value) override;
  bool put(std::string_view name, std::uint64_t value) override;

 private:
  struct Cell {
    pnp::Register what;
    std::uint64_t value;
    std::deque<std::uint64_t> queue;
    std::vector<unsigned char> ram;
    std::vector<pnp::Reaction> reactions;
  };
  // What is to be done later.
  struct Later {
    pnp::Reaction const* reaction;
    std::uint64_t value;  // that was read or written
  };

  [[nodiscard]] Cell* find(std::string_view name) noexcept;
  [[nodiscard]] Cell const* find(std::string_view name) const noexcept;
  [[nodiscard]] Cell* at(DeviceAccess const& access, bool write) noexcept;
  [[nodiscard]] bool answers(Cell const& cell, DeviceAccess const& access,
                             bool write) const noexcept;
  [[nodiscard]] bool holds(pnp::Condition const& condition) const noexcept;
  [[nodiscard]] std::uint64_t take(Cell& cell);
  void fill(Cell& cell, std::uint64_t value);
  void tell_ready(Cell const& cell);
  void react(Cell const& cell, bool write, std::uint64_t value);
  void perform(pnp::Reaction const& reaction, std::uint64_t value);
  void show_line();
  void wake_next();

  std::string const text_;                     // of the device: all names are parts of it
  std::vector<Cell> cells_;                    // in the text's order
  std::multimap<std::uint64_t, Later> later_;  // by time
};

}  // namespace mica::harness
