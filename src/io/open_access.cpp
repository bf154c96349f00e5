#include "io/open_access.hpp"

#include <nt/se.h>

#include "io/file.hpp"

namespace mica::io {
namespace {

// What is below a device is its driver's to protect, unless the driver says otherwise.
//                                                   [MSDN "Controlling Device Namespace Access"]
bool is_protected(DEVICE_OBJECT const& device, UNICODE_STRING const& path) noexcept {
  return path.Length == 0 || (device.Characteristics & FILE_DEVICE_SECURE_OPEN) != 0;
}

bool is_judged(ob::ParseRequest const& request) noexcept {
  auto const& packet = *static_cast<OpenPacket const*>(request.context);
  return request.mode != KernelMode || (request.attributes & OBJ_FORCE_ACCESS_CHECK) != 0 ||
         (packet.options & IO_FORCE_ACCESS_CHECK) != 0;
}

NTSTATUS judge(void* descriptor, ob::ParseRequest& request) noexcept {
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  NTSTATUS status = STATUS_SUCCESS;
  SeAccessCheck(descriptor, &subject, FALSE, request.access, 0, nullptr,
                &state().file_type->mapping, UserMode, &request.access, &status);
  SeReleaseSubjectContext(&subject);
  return status;
}

}  // namespace

NTSTATUS NTAPI judge_open(DEVICE_OBJECT& device, ob::ParseRequest& request) noexcept {
  if (!is_judged(request) || !is_protected(device, request.remaining)) return STATUS_SUCCESS;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  BOOLEAN allocated = FALSE;
  NTSTATUS const status = ObGetObjectSecurity(&device, &descriptor, &allocated);
  if (descriptor == nullptr) return status;
  NTSTATUS const verdict = judge(descriptor, request);
  ObReleaseObjectSecurity(descriptor, allocated);
  return verdict;
}

}  // namespace mica::io
