#include "harness/scripted_device.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mica::harness {
namespace {

[[nodiscard]] std::uint64_t width_mask(std::uint32_t bytes) noexcept {
  return ~std::uint64_t{0} >> (64 - 8 * bytes);
}

[[nodiscard]] std::uint64_t value_of(pnp::Operand const& operand, std::uint64_t value) noexcept {
  std::uint64_t const plain = operand.is_value ? value : operand.number;
  return operand.inverted ? ~plain : plain;
}

}  // namespace

ScriptedDevice::ScriptedDevice(pnp::Description const& device) : text_{device.text} {
  pnp::RegisterReader reader{text_};
  for (pnp::RegisterLine line; reader.next(line);) {
    if (line.is_reaction) {
      cells_.back().reactions.push_back(line.reaction);
      continue;
    }
    Cell cell{line.what, line.what.value, {}, {}, {}};
    if (line.what.is_ram) cell.ram.resize(line.what.bytes);
    pnp::Words words{line.what.queue};
    while (!words.at_end()) {
      std::uint64_t number = 0;
      static_cast<void>(pnp::number_in(words.next(), ~std::uint64_t{0}, number));
      cell.queue.push_back(number);
    }
    cells_.push_back(std::move(cell));
  }
  for (Cell const& each : cells_) tell_ready(each);
}

ScriptedDevice::Cell const* ScriptedDevice::find(std::string_view name) const noexcept {
  auto const at =
      std::ranges::find_if(cells_, [&](Cell const& each) { return each.what.name == name; });
  return at == cells_.end() ? nullptr : &*at;
}
ScriptedDevice::Cell* ScriptedDevice::find(std::string_view name) noexcept {
  return const_cast<Cell*>(std::as_const(*this).find(name));
}

bool ScriptedDevice::holds(pnp::Condition const& condition) const noexcept {
  return condition.name.empty() || (find(condition.name)->value & condition.mask) != 0;
}

bool ScriptedDevice::answers(Cell const& cell, DeviceAccess const& access,
                             bool write) const noexcept {
  pnp::Register const& what = cell.what;
  bool const is_port = what.type == CmResourceTypePort;
  if (is_port != (access.space == DeviceAccess::Space::port) || what.range != access.range)
    return false;
  if (what.is_ram)
    return access.offset >= what.offset && access.offset - what.offset + access.bytes <= what.bytes;
  return access.offset == what.offset && access.bytes == what.bytes &&
         !(write ? what.read_only : what.write_only) && holds(what.condition);
}

ScriptedDevice::Cell* ScriptedDevice::at(DeviceAccess const& access, bool write) noexcept {
  auto const at =
      std::ranges::find_if(cells_, [&](Cell const& each) { return answers(each, access, write); });
  return at == cells_.end() ? nullptr : &*at;
}

std::string ScriptedDevice::name_of(DeviceAccess const& access, bool write) const {
  auto const at =
      std::ranges::find_if(cells_, [&](Cell const& each) { return answers(each, access, write); });
  return at == cells_.end() ? std::string{} : std::string{at->what.name};
}

// ---- What the driver does

std::optional<std::uint64_t> ScriptedDevice::read(DeviceAccess const& access) {
  Cell* const cell = at(access, false);
  if (cell == nullptr) return {};
  if (cell->what.is_ram) {
    std::uint64_t value = 0;
    std::memcpy(&value, &cell->ram[access.offset - cell->what.offset], access.bytes);
    return value;
  }
  std::uint64_t const value = take(*cell);
  if (cell->what.read_clears) cell->value = 0;
  react(*cell, false, value);
  show_line();
  return value;
}

bool ScriptedDevice::write(DeviceAccess const& access, std::uint64_t value) {
  Cell* const cell = at(access, true);
  if (cell == nullptr) return false;
  if (cell->what.is_ram) {
    std::memcpy(&cell->ram[access.offset - cell->what.offset], &value, access.bytes);
    return true;
  }
  std::uint64_t const changed = value & cell->what.mask;
  cell->value =
      cell->what.write_clears ? cell->value & ~changed : (cell->value & ~cell->what.mask) | changed;
  react(*cell, true, value);
  show_line();
  return true;
}

