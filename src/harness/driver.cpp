#include <mica/driver.hpp>

#include <fmt/format.h>

#include <vector>

#include "harness/kernel.hpp"
#include "harness/recorder.hpp"
#include "init/drivers.hpp"
#include "io/driver.hpp"
#include "io/shutdown.hpp"
#include "ldr/loaded_image.hpp"

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

Driver System::load(std::span<std::byte const> image, std::string_view name,
                    std::span<std::byte const> symbols) {
  Driver driver{*this};
  if (name.size() > longest_name) {
    driver.entry_status_ = STATUS_NAME_TOO_LONG;
    driver.refusal_ = "its name is too long";
    return driver;
  }
  std::vector<WCHAR> service{name.begin(), name.end()};
  auto const bytes = static_cast<USHORT>(service.size() * sizeof(WCHAR));
  if (!kernel_->fault_signals) kernel_->fault_signals.emplace();
  auto const& kept = kernel_->symbols.emplace_back(symbols.begin(), symbols.end());
  run([&] {
    io::DriverImage loaded{};
    if (ldr::Refusal const refusal = init::load_image(name, image, kept, loaded)) {
      driver.entry_status_ = refusal.status;
      driver.refusal_ = told(refusal);
      return;
    }
    if (kernel_->config.trace)
      kernel_->config.trace->recorder().add_image(
          name, *ldr::find_image(reinterpret_cast<std::uintptr_t>(loaded.start)));
    PDRIVER_OBJECT object = nullptr;
    driver.entry_status_ = io::load_driver({bytes, bytes, service.data()}, loaded, object);
    driver.object_ = object;
  });
  return driver;
}

std::size_t System::shut_down() {
  std::size_t untold = 0;
  run([&] { untold = io::shut_down(); });
  return untold;
}

std::int32_t Driver::unload() {
  if (object_ == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
  NTSTATUS status = STATUS_SUCCESS;
  system_->run([&] { status = io::unload_driver(*static_cast<PDRIVER_OBJECT>(object_)); });
  if (NT_SUCCESS(status)) object_ = nullptr;
  return status;
}

}  // namespace mica
