#include <mica/driver.hpp>

#include <fmt/format.h>

#include <vector>

#include "abi/resolve.hpp"
#include "harness/kernel.hpp"
#include "io/driver.hpp"
#include "ldr/module.hpp"

namespace mica {
namespace {

constexpr std::size_t longest_name = 255;  // of a registry key

std::string told(ldr::Refusal const& refusal) {
  std::string text = refusal.what;
  if (refusal.place != ldr::Place::nowhere)
    text += fmt::format(", at {:#x} of the {}", refusal.at,
                        refusal.place == ldr::Place::file ? "file" : "image");
  return text;
}

}  // namespace

Driver System::load(std::span<std::byte const> image, std::string_view name) {
  Driver driver{*this};
  if (name.size() > longest_name) {
    driver.entry_status_ = STATUS_NAME_TOO_LONG;
    driver.refusal_ = "its name is too long";
    return driver;
  }
  std::vector<WCHAR> service{name.begin(), name.end()};
  auto const bytes = static_cast<USHORT>(service.size() * sizeof(WCHAR));
  if (!kernel_->fault_signals) kernel_->fault_signals.emplace();
  run([&] {
    ldr::Module module{};
    if (ldr::Refusal const refusal = ldr::load(name, image, abi::resolve, module)) {
      driver.entry_status_ = refusal.status;
      driver.refusal_ = told(refusal);
      return;
    }
    auto* const entry = reinterpret_cast<PDRIVER_INITIALIZE>(module.base + module.entry_point);
    PDRIVER_OBJECT object = nullptr;
    driver.entry_status_ =
        io::load_driver({bytes, bytes, service.data()}, {module.base, module.bytes, entry}, object);
    driver.object_ = object;
  });
  return driver;
}

std::int32_t Driver::unload() {
  if (object_ == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
  NTSTATUS status = STATUS_SUCCESS;
  system_->run([&] { status = io::unload_driver(*static_cast<PDRIVER_OBJECT>(object_)); });
  if (NT_SUCCESS(status)) object_ = nullptr;
  return status;
}

}  // namespace mica
