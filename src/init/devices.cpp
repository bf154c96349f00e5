#include "init/devices.hpp"

#include "base/letters.hpp"
#include "init/archive.hpp"
#include "pnp/device.hpp"
#include "rtl/line.hpp"

namespace mica::init {
namespace {

using rtl::Hex;
using rtl::Line;

[[nodiscard]] bool describes_devices(std::string_view name) noexcept {
  constexpr std::string_view suffix = ".devices";
  if (name.size() <= suffix.size()) return false;
  name.remove_prefix(name.size() - suffix.size());
  return equal_in_any_case(name, suffix);
}

// Whether use(device) says so of every device, and every text is right. After a mistake nothing of
// that text is used.
template <class Use>
[[nodiscard]] bool each_of(ArchivedFile const& file, Use use) noexcept {
  std::string_view const text{reinterpret_cast<char const*>(file.bytes.data()), file.bytes.size()};
  pnp::Description device;
  pnp::DeviceReader whole{text};
  while (whole.next(device)) continue;
  if (pnp::Mistake const& mistake = whole.mistake(); mistake.expected != nullptr) {
    Line{} << "mica: " << file.name << ":" << mistake.line << ":" << mistake.column << ": expected "
           << mistake.expected;
    return false;
  }
  bool all = true;
  pnp::DeviceReader reader{text};
  while (reader.next(device)) all = use(device) && all;
  return all;
}

template <class Use>
[[nodiscard]] bool for_each_device(Use use) noexcept {
  if (Machine::ram_disk().empty()) return true;
  bool all = true;
  Archive archive{Machine::ram_disk()};
  for (ArchivedFile file; archive.next(file);)
    if (describes_devices(file.name)) all = each_of(file, use) && all;
  return all;
}

}  // namespace

// What has no driver is for who plays devices: here they are real.
bool add_devices() noexcept {
  return for_each_device([](pnp::Description const& device) {
    if (device.driver.empty()) return true;
    NTSTATUS const status = pnp::add_device(device);
    Line{} << "device " << device.name << ": its start's status is "
           << Hex{static_cast<ULONG>(status), 8};
    return NT_SUCCESS(status);
  });
}

bool remove_devices() noexcept {
  return for_each_device([](pnp::Description const& device) {
    if (device.driver.empty()) return true;
    NTSTATUS const status = pnp::remove_device(device.name);
    if (status == STATUS_NO_SUCH_DEVICE) return true;  // it did not start
    Line{} << "device " << device.name << (NT_SUCCESS(status) ? ": removed" : ": stays");
    return NT_SUCCESS(status);
  });
}

}  // namespace mica::init
