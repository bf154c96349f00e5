// Descriptions of devices: whatever a text says, it is devices that describe themselves again, or a
// mistake at a place of it.
#include <algorithm>
#include <cstdlib>
#include <functional>

#include "pnp/description.hpp"

using namespace mica::pnp;

namespace {

[[nodiscard]] bool is_place(std::string_view text, Mistake const& mistake) {
  for (unsigned line = 1; line < mistake.line; ++line) {
    std::size_t const end = text.find('\n');
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
  std::size_t const length = std::min(text.find('\n'), text.size());
  return mistake.line >= 1 && mistake.column >= 1 && mistake.column <= length + 1;
}

[[nodiscard]] bool is_within(std::string_view part, std::string_view text) {
  std::less_equal<char const*> const before;
  return part.empty() || (before(text.data(), part.data()) &&
                          before(part.data() + part.size(), text.data() + text.size()));
}

// Each is within its range, and every name is one's.
void check_registers(Description const& device) {
  RegisterReader reader{device.text};
  bool any = false, any_register = false;
  for (RegisterLine line; reader.next(line);) {
    any = true;
    if (line.is_reaction) {
      bool const right = any_register && is_within(line.reaction.target, device.text) &&
                         is_within(line.reaction.condition.name, device.text);
      if (!right) std::abort();
      continue;
    }
    any_register = true;
    unsigned number = 0;
    bool within = false;
    for (Resource const& each : device.resources) {
      if (each.type != line.what.type || number++ != line.what.range) continue;
      within = line.what.offset < each.length && line.what.bytes <= each.length - line.what.offset;
    }
    if (!within || line.what.bytes == 0 || !is_within(line.what.name, device.text) ||
        !is_within(line.what.queue, device.text))
      std::abort();
  }
  if (any != device.has_registers) std::abort();
}

void check(Description const& device, std::string_view text) {
  Description again;
  DeviceReader reader{device.text};
  bool const right = !device.name.empty() && (device.has_registers || !device.driver.empty()) &&
                     is_within(device.text, text) && is_within(device.name, device.text) &&
                     reader.next(again) && again.name.data() == device.name.data() &&
                     again.resources.size() == device.resources.size() && !reader.next(again) &&
                     reader.mistake().expected == nullptr;
  if (!right) std::abort();
  check_registers(device);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  DeviceReader reader{text};
  for (Description device; reader.next(device);) check(device, text);
  if (reader.mistake().expected != nullptr && !is_place(text, reader.mistake())) std::abort();
  return 0;
}
