#include "harness/device_bus.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/letters.hpp"
#include "harness/kernel.hpp"
#include "harness/recorder.hpp"
#include "ldr/loaded_image.hpp"

namespace mica {

// ---- The models' side

std::string DeviceModel::name_of(DeviceAccess const&, bool) const {
  return {};
}

void DeviceModel::interrupt() {
  if (place_ != nullptr) place_->bus->request(*place_);
}
void DeviceModel::set_line(bool raised) {
  if (place_ != nullptr) place_->bus->set_line(*place_, raised);
}
void DeviceModel::wake_at(std::uint64_t time_100ns) {
  if (place_ != nullptr) place_->bus->wake_at(*place_, time_100ns);
}
std::uint64_t DeviceModel::now_100ns() const {
  return place_ != nullptr ? place_->bus->now_100ns() : 0;
}

DeviceModel::Place::~Place() {
  attach(*model, nullptr);
}

namespace harness {
namespace {

using hal_host::BusAccess;
using hal_host::BusSpace;
using Space = DeviceAccess::Space;

constexpr unsigned interrupted_processor = 0;
constexpr std::uint64_t never_due = ~std::uint64_t{0};
// What the machine's tables can hold of a physical address.
constexpr std::uint64_t addresses_end = std::uint64_t{1} << 41;

[[nodiscard]] constexpr Space space_of(BusSpace space) noexcept {
  return space == BusSpace::port ? Space::port : Space::memory;
}

[[nodiscard]] constexpr std::uint64_t all_bits(unsigned bytes) noexcept {
  return ~std::uint64_t{0} >> (64 - 8 * bytes);
}

[[nodiscard]] constexpr bool meet(std::uint64_t begin, std::uint64_t length, std::uint64_t other,
                                  std::uint64_t other_length) noexcept {
  return begin < other + other_length && other < begin + length;
}

[[nodiscard]] std::string code_place(std::uint64_t instruction) {
  ldr::LoadedImage const* const image = ldr::find_image(instruction);
  return image == nullptr ? fmt::format("{:#x}", instruction)
                          : fmt::format("{}+{:#x}", image->name(), image->offset_of(instruction));
}

[[nodiscard]] std::string where(BusAccess const& access) {
  return fmt::format("{} {:#x}", access.space == BusSpace::port ? "port" : "memory",
                     access.address);
}

// What the device says, or what it threw.
template <class Ask>
[[nodiscard]] std::string ask(Ask ask) noexcept {
  try {
    return ask() ? "" : "which it has not";
  } catch (std::exception const& thrown) {
    return fmt::format("and its model threw: {}", thrown.what());
  } catch (...) {
    return "and its model threw";
  }
}

}  // namespace

// ---- Which devices there are

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
         meet(each.begin, each.length, memory.first.value << page_shift,
              memory.count << page_shift)))
      return false;
    for (auto const& other : places_)
      for (Place::Range const& taken : other->ranges)
        if (taken.space == each.space && meet(each.begin, each.length, taken.begin, taken.length))
          return false;
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

bool DeviceBus::interrupt(std::string_view name) {
  std::lock_guard const guard{mutex_};
  Place* const place = place_of(name);
  if (place == nullptr || place->vector == 0) return false;
  request(*place);
  return true;
}

// ---- Interrupts and time

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
    std::string const why = ask([&] {
      each->model->wake();
      return true;
    });
    if (!why.empty()) wrong_.push_back({each->name, "it was woken, " + why});
  }
  firing_100ns_.reset();
  wake_next();
}

// ---- Accesses

bool DeviceBus::has_page(PageNumber page) const noexcept {
  std::lock_guard const guard{mutex_};
  for (auto const& place : places_)
    for (Place::Range const& each : place->ranges)
      if (each.space == Space::memory &&
          meet(page.value << page_shift, page_size, each.begin, each.length))
        return true;
  return false;
}

DeviceBus::Found DeviceBus::find(BusAccess const& access) const noexcept {
  for (auto const& place : places_)
    for (Place::Range const& each : place->ranges)
      if (each.space == space_of(access.space) && access.address - each.begin < each.length)
        return {place.get(),
                {each.space, each.number, access.address - each.begin, access.bytes},
                access.bytes <= each.length - (access.address - each.begin)};
  return {};
}

std::uint64_t DeviceBus::read(BusAccess const& access) noexcept {
  std::string told;
  std::uint64_t value = all_bits(access.bytes);
  {
    std::lock_guard const guard{mutex_};
    Found const found = find(access);
    std::string const name = name_of(found, access, false);
    if (found.place != nullptr) {
      std::string const why = ask([&] {
        std::optional<std::uint64_t> const there =
            found.within ? found.place->model->read(found.access) : std::nullopt;
        if (there) value = *there & all_bits(access.bytes);
        return there.has_value();
      });
      if (!why.empty()) told = tell(found, access, "reads", why);
    }
    record(access, false, name, value);
  }
  if (!told.empty()) simulation_->write_log(told.data(), told.size());
  return value;
}

void DeviceBus::write(BusAccess const& access, std::uint64_t value) noexcept {
  std::string told;
  {
    std::lock_guard const guard{mutex_};
    Found const found = find(access);
    record(access, true, name_of(found, access, true), value);
    if (found.place != nullptr) {
      std::string const why =
          ask([&] { return found.within && found.place->model->write(found.access, value); });
      if (!why.empty()) told = tell(found, access, fmt::format("writes {:#x} to", value), why);
    }
  }
  if (!told.empty()) simulation_->write_log(told.data(), told.size());
}

void DeviceBus::refuse(std::uint64_t instruction, char const* text) noexcept {
  std::string const line =
      fmt::format("mica: {}: '{}' accesses a device, and cannot be done in its place\n",
                  code_place(instruction), text);
  simulation_->write_log(line.data(), line.size());
}

// ---- What is told of them

std::string DeviceBus::tell(Found const& found, BusAccess const& access, std::string_view what,
                            std::string_view why) {
  std::string const text =
      fmt::format("{} {} {} bits at offset {:#x} of its {}, {}", code_place(access.instruction),
                  what, 8 * access.bytes, found.access.offset,
                  access.space == BusSpace::port ? "ports" : "memory", why);
  wrong_.push_back({found.place->name, text});
  return fmt::format("mica: device {}: {}\n", found.place->name, text);
}

std::string DeviceBus::name_of(Found const& found, BusAccess const& access, bool write) const {
  if (trace_ == nullptr) return {};
  if (found.place == nullptr) return where(access);
  std::string name;
  static_cast<void>(ask([&] {
    if (found.within) name = found.place->model->name_of(found.access, write);
    return true;
  }));
  return fmt::format("{}.{}", found.place->name,
                     name.empty() ? fmt::format("{:#x}", found.access.offset) : name);
}

void DeviceBus::record(BusAccess const& access, bool write, std::string const& name,
                       std::uint64_t value) {
  if (trace_ == nullptr || !trace_->recorder().wants(name)) return;
  trace_->recorder().access({access.space == BusSpace::port, write, access.bytes, access.address,
                             value, access.instruction},
                            name);
}

}  // namespace harness
}  // namespace mica
