#include "rtl/security_descriptor.hpp"

#include <cstring>

namespace mica::rtl {
namespace {

[[nodiscard]] SECURITY_DESCRIPTOR& absolute(void* descriptor) noexcept {
  return *static_cast<SECURITY_DESCRIPTOR*>(descriptor);
}

// Both forms begin alike.
[[nodiscard]] bool is_known(void* descriptor) noexcept {
  return absolute(descriptor).Revision == SECURITY_DESCRIPTOR_REVISION;
}
[[nodiscard]] bool is_relative(void* descriptor) noexcept {
  return (absolute(descriptor).Control & SE_SELF_RELATIVE) != 0;
}

template <class Part>
[[nodiscard]] Part* at(void* descriptor, ULONG offset) noexcept {
  return offset == 0 ? nullptr
                     : reinterpret_cast<Part*>(static_cast<std::byte*>(descriptor) + offset);
}

[[nodiscard]] ULONG bytes_of_sid(SID* sid) noexcept {
  return sid == nullptr ? 0 : RtlLengthSid(sid);
}
[[nodiscard]] ULONG bytes_of_acl(ACL const* acl) noexcept {
  return acl == nullptr ? 0 : (acl->AclSize + 3u) & ~3u;
}

// Nothing of a list that is not present counts.
[[nodiscard]] ACL* present(DescriptorParts const& parts, SECURITY_DESCRIPTOR_CONTROL bit,
                           ACL* acl) noexcept {
  return (parts.control & bit) != 0 ? acl : nullptr;
}

void set_control(SECURITY_DESCRIPTOR_CONTROL& control, SECURITY_DESCRIPTOR_CONTROL bit,
                 bool on) noexcept {
  control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(on ? control | bit : control & ~bit);
}

// What may be changed: STATUS_SUCCESS.
[[nodiscard]] NTSTATUS judge_change(void* descriptor) noexcept {
  if (!is_known(descriptor)) return STATUS_UNKNOWN_REVISION;
  return is_relative(descriptor) ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

// Copies a part behind what was written, and says where.
class Writer {
 public:
  explicit Writer(void* descriptor) noexcept : start_{static_cast<std::byte*>(descriptor)} {}
  [[nodiscard]] ULONG put(void const* part, ULONG bytes, ULONG room) noexcept {
    if (part == nullptr) return 0;
    ULONG const place = next_;
    std::memcpy(start_ + place, part, bytes);
    std::memset(start_ + place + bytes, 0, room - bytes);
    next_ += room;
    return place;
  }

 private:
  std::byte* start_;
  ULONG next_ = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
};

// A part that stands in so many bytes, of which nothing is believed.
struct Bounds {
  std::byte const* start;
  ULONG bytes;

  [[nodiscard]] bool has(ULONG offset, ULONG part_bytes) const noexcept {
    return offset % sizeof(ULONG) == 0 && offset >= sizeof(SECURITY_DESCRIPTOR_RELATIVE) &&
           offset <= bytes && bytes - offset >= part_bytes;
  }
  [[nodiscard]] bool NTAPI has_sid(ULONG offset) const noexcept {
    if (offset == 0) return true;
    if (!has(offset, RtlLengthRequiredSid(0))) return false;
    auto* const sid = const_cast<std::byte*>(start + offset);
    return RtlValidSid(sid) && has(offset, RtlLengthSid(sid));
  }
  [[nodiscard]] bool NTAPI has_acl(ULONG offset) const noexcept {
    if (offset == 0) return true;
    if (!has(offset, sizeof(ACL))) return false;
    auto const& acl = *reinterpret_cast<ACL const*>(start + offset);
    return has(offset, bytes_of_acl(&acl)) && valid_acl(acl);
  }
};

}  // namespace

DescriptorParts NTAPI parts_of(void* descriptor) noexcept {
  SECURITY_DESCRIPTOR const& whole = absolute(descriptor);
  DescriptorParts parts{};
  parts.control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(whole.Control & ~SE_SELF_RELATIVE);
  parts.resource_manager = whole.Sbz1;
  if (is_relative(descriptor)) {
    auto const& relative = *static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(descriptor);
    parts.owner = at<SID>(descriptor, relative.Owner);
    parts.group = at<SID>(descriptor, relative.Group);
    parts.sacl = at<ACL>(descriptor, relative.Sacl);
    parts.dacl = at<ACL>(descriptor, relative.Dacl);
  } else {
    parts.owner = static_cast<SID*>(whole.Owner);
    parts.group = static_cast<SID*>(whole.Group);
    parts.sacl = whole.Sacl;
    parts.dacl = whole.Dacl;
  }
  parts.sacl = present(parts, SE_SACL_PRESENT, parts.sacl);
  parts.dacl = present(parts, SE_DACL_PRESENT, parts.dacl);
  return parts;
}

DescriptorParts NTAPI chosen_parts(DescriptorParts const& parts,
                                   SECURITY_INFORMATION chosen) noexcept {
  struct Choice {
    SECURITY_INFORMATION part;
    ULONG control;  // what says something of it
  };
  constexpr Choice choices[] = {
      {OWNER_SECURITY_INFORMATION, SE_OWNER_DEFAULTED},
      {GROUP_SECURITY_INFORMATION, SE_GROUP_DEFAULTED},
      {DACL_SECURITY_INFORMATION,
       SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED},
      {SACL_SECURITY_INFORMATION,
       SE_SACL_PRESENT | SE_SACL_DEFAULTED | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED},
  };
  DescriptorParts result{};
  for (Choice const& choice : choices)
    if ((chosen & choice.part) != 0)
      result.control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(result.control |
                                                                (parts.control & choice.control));
  if ((chosen & OWNER_SECURITY_INFORMATION) != 0) result.owner = parts.owner;
  if ((chosen & GROUP_SECURITY_INFORMATION) != 0) result.group = parts.group;
  if ((chosen & DACL_SECURITY_INFORMATION) != 0) result.dacl = parts.dacl;
  if ((chosen & SACL_SECURITY_INFORMATION) != 0) result.sacl = parts.sacl;
  return result;
}

bool NTAPI valid(DescriptorParts const& parts) noexcept {
  return (parts.owner == nullptr || RtlValidSid(parts.owner)) &&
         (parts.group == nullptr || RtlValidSid(parts.group)) &&
         (parts.sacl == nullptr || valid_acl(*parts.sacl)) &&
         (parts.dacl == nullptr || valid_acl(*parts.dacl));
}

ULONG NTAPI bytes_of(DescriptorParts const& parts) noexcept {
  return static_cast<ULONG>(sizeof(SECURITY_DESCRIPTOR_RELATIVE)) + bytes_of_acl(parts.sacl) +
         bytes_of_acl(parts.dacl) + bytes_of_sid(parts.owner) + bytes_of_sid(parts.group);
}

void NTAPI write(DescriptorParts const& parts, void* descriptor) noexcept {
  auto& relative = *static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(descriptor);
  relative = {};
  relative.Revision = SECURITY_DESCRIPTOR_REVISION;
  relative.Sbz1 = parts.resource_manager;
  relative.Control = static_cast<SECURITY_DESCRIPTOR_CONTROL>(parts.control | SE_SELF_RELATIVE);
  Writer writer{descriptor};
  if (parts.sacl != nullptr)
    relative.Sacl = writer.put(parts.sacl, parts.sacl->AclSize, bytes_of_acl(parts.sacl));
  if (parts.dacl != nullptr)
    relative.Dacl = writer.put(parts.dacl, parts.dacl->AclSize, bytes_of_acl(parts.dacl));
  relative.Owner = writer.put(parts.owner, bytes_of_sid(parts.owner), bytes_of_sid(parts.owner));
  relative.Group = writer.put(parts.group, bytes_of_sid(parts.group), bytes_of_sid(parts.group));
}

}  // namespace mica::rtl

using namespace mica::rtl;

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           ULONG Revision) {
  if (Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
  absolute(SecurityDescriptor) = {};
  absolute(SecurityDescriptor).Revision = SECURITY_DESCRIPTOR_REVISION;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            BOOLEAN DaclPresent, PACL Dacl, BOOLEAN DaclDefaulted) {
  NTSTATUS const status = judge_change(SecurityDescriptor);
  if (!NT_SUCCESS(status)) return status;
  SECURITY_DESCRIPTOR& whole = absolute(SecurityDescriptor);
  bool const is_present = DaclPresent != FALSE;
  set_control(whole.Control, SE_DACL_PRESENT, is_present);
  set_control(whole.Control, SE_DACL_DEFAULTED, is_present && DaclDefaulted != FALSE);
  whole.Dacl = is_present ? Dacl : nullptr;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Owner,
                                             BOOLEAN OwnerDefaulted) {
  NTSTATUS const status = judge_change(SecurityDescriptor);
  if (!NT_SUCCESS(status)) return status;
  absolute(SecurityDescriptor).Owner = Owner;
  set_control(absolute(SecurityDescriptor).Control, SE_OWNER_DEFAULTED, OwnerDefaulted != FALSE);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Group,
                                             BOOLEAN GroupDefaulted) {
  NTSTATUS const status = judge_change(SecurityDescriptor);
  if (!NT_SUCCESS(status)) return status;
  absolute(SecurityDescriptor).Group = Group;
  set_control(absolute(SecurityDescriptor).Control, SE_GROUP_DEFAULTED, GroupDefaulted != FALSE);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                            PBOOLEAN DaclPresent, PACL* Dacl,
                                            PBOOLEAN DaclDefaulted) {
  if (!is_known(SecurityDescriptor)) return STATUS_UNKNOWN_REVISION;
  DescriptorParts const parts = parts_of(SecurityDescriptor);
  *DaclPresent = (parts.control & SE_DACL_PRESENT) != 0;
  if (*DaclPresent == FALSE) return STATUS_SUCCESS;
  *Dacl = parts.dacl;
  *DaclDefaulted = (parts.control & SE_DACL_DEFAULTED) != 0;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID* Owner,
                                             PBOOLEAN OwnerDefaulted) {
  if (!is_known(SecurityDescriptor)) return STATUS_UNKNOWN_REVISION;
  DescriptorParts const parts = parts_of(SecurityDescriptor);
  *Owner = parts.owner;
  *OwnerDefaulted = (parts.control & SE_OWNER_DEFAULTED) != 0;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID* Group,
                                             PBOOLEAN GroupDefaulted) {
  if (!is_known(SecurityDescriptor)) return STATUS_UNKNOWN_REVISION;
  DescriptorParts const parts = parts_of(SecurityDescriptor);
  *Group = parts.group;
  *GroupDefaulted = (parts.control & SE_GROUP_DEFAULTED) != 0;
  return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  return bytes_of(parts_of(SecurityDescriptor));
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
  return SecurityDescriptor != nullptr && is_known(SecurityDescriptor) &&
         valid(parts_of(SecurityDescriptor));
}

BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptorInput,
                                                 ULONG SecurityDescriptorLength,
                                                 SECURITY_INFORMATION RequiredInformation) {
  if (SecurityDescriptorLength < sizeof(SECURITY_DESCRIPTOR_RELATIVE)) return FALSE;
  if (!is_known(SecurityDescriptorInput) || !is_relative(SecurityDescriptorInput)) return FALSE;
  auto const& relative = *static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(SecurityDescriptorInput);
  Bounds const bounds{static_cast<std::byte*>(SecurityDescriptorInput), SecurityDescriptorLength};
  if (!bounds.has_sid(relative.Owner) || !bounds.has_sid(relative.Group)) return FALSE;
  bool const has_sacl = (relative.Control & SE_SACL_PRESENT) != 0;
  bool const has_dacl = (relative.Control & SE_DACL_PRESENT) != 0;
  if ((has_sacl && !bounds.has_acl(relative.Sacl)) || (has_dacl && !bounds.has_acl(relative.Dacl)))
    return FALSE;
  auto const is_there = [&](SECURITY_INFORMATION part, bool there) {
    return there || (RequiredInformation & part) == 0;
  };
  return is_there(OWNER_SECURITY_INFORMATION, relative.Owner != 0) &&
         is_there(GROUP_SECURITY_INFORMATION, relative.Group != 0) &&
         is_there(DACL_SECURITY_INFORMATION, has_dacl) &&
         is_there(SACL_SECURITY_INFORMATION, has_sacl);
}

NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
                                           PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                           PULONG BufferLength) {
  if (is_relative(AbsoluteSecurityDescriptor)) return STATUS_BAD_DESCRIPTOR_FORMAT;
  DescriptorParts const parts = parts_of(AbsoluteSecurityDescriptor);
  ULONG const bytes = bytes_of(parts);
  if (*BufferLength < bytes) {
    *BufferLength = bytes;
    return STATUS_BUFFER_TOO_SMALL;
  }
  write(parts, SelfRelativeSecurityDescriptor);
  return STATUS_SUCCESS;
}
