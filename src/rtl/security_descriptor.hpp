// A security descriptor of either form as its parts.
//   Any IRQL for memory that is resident. What is believed of a descriptor stands in
//   include/nt/se/descriptor.h.
#pragma once

#include <nt/se/descriptor.h>

#include <cstddef>

namespace mica::rtl {

struct DescriptorParts {
  SECURITY_DESCRIPTOR_CONTROL control;  // without SE_SELF_RELATIVE
  UCHAR resource_manager;               // Sbz1, which goes along
  SID* owner;                           // these may be null...
  SID* group;
  ACL* sacl;  // ...and these too, whether they are present or not
  ACL* dacl;
};

// Of a descriptor with the one revision that there is.
[[nodiscard]] DescriptorParts NTAPI parts_of(void* descriptor) noexcept;
// The same, without the parts that nobody asks for.
[[nodiscard]] DescriptorParts NTAPI chosen_parts(DescriptorParts const& parts,
                                                 SECURITY_INFORMATION chosen) noexcept;
[[nodiscard]] bool NTAPI valid(DescriptorParts const& parts) noexcept;

// Self-relative.
[[nodiscard]] ULONG NTAPI bytes_of(DescriptorParts const& parts) noexcept;
void NTAPI write(DescriptorParts const& parts, void* descriptor) noexcept;

// Whether entries and what they say of themselves are within the list, and what is a SID is one.
[[nodiscard]] bool NTAPI valid_acl(ACL const& acl) noexcept;

// Whether an entry of that type is a mask and a SID.
[[nodiscard]] constexpr bool has_mask_and_sid(UCHAR ace_type) noexcept {
  return ace_type <= SYSTEM_ALARM_ACE_TYPE;
}

// Calls use(entry) for each one of a valid list.
template <class Use>
void for_each_ace(ACL& acl, Use use) noexcept {
  auto* at = reinterpret_cast<std::byte*>(&acl + 1);
  for (USHORT i = 0; i < acl.AceCount; ++i) {
    auto& ace = *reinterpret_cast<ACE_HEADER*>(at);
    use(ace);
    at += ace.AceSize;
  }
}

}  // namespace mica::rtl
