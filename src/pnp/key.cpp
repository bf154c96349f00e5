#include "pnp/key.hpp"

#include <nt/rtl/string.h>

#include <utility>

#include "io/driver_name.hpp"
#include "pnp/said.hpp"
#include "pnp/text.hpp"

namespace mica::pnp {
namespace {

constexpr std::string_view enum_folder = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum";
constexpr std::string_view class_path =
    "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class";

[[nodiscard]] NTSTATUS set(Key const& key, std::string_view name, ULONG type, void const* data,
                           ULONG bytes) noexcept {
  Text const wide{name};
  if (!wide) return STATUS_INSUFFICIENT_RESOURCES;
  UNICODE_STRING value = wide.string();
  return ZwSetValueKey(key.get(), &value, 0, type, const_cast<void*>(data), bytes);
}

[[nodiscard]] NTSTATUS set(Key const& key, std::string_view name, ULONG type,
                           Text const& data) noexcept {
  return data ? set(key, name, type, data.get(), data.bytes()) : STATUS_INSUFFICIENT_RESOURCES;
}

// A value that an earlier device of that name had.
[[nodiscard]] NTSTATUS remove(Key const& key, std::string_view name) noexcept {
  Text const wide{name};
  if (!wide) return STATUS_INSUFFICIENT_RESOURCES;
  UNICODE_STRING value = wide.string();
  NTSTATUS const status = ZwDeleteValueKey(key.get(), &value);
  return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
}

[[nodiscard]] NTSTATUS set_text(Key const& key, std::string_view name,
                                std::string_view text) noexcept {
  return text.empty() ? remove(key, name) : set(key, name, REG_SZ, Text{text});
}

[[nodiscard]] NTSTATUS set_texts(Key const& key, std::string_view name,
                                 Names const& texts) noexcept {
  return texts.empty() ? remove(key, name) : set(key, name, REG_MULTI_SZ, Text{texts});
}

[[nodiscard]] NTSTATUS set_said(Key const& key, std::string_view name, ULONG type,
                                Said const& said) noexcept {
  return said ? set(key, name, type, said.get(), said.bytes()) : remove(key, name);
}

// What the bus says stands in a device's key, by the names of values.
[[nodiscard]] NTSTATUS write_said(Key const& key, Sayings const& says) noexcept {
  NTSTATUS status = set_said(key, "HardwareID", REG_MULTI_SZ, says.hardware_ids);
  if (NT_SUCCESS(status))
    status = set_said(key, "CompatibleIDs", REG_MULTI_SZ, says.compatible_ids);
  if (NT_SUCCESS(status)) status = set_said(key, "DeviceDesc", REG_SZ, says.description);
  if (NT_SUCCESS(status)) status = set_said(key, "LocationInformation", REG_SZ, says.location);
  return status;
}

// And what a text says.
[[nodiscard]] NTSTATUS write_values(Key const& key, Description const& device) noexcept {
  std::pair<std::string_view, std::string_view> const texts[] = {
      {"Mfg", device.manufacturer},
      {"FriendlyName", device.friendly_name},
      {"Class", device.class_name},
      {"ClassGUID", device.class_guid},
      {"Service", device.driver}};
  std::pair<std::string_view, Names const*> const lists[] = {
      {"LowerFilters", &device.lower_filters}, {"UpperFilters", &device.upper_filters}};
  NTSTATUS status = STATUS_SUCCESS;
  for (auto const& [name, text] : texts)
    if (NT_SUCCESS(status)) status = set_text(key, name, text);
  for (auto const& [name, list] : lists)
    if (NT_SUCCESS(status)) status = set_texts(key, name, *list);
  if (NT_SUCCESS(status) && !device.description.empty())
    status = set_text(key, "DeviceDesc", device.description);
  return status;
}

// Four decimal digits.
struct Number {
  char digits[4];
  explicit Number(unsigned number) noexcept {
    for (unsigned i = 4; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {digits, sizeof digits}; }
};

// Whether `path` is a key below that class.
[[nodiscard]] bool is_below(UNICODE_STRING const& path, std::string_view guid) noexcept {
  Text const wide{guid, "\\"};
  if (!wide) return false;
  UNICODE_STRING const prefix = wide.string();
  return RtlPrefixUnicodeString(&prefix, &path, TRUE) != FALSE;
}

// The key that the device's drivers keep: the one that it had, or the first that is free.
[[nodiscard]] NTSTATUS make_driver_key(Key const& device_key, std::string_view guid) noexcept {
  if (guid.empty()) return remove(device_key, "Driver");
  Value had;
  if (NT_SUCCESS(had.query(device_key.get(), "Driver")) && is_below(had.string(), guid))
    return STATUS_SUCCESS;
  Key folder, of_class;
  NTSTATUS status = folder.create(nullptr, class_path);
  if (NT_SUCCESS(status)) status = of_class.create(folder.get(), guid);
  for (unsigned number = 0; NT_SUCCESS(status) && number < 10'000; ++number) {
    Number const name{number};
    Key key;
    status = key.create(of_class.get(), name.text());
    if (NT_SUCCESS(status) && key.is_new())
      return set(device_key, "Driver", REG_SZ, Text{guid, "\\", name.text()});
  }
  return NT_SUCCESS(status) ? STATUS_INSUFFICIENT_RESOURCES : status;
}

}  // namespace

Key::~Key() {
  if (handle_ != nullptr) static_cast<void>(ZwClose(handle_));
}

HANDLE Key::release() noexcept {
  return std::exchange(handle_, nullptr);
}

NTSTATUS Key::create(HANDLE parent, std::string_view path, ACCESS_MASK access) noexcept {
  Text const wide{path};
  return wide ? create(parent, wide.string(), access) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS Key::create(HANDLE parent, UNICODE_STRING name, ACCESS_MASK access) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent,
                             nullptr);
  return ZwCreateKey(&handle_, access, &attributes, 0, nullptr, 0, &disposition_);
}

NTSTATUS Key::open(std::u16string_view folder, UNICODE_STRING const& name,
                   ACCESS_MASK access) noexcept {
  io::Joined path{folder, name};
  if (!path) return STATUS_INSUFFICIENT_RESOURCES;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &path.get(), OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             nullptr, nullptr);
  return ZwOpenKey(&handle_, access, &attributes);
}