// What is read last stays, once nothing follows.
std::uint64_t ScriptedDevice::take(Cell& cell) {
  if (!cell.queue.empty()) {
    cell.value = cell.queue.front();
    cell.queue.pop_front();
    tell_ready(cell);
  }
  return cell.value;
}

void ScriptedDevice::fill(Cell& cell, std::uint64_t value) {
  cell.queue.push_back(value & width_mask(cell.what.bytes));
  tell_ready(cell);
}

void ScriptedDevice::tell_ready(Cell const& cell) {
  pnp::Condition const& ready = cell.what.ready;
  if (ready.name.empty()) return;
  Cell& shown = *find(ready.name);
  shown.value = cell.queue.empty() ? shown.value & ~ready.mask
                                   : (shown.value | ready.mask) & width_mask(shown.what.bytes);
}

// ---- What the device does then

void ScriptedDevice::react(Cell const& cell, bool write, std::uint64_t value) {
  for (pnp::Reaction const& each : cell.reactions) {
    bool const matches = !each.matches || (value & each.of) == (each.match & each.of);
    if (each.to_write != write || !matches || !holds(each.condition)) continue;
    if (each.after_100ns == 0) {
      perform(each, value);
      continue;
    }
    later_.emplace(now_100ns() + each.after_100ns, Later{&each, value});
    wake_next();
  }
}

void ScriptedDevice::perform(pnp::Reaction const& reaction, std::uint64_t value) {
  if (reaction.act == pnp::Act::interrupt) return interrupt();
  Cell& target = *find(reaction.target);
  std::uint64_t const operand = value_of(reaction.operand, value);
  switch (reaction.act) {
    case pnp::Act::put:
      return fill(target, operand);
    case pnp::Act::assign:
      target.value = operand;
      break;
    case pnp::Act::set_bits:
      target.value |= operand;
      break;
    default:
      target.value &= operand;
      break;
  }
  target.value &= width_mask(std::min(target.what.bytes, 8u));
}

void ScriptedDevice::show_line() {
  bool const raised = std::ranges::any_of(cells_, [&](Cell const& each) {
    pnp::Bits const& raises = each.what.raises;
    if (!raises.there) return false;
    std::uint64_t const mask = raises.name.empty() ? raises.mask : find(raises.name)->value;
    return (each.value & mask) != 0;
  });
  set_line(raised);
}

void ScriptedDevice::wake() {
  std::uint64_t const now = now_100ns();
  while (!later_.empty() && later_.begin()->first <= now) {
    Later const first = later_.begin()->second;
    later_.erase(later_.begin());
    perform(*first.reaction, first.value);
  }
  show_line();
  wake_next();
}

void ScriptedDevice::wake_next() {
  wake_at(later_.empty() ? ~std::uint64_t{0} : later_.begin()->first);
}

// ---- What a test does

std::optional<std::uint64_t> ScriptedDevice::get(std::string_view name) const {
  Cell const* const cell = find(name);
  if (cell == nullptr || cell->what.is_ram) return {};
  return cell->value;
}

bool ScriptedDevice::set(std::string_view name, std::uint64_t value) {
  Cell* const cell = find(name);
  if (cell == nullptr || cell->what.is_ram || value > width_mask(cell->what.bytes)) return false;
  cell->value = value;
  show_line();
  return true;
}

bool ScriptedDevice::put(std::string_view name, std::uint64_t value) {
  Cell* const cell = find(name);
  if (cell == nullptr || cell->what.is_ram || value > width_mask(cell->what.bytes)) return false;
  fill(*cell, value);
  show_line();
  return true;
}

}  // namespace mica::harness
