// What others keep with a driver object.
//                               [MSDN IoAllocateDriverObjectExtension, IoGetDriverObjectExtension]
#include "io/driver.hpp"
#include "ke/verifier.hpp"

namespace mica::io {

// What it is followed by is the client's.
struct alignas(16) ClientExtension {
  ClientExtension* next;
  PVOID name;
};

namespace {

PVOID NTAPI find(Driver const& driver, PVOID name) noexcept {
  ClientExtension* extension = driver.client_extensions;
  while (extension != nullptr && extension->name != name) extension = extension->next;
  return extension != nullptr ? extension + 1 : nullptr;
}

// False: there is one of its name.
[[nodiscard]] bool NTAPI add(Driver& driver, ClientExtension& extension) noexcept {
  ke::SpinGuard guard{state().device_lock};
  if (find(driver, extension.name) != nullptr) return false;
  extension.next = driver.client_extensions;
  driver.client_extensions = &extension;
  return true;
}

}  // namespace

void NTAPI free_client_extensions(Driver& driver) noexcept {
  while (ClientExtension* const extension = driver.client_extensions) {
    driver.client_extensions = extension->next;
    ExFreePoolWithTag(extension, tag_extension);
  }
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID* DriverObjectExtension) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DriverObject);
  *DriverObjectExtension = nullptr;
  auto* const extension = static_cast<ClientExtension*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED,
                      sizeof(ClientExtension) + SIZE_T{DriverObjectExtensionSize}, tag_extension));
  if (extension == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  extension->name = ClientIdentificationAddress;
  if (!add(whole(*DriverObject), *extension)) {
    ExFreePoolWithTag(extension, tag_extension);
    return STATUS_OBJECT_NAME_COLLISION;
  }
  *DriverObjectExtension = extension + 1;
  return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DriverObject);
  mica::ke::SpinGuard guard{state().device_lock};
  return find(whole(*DriverObject), ClientIdentificationAddress);
}
