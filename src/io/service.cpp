// Drivers by the paths of their services' keys.
#include <nt/rtl/string.h>
#include <nt/zw/drivers.h>

#include "io/driver.hpp"
#include "io/driver_name.hpp"
#include "ob/header.hpp"
#include "rtl/characters.hpp"

namespace mica::io {
namespace {

// The service that a path names. Nothing but a name may follow the folder of all services.
[[nodiscard]] NTSTATUS service_of(UNICODE_STRING const& path, UNICODE_STRING& service) noexcept {
  UNICODE_STRING const folder{service_folder.size() * sizeof(WCHAR),
                              service_folder.size() * sizeof(WCHAR),
                              const_cast<PWCH>(service_folder.data())};
  if (!RtlPrefixUnicodeString(&folder, &path, TRUE)) return STATUS_OBJECT_NAME_NOT_FOUND;
  USHORT const bytes = static_cast<USHORT>(path.Length - folder.Length);
  service = {bytes, bytes, path.Buffer + service_folder.size()};
  bool is_name = bytes != 0;
  for (WCHAR const letter : rtl::characters(service))
    if (letter == OBJ_NAME_PATH_SEPARATOR) is_name = false;
  return is_name ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

}  // namespace
}  // namespace mica::io

using namespace mica;
using namespace mica::io;

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName) {
  UNICODE_STRING service{};
  NTSTATUS status = service_of(*DriverServiceName, service);
  if (!NT_SUCCESS(status)) return status;
  DriverImage image{};
  status = state().find_image(service, image);
  if (!NT_SUCCESS(status)) return status;
  PDRIVER_OBJECT driver = nullptr;
  return load_driver(service, image, driver);
}

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName) {
  UNICODE_STRING service{};
  NTSTATUS status = service_of(*DriverServiceName, service);
  if (!NT_SUCCESS(status)) return status;
  Joined name{driver_folder, service};
  if (!name) return STATUS_INSUFFICIENT_RESOURCES;
  void* object = nullptr;
  status = ObReferenceObjectByName(&name.get(), OBJ_CASE_INSENSITIVE, nullptr, 0,
                                   state().driver_type, KernelMode, nullptr, &object);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference const driver{object};
  return unload_driver(*static_cast<PDRIVER_OBJECT>(object));
}
