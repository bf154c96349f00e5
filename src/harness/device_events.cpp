// Interrupts of devices, and the time that their models are woken at.
#include <algorithm>

#include "harness/ask_model.hpp"
#include "harness/device_bus.hpp"

namespace mica::harness {
namespace {

constexpr unsigned interrupted_processor = 0;
constexpr std::uint64_t never_due = ~std::uint64_t{0};

}  // namespace

bool DeviceBus::interrupt(std::string_view name) {
  std::lock_guard const guard{mutex_};
  Place* const place = place_of(name);
  if (place == nullptr || place->vector == 0) return false;
  request(*place);
  return true;
}

void DeviceBus::request(Place& place) {
  std::lock_guard const guard{mutex_};
  if (place.vector != 0 && simulation_ != nullptr)
    simulation_->raise_device(interrupted_processor, place.vector);
}

void DeviceBus::set_line(Place& place, bool raised) {
  std::lock_guard const guard{mutex_};
  bool const rises = raised && !place.raised;
  place.raised = raised;
  if (rises) request(place);
}

// A line that nobody is connected to stays raised, and is seen once somebody is.
bool DeviceBus::wants(std::uint8_t vector) noexcept {
  std::lock_guard const guard{mutex_};
  return connected_[vector] && std::ranges::any_of(places_, [&](auto const& each) {
           return each->vector == vector && !each->latched && each->raised;
         });
}

void DeviceBus::connected(std::uint8_t vector, bool connected) {
  std::lock_guard const guard{mutex_};
  connected_[vector] = connected;
  if (wants(vector)) simulation_->raise_device(interrupted_processor, vector);
}

std::uint64_t DeviceBus::now_100ns() const {
  std::lock_guard const guard{mutex_};
  if (firing_100ns_) return *firing_100ns_;
  return simulation_ == nullptr ? 0 : simulation_->now_100ns();
}

void DeviceBus::wake_at(Place& place, std::uint64_t time_100ns) {
  std::lock_guard const guard{mutex_};
  place.due_100ns = time_100ns;
  if (!firing_100ns_) wake_next();
}

void DeviceBus::wake_next() {
  std::uint64_t due = never_due;
  for (auto const& each : places_) due = std::min(due, each->due_100ns);
  if (simulation_ != nullptr) simulation_->wake_devices_at(due);
}

void DeviceBus::fire(std::uint64_t now_100ns) noexcept {
  std::lock_guard const guard{mutex_};
  firing_100ns_ = now_100ns;
  for (auto const& each : places_) {
    if (each->due_100ns > now_100ns) continue;
    each->due_100ns = never_due;
    std::string const why = ask_model([&] {
      each->model->wake();
      return true;
    });
    if (!why.empty()) wrong_.push_back({each->name, "it was woken, " + why});
  }
  firing_100ns_.reset();
  wake_next();
}

}  // namespace mica::harness
