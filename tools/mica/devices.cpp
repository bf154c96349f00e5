#include "devices.hpp"

#include <nt/ntstatus.h>
#include "pnp/description.hpp"

namespace mica::tool {

Devices::Devices(std::string_view text) {
  pnp::DeviceReader reader{text};
  for (pnp::Description each; reader.next(each);)
    described_.push_back({std::string{each.name}, each.text, !each.driver.empty()});
  if (pnp::Mistake const& mistake = reader.mistake(); mistake.expected != nullptr)
    throw DeviceMistake{mistake.line, mistake.column, mistake.expected};
}

Devices::Failed Devices::add(System& system, bool plugged) {
  for (Device& each : described_) {
    if (each.plugged != plugged) continue;
    std::int32_t const status = system.add_devices(each.text);
    if (!NT_SUCCESS(status)) return std::pair{each.name, status};
    each.added = true;
  }
  return {};
}

bool Devices::remove(System& system) const {
  for (std::size_t left = described_.size(); left-- > 0;) {
    if (!described_[left].plugged || !described_[left].added) continue;
    std::int32_t const status = system.remove_device(described_[left].name);
    if (!NT_SUCCESS(status) && status != STATUS_NO_SUCH_DEVICE) return false;
  }
  return true;
}

}  // namespace mica::tool