NTSTATUS NTAPI create_device_key(std::string_view path, Key& key) noexcept {
  if (path.empty()) return STATUS_OBJECT_NAME_NOT_FOUND;
  std::size_t const first = path.find('\\'), second = path.find('\\', first + 1);
  Key folder, bus, of_name;
  NTSTATUS status = folder.create(nullptr, enum_folder);
  if (NT_SUCCESS(status)) status = bus.create(folder.get(), part(path, 0, first));
  if (NT_SUCCESS(status))
    status = of_name.create(bus.get(), part(path, first + 1, second - first - 1));
  path.remove_prefix(second + 1);
  if (NT_SUCCESS(status)) status = key.create(of_name.get(), path);
  return status;
}

NTSTATUS NTAPI write_keys(std::string_view path, Sayings const& says,
                          Description const& device) noexcept {
  Key key;
  NTSTATUS status = create_device_key(path, key);
  if (NT_SUCCESS(status)) status = write_said(key, says);
  if (NT_SUCCESS(status)) status = write_values(key, device);
  if (NT_SUCCESS(status)) status = make_driver_key(key, device.class_guid);
  return status;
}

Value::~Value() {
  if (information_ != nullptr) ExFreePoolWithTag(information_, tag_text);
}

// Somebody may make the value longer meanwhile.
NTSTATUS Value::query(HANDLE key, std::string_view name) noexcept {
  Text const wide{name};
  if (!wide) return STATUS_INSUFFICIENT_RESOURCES;
  UNICODE_STRING string = wide.string();
  ULONG room = 0, needed = 0;
  for (;;) {
    NTSTATUS const status =
        ZwQueryValueKey(key, &string, KeyValuePartialInformation, information_, room, &needed);
    if (status != STATUS_BUFFER_TOO_SMALL && status != STATUS_BUFFER_OVERFLOW) return status;
    if (information_ != nullptr) ExFreePoolWithTag(information_, tag_text);
    room = needed;
    information_ = static_cast<KEY_VALUE_PARTIAL_INFORMATION*>(
        ExAllocatePool2(POOL_FLAG_PAGED, room, tag_text));
    if (information_ == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  }
}

UNICODE_STRING Value::string() const noexcept {
  auto length = static_cast<USHORT>(bytes() & ~ULONG{1});
  auto* const text = reinterpret_cast<WCHAR*>(data());
  if (length != 0 && text[length / sizeof(WCHAR) - 1] == 0) length -= sizeof(WCHAR);
  return {length, length, text};
}

}  // namespace mica::pnp
