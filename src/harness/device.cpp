#include <mica/system.hpp>

#include "harness/device.hpp"
#include "harness/kernel.hpp"
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

// The device is there before its drivers are.
std::int32_t System::add_devices(std::string_view text) {
  NTSTATUS status = STATUS_SUCCESS;
  for_each_device(text, [&](pnp::Description const& device) {
    if (kernel_->bus.plays(device) && !kernel_->fault_signals) kernel_->fault_signals.emplace();
    run([&] { status = harness::add_device(device); });
    return NT_SUCCESS(status);
  });
  return status;
}

std::int32_t System::remove_device(std::string_view name) {
  NTSTATUS status = STATUS_SUCCESS;
  run([&] { status = harness::remove_device(name); });
  return status;
}

std::int32_t System::lose_device(std::string_view name) {
  NTSTATUS status = STATUS_SUCCESS;
  run([&] { status = harness::lose_device(name); });
  return status;
}

void System::play_device(std::string name, DeviceModel& model) {
  kernel_->bus.play(std::move(name), model);
}

Registers* System::registers(std::string_view device) {
  return kernel_->bus.scripted(device);
}

bool System::interrupt(std::string_view device) {
  return kernel_->bus.interrupt(device);
}

std::vector<WrongAccess> const& System::wrong_accesses() const {
  return kernel_->bus.wrong();
}

namespace harness {
namespace {

[[nodiscard]] System::Kernel& kernel() noexcept {
  return *static_cast<System::Kernel*>(Machine::current().core.simulation->owner());
}

}  // namespace

std::int32_t add_device(pnp::Description const& device) {
  System::Kernel& here = kernel();
  if (!here.bus.add(device)) return STATUS_CONFLICTING_ADDRESSES;
  if (device.driver.empty()) return STATUS_SUCCESS;
  NTSTATUS const status = pnp::add_device(device);
  if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_COLLISION) here.bus.remove(device.name);
  return status;
}

// It is there until its drivers have left it.
std::int32_t remove_device(std::string_view name) {
  NTSTATUS const status = pnp::remove_device(name);
  if (NT_SUCCESS(status) || status == STATUS_NO_SUCH_DEVICE) kernel().bus.remove(name);
  return status;
}

std::int32_t lose_device(std::string_view name) {
  kernel().bus.remove(name);
  return pnp::lose_device(name);
}

Registers* registers(std::string_view device) {
  return kernel().bus.scripted(device);
}

bool interrupt(std::string_view device) {
  return kernel().bus.interrupt(device);
}

}  // namespace harness

}  // namespace mica
