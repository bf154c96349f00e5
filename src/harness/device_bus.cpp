// Which devices there are, where they are and who plays them.
#include "harness/device_bus.hpp"

#include <algorithm>

#include "base/letters.hpp"

namespace mica::harness {
namespace {

using Space = DeviceAccess::Space;

// What the machine's tables can hold of a physical address.
constexpr std::uint64_t addresses_end = std::uint64_t{1} << 41;

}  // namespace

void DeviceBus::clear() {
  std::lock_guard const guard{mutex_};
  places_.clear();
  wrong_.clear();
  connected_.fill(false);
}

void DeviceBus::play(std::string name, DeviceModel& model) {
  players_.insert_or_assign(std::move(name), &model);
}

DeviceBus::Place* DeviceBus::place_of(std::string_view name) const noexcept {
  for (auto const& each : places_)
    if (equal_in_any_case(each->name, name)) return each.get();
  return nullptr;
}

bool DeviceBus::is_free(Place const& place) const noexcept {
  hal::PageRange const& memory = simulation_->region().pages();
  for (Place::Range const& each : place.ranges) {
    if (each.space == Space::memory &&
        (each.begin > addresses_end || each.length > addresses_end - each.begin ||
         each.meets(memory.first.value << page_shift, memory.count << page_shift)))
      return false;
    for (auto const& other : places_)
      for (Place::Range const& taken : other->ranges)
        if (taken.space == each.space && each.meets(taken.begin, taken.length)) return false;
  }
  return true;
}

bool DeviceBus::plays(pnp::Description const& device) const {
  return !device.is_child && (device.has_registers || players_.contains(device.name));
}

bool DeviceBus::add(pnp::Description const& device) {
  std::lock_guard const guard{mutex_};
  if (!plays(device)) return true;
  auto const player = players_.find(device.name);
  remove(device.name);
  auto place = std::make_unique<Place>();
  place->bus = this;
  place->name = device.name;
  unsigned ports = 0, memories = 0;
  for (pnp::Resource const& each : device.resources) {
    if (each.type == CmResourceTypePort)
      place->ranges.push_back({Space::port, ports++, each.start, each.length});
    if (each.type == CmResourceTypeMemory)
      place->ranges.push_back({Space::memory, memories++, each.start, each.length});
    if (each.type != CmResourceTypeInterrupt || place->vector != 0) continue;
    place->vector = static_cast<std::uint8_t>(each.start);
    place->latched = each.latched;
  }
  if (player == players_.end()) place->scripted = std::make_unique<ScriptedDevice>(device);
  place->model = player == players_.end() ? place->scripted.get() : player->second;
  bool const free = is_free(*place);
  Place::attach(*place->model, place.get());
  if (!free) return false;
  places_.push_back(std::move(place));
  if (ScriptedDevice* const scripted = places_.back()->scripted.get()) scripted->begin();
  return true;
}

void DeviceBus::remove(std::string_view name) {
  std::lock_guard const guard{mutex_};
  std::erase_if(places_, [&](auto const& each) { return equal_in_any_case(each->name, name); });
}

ScriptedDevice* DeviceBus::scripted(std::string_view name) {
  std::lock_guard const guard{mutex_};
  Place* const place = place_of(name);
  return place == nullptr ? nullptr : place->scripted.get();
}

}  // namespace mica::harness
