#include "devices.hpp"

#include <nt/ntstatus.h>
#include "pnp/description.hpp"

namespace mica::tool {

Devices::Devices(std::string_view text) {
  pnp::DeviceReader reader{text};
  for (pnp::Description each; reader.next(each);)
    described_.push_back({std::string{each.name}, each.text});
  if (pnp::Mistake const& mistake = reader.mistake(); mistake.expected != nullptr)
    throw DeviceMistake{mistake.line, mistake.column, mistake.expected};
}

std::optional<std::pair<std::string, std::int32_t>> Devices::add(System& system) {
  for (Device const& each : described_) {
    std::int32_t const status = system.add_devices(each.text);
    if (!NT_SUCCESS(status)) return std::pair{each.name, status};
    ++added_;
  }
  return {};
}

bool Devices::remove(System& system) const {
  for (std::size_t left = added_; left-- > 0;) {
    std::int32_t const status = system.remove_device(described_[left].name);
    if (!NT_SUCCESS(status) && status != STATUS_NO_SUCH_DEVICE) return false;
  }
  return true;
}

}  // namespace mica::tool
