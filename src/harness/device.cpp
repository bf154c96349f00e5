#include <mica/system.hpp>

#include "pnp/device.hpp"

namespace mica {
namespace {

// Calls use(device) for each that the text describes, until that says false. The whole text is
// read before.
template <class Use>
void for_each_device(std::string_view text, Use use) {
  pnp::Description device;
  pnp::DeviceReader whole{text};
  while (whole.next(device)) continue;
  if (pnp::Mistake const& mistake = whole.mistake(); mistake.expected != nullptr)
    throw DeviceMistake{mistake.line, mistake.column, mistake.expected};
  pnp::DeviceReader reader{text};
  while (reader.next(device) && use(device)) continue;
}

}  // namespace

std::int32_t System::add_devices(std::string_view text) {
  NTSTATUS status = STATUS_SUCCESS;
  for_each_device(text, [&](pnp::Description const& device) {
    run([&] { status = pnp::add_device(device); });
    return NT_SUCCESS(status);
  });
  return status;
}

std::int32_t System::remove_device(std::string_view name) {
  NTSTATUS status = STATUS_SUCCESS;
  run([&] { status = pnp::remove_device(name); });
  return status;
}

std::int32_t System::lose_device(std::string_view name) {
  NTSTATUS status = STATUS_SUCCESS;
  run([&] { status = pnp::lose_device(name); });
  return status;
}

}  // namespace mica
