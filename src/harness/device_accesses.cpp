// Accesses: which device is asked, and what is told of them; of a wrong one in the log and to who
// asks for those, of any in a trace.
#include <fmt/format.h>

#include "harness/ask_model.hpp"
#include "harness/device_bus.hpp"
#include "harness/kernel.hpp"
#include "harness/recorder.hpp"
#include "ldr/loaded_image.hpp"

namespace mica::harness {
namespace {

using hal_host::BusAccess;
using hal_host::BusSpace;
using Space = DeviceAccess::Space;

[[nodiscard]] constexpr Space space_of(BusSpace space) noexcept {
  return space == BusSpace::port ? Space::port : Space::memory;
}

[[nodiscard]] constexpr std::uint64_t all_bits(unsigned bytes) noexcept {
  return ~std::uint64_t{0} >> (64 - 8 * bytes);
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

}  // namespace

bool DeviceBus::has_page(PageNumber page) const noexcept {
  std::lock_guard const guard{mutex_};
  for (auto const& place : places_)
    for (Place::Range const& each : place->ranges)
      if (each.space == Space::memory && each.meets(page.value << page_shift, page_size))
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
      std::string const why = ask_model([&] {
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
          ask_model([&] { return found.within && found.place->model->write(found.access, value); });
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
  static_cast<void>(ask_model([&] {
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

}  // namespace mica::harness
