#include "init/drivers.hpp"

#include <nt/rtl/string.h>
#include <nt/zw.h>

#include <cstring>

#include "abi/resolve.hpp"
#include "base/letters.hpp"
#include "init/archive.hpp"
#include "init/devices.hpp"
#include "io/driver_name.hpp"
#include "ldr/debug_record.hpp"
#include "ldr/module.hpp"
#include "ldr/pool_owners.hpp"
#include "rtl/line.hpp"

namespace mica::init {
namespace {

using rtl::Hex;
using rtl::Line;

constexpr std::string_view driver_suffix = ".sys";

// What stands before .sys in the name of a driver's file; empty: it is none.
[[nodiscard]] std::string_view service_of(ArchivedFile const& file) noexcept {
  std::string_view name = base_name(file.name), suffix = name;
  if (name.size() <= driver_suffix.size()) return {};
  suffix.remove_prefix(name.size() - driver_suffix.size());
  if (!equal_in_any_case(suffix, driver_suffix)) return {};
  name.remove_suffix(driver_suffix.size());
  return name;
}

[[nodiscard]] bool is_called(std::string_view name, UNICODE_STRING const& service) noexcept {
  if (name.size() * sizeof(WCHAR) != service.Length) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (RtlUpcaseUnicodeChar(static_cast<UCHAR>(name[i])) !=
        RtlUpcaseUnicodeChar(service.Buffer[i]))
      return false;
  return true;
}

// Calls use(file, its service) for every driver until that says false. False: the RAM disk is no
// archive, as the debugger is told.
template <class Use>
[[nodiscard]] bool for_each_driver(Use use) noexcept {
  if (Machine::ram_disk().empty()) return true;
  Archive archive{Machine::ram_disk()};
  for (ArchivedFile file; archive.next(file);)
    if (std::string_view const service = service_of(file); !service.empty() && !use(file, service))
      return true;
  if (archive.refusal() == nullptr) return true;
  Line{} << "mica: the RAM disk is no ustar archive: " << archive.refusal() << ", at "
         << Hex{archive.position()};
  return false;
}

constexpr std::size_t longest_service = 100;  // an archive's names are no longer

// The path of a service's key.
class ServicePath {
 public:
  explicit ServicePath(std::string_view service) noexcept {
    std::size_t length = io::service_folder.size();
    std::memcpy(text_, io::service_folder.data(), length * sizeof(WCHAR));
    for (char const letter : service) text_[length++] = static_cast<UCHAR>(letter);
    auto const bytes = static_cast<USHORT>(length * sizeof(WCHAR));
    string_ = {bytes, bytes, text_};
  }
  ServicePath(ServicePath const&) = delete;
  ServicePath& operator=(ServicePath const&) = delete;

  [[nodiscard]] UNICODE_STRING* get() noexcept { return &string_; }

 private:
  WCHAR text_[io::service_folder.size() + longest_service];
  UNICODE_STRING string_;
};

struct Tally {
  ULONG entered;
  ULONG failed;
};

void enter(std::string_view service, Tally& tally) noexcept {
  NTSTATUS const status = load_service(service);
  Line{} << "driver " << service << ": DriverEntry's status is "
         << Hex{static_cast<ULONG>(status), 8};
  ++tally.entered;
  if (!NT_SUCCESS(status)) ++tally.failed;
}

void leave(std::string_view service) noexcept {
  ServicePath path{service};
  NTSTATUS const status = ZwUnloadDriver(path.get());
  if (status == STATUS_OBJECT_NAME_NOT_FOUND) return;  // its DriverEntry failed
  Line{} << "driver " << service
         << (NT_SUCCESS(status) ? ": unloaded" : ": stays, as it cannot be unloaded");
}

// The file that the image says has its symbols, whatever its folder and its case; none if it is
// not there.
[[nodiscard]] std::span<std::byte const> symbols_of(std::span<std::byte const> image) noexcept {
  std::string_view const wanted = ldr::symbols_name(image);
  if (wanted.empty()) return {};
  Archive archive{Machine::ram_disk()};
  for (ArchivedFile file; archive.next(file);)
    if (equal_in_any_case(base_name(file.name), wanted)) return file.bytes;
  return {};
}

// The driver after which `later` ones follow in the RAM disk.
[[nodiscard]] std::string_view driver_before(ULONG later, ULONG all) noexcept {
  std::string_view found;
  ULONG left = all - later;
  static_cast<void>(for_each_driver([&](ArchivedFile const&, std::string_view service) {
    found = service;
    return --left != 0;
  }));
  return found;
}

}  // namespace

ldr::Refusal NTAPI load_image(std::string_view name, std::span<std::byte const> file,
                              std::span<std::byte const> symbols, io::DriverImage& image) noexcept {
  ldr::Module module{};
  ldr::Refusal const refusal = ldr::load(name, file, abi::resolve, module, symbols);
  if (refusal) {
    Line line;
    line << "mica: " << name << " cannot be loaded: " << refusal.what;
    if (refusal.place != ldr::Place::nowhere)
      line << ", at " << Hex{refusal.at} << " of the "
           << (refusal.place == ldr::Place::file ? "file" : "image");
    return refusal;
  }
  image = {module.base, module.bytes,
           reinterpret_cast<PDRIVER_INITIALIZE>(module.base + module.entry_point)};
  return refusal;
}

void NTAPI discard_image(io::DriverImage const& image) noexcept {
  ldr::discard(image.start);
}

void NTAPI judge_unloaded_image(io::DriverImage const& image, WCHAR const* driver) noexcept {
  ldr::judge_unloaded(image.start, driver);
}

void NTAPI unload_image(io::DriverImage const& image) noexcept {
  ldr::forget_owner(image.start);
  ldr::unload(image.start);
}

NTSTATUS NTAPI find_image(UNICODE_STRING const& service, io::DriverImage& image) noexcept {
  NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
  bool const is_archive = for_each_driver([&](ArchivedFile const& file, std::string_view name) {
    if (!is_called(name, service)) return true;
    status = load_image(name, file.bytes, symbols_of(file.bytes), image).status;
    return false;
  });
  return is_archive ? status : STATUS_DISK_CORRUPT_ERROR;
}

NTSTATUS load_service(std::string_view service) noexcept {
  if (service.size() > longest_service) return STATUS_NAME_TOO_LONG;
  ServicePath path{service};
  return ZwLoadDriver(path.get());
}

bool NTAPI run_drivers() noexcept {
  Tally tally{};
  bool const is_archive = for_each_driver([&](ArchivedFile const&, std::string_view service) {
    enter(service, tally);
    return true;
  });
  bool const has_devices = add_devices();
  bool const removed = remove_devices();
  for (ULONG later = 0; later < tally.entered; ++later) leave(driver_before(later, tally.entered));
  if (!is_archive)
    Line{} << "DRIVERS FAILED: the RAM disk cannot be read";
  else if (tally.entered == 0)
    Line{} << "DRIVERS FAILED: there is none in the RAM disk";
  else if (tally.failed != 0)
    Line{} << "DRIVERS FAILED (" << tally.failed << " of " << tally.entered << ")";
  else if (!has_devices || !removed)
    Line{} << "DRIVERS FAILED: not every device was started and removed";
  else
    Line{} << "ALL DRIVERS LOADED (" << tally.entered << ")";
  return is_archive && tally.entered != 0 && tally.failed == 0 && has_devices && removed;
}

}  // namespace mica::init
