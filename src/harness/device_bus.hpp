// The devices of a System that somebody plays, behind the machine's ports and physical addresses.
//
// Rules
//   One lock for all: a model is asked by one processor at a time. Nothing in it is a scheduling
//   point, and no NT routine is called under it but those that look a name up.
#pragma once

#include <mica/device.hpp>
#include <mica/trace.hpp>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "hal_host/simulation.hpp"
#include "harness/scripted_device.hpp"
#include "pnp/description.hpp"

namespace mica {

namespace harness {
class DeviceBus;
}

// A device and its model.
struct DeviceModel::Place {
  struct Range {
    DeviceAccess::Space space;
    unsigned number;  // of the device's ranges of that space
    std::uint64_t begin, length;

    [[nodiscard]] constexpr bool meets(std::uint64_t other,
                                       std::uint64_t other_length) const noexcept {
      return begin < other + other_length && other < begin + length;
    }
  };

  ~Place();
  static void attach(DeviceModel& model, Place* place) noexcept { model.place_ = place; }

  harness::DeviceBus* bus;
  std::string name;
  DeviceModel* model;
  std::unique_ptr<harness::ScriptedDevice> scripted;  // null: the model is somebody else's
  std::vector<Range> ranges;
  std::uint8_t vector = 0;  // 0: it has no interrupt
  bool latched = false;
  bool raised = false;  // its line
  std::uint64_t due_100ns = ~std::uint64_t{0};
};

namespace harness {

class DeviceBus final : public hal_host::Bus {
 public:
  explicit DeviceBus(Trace* trace) noexcept : trace_{trace} {}

  // The simulation whose bus it is, or none any more.
  void serve(hal_host::Simulation* simulation) noexcept { simulation_ = simulation; }
  // No device is there any more, and nobody was wrong.
  void clear();

  // ---- Which devices there are.
  void play(std::string name, DeviceModel& model);
  // Whether somebody does, or would once it is added.
  [[nodiscard]] bool plays(pnp::Description const& device) const;
  // The device is there, if somebody plays it. False: some of its ranges are somebody else's.
  [[nodiscard]] bool add(pnp::Description const& device);
  void remove(std::string_view name);
  [[nodiscard]] ScriptedDevice* scripted(std::string_view name);

  // ---- Interrupts and time: device_events.cpp.
  [[nodiscard]] bool interrupt(std::string_view name);
  // Of models.
  void request(DeviceModel::Place& place);
  void set_line(DeviceModel::Place& place, bool raised);
  void wake_at(DeviceModel::Place& place, std::uint64_t time_100ns);
  [[nodiscard]] std::uint64_t now_100ns() const;
  // A vector is connected to a driver's routine, or to none any more.
  void connected(std::uint8_t vector, bool connected);
  void fire(std::uint64_t now_100ns) noexcept override;
  [[nodiscard]] bool wants(std::uint8_t vector) noexcept override;

  // ---- Accesses: device_accesses.cpp.
  [[nodiscard]] bool has_page(PageNumber page) const noexcept override;
  [[nodiscard]] std::uint64_t read(hal_host::BusAccess const& access) noexcept override;
  void write(hal_host::BusAccess const& access, std::uint64_t value) noexcept override;
  void refuse(std::uint64_t instruction, char const* text) noexcept override;
  [[nodiscard]] std::vector<WrongAccess> const& wrong() const noexcept { return wrong_; }

 private:
  using Place = DeviceModel::Place;
  struct Found {
    Place* place;  // null: nobody is there
    DeviceAccess access;
    bool within;  // all of it is in the range
  };

  [[nodiscard]] Found find(hal_host::BusAccess const& access) const noexcept;
  [[nodiscard]] bool is_free(Place const& place) const noexcept;
  [[nodiscard]] Place* place_of(std::string_view name) const noexcept;
  // Keeps it, and returns it as a line of the log.
  [[nodiscard]] std::string tell(Found const& found, hal_host::BusAccess const& access,
                                 std::string_view what, std::string_view why);
  void record(hal_host::BusAccess const& access, bool write, std::string const& name,
              std::uint64_t value);
  [[nodiscard]] std::string name_of(Found const& found, hal_host::BusAccess const& access,
                                    bool write) const;
  void wake_next();

  Trace* const trace_;
  hal_host::Simulation* simulation_ = nullptr;
  mutable std::recursive_mutex mutex_;
  std::map<std::string, DeviceModel*, std::less<>> players_;
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<WrongAccess> wrong_;
  std::array<bool, 256> connected_{};  // by vector
  std::optional<std::uint64_t> firing_100ns_;
};

}  // namespace harness
}  // namespace mica
