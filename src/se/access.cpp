// Whether a subject may do to an object what it wants to.
//                                              [MSDN SeAccessCheck; MS-DTYP 2.5.3 "Access Checks"]
#include <nt/ex.h>

#include <span>

#include "ob/type.hpp"
#include "rtl/security_descriptor.hpp"
#include "se/token.hpp"
#include "se/well_known.hpp"

namespace mica::se {
namespace {

constexpr ULONG tag_privileges = ob::pool_tag("SePr");

struct Wish {
  ACCESS_MASK rights;  // without generic ones
  bool maximum;        // whatever there is to have beyond them
};

[[nodiscard]] Wish wish_for(ACCESS_MASK desired, GENERIC_MAPPING& mapping) noexcept {
  RtlMapGenericMask(&desired, &mapping);
  return {desired & ~MAXIMUM_ALLOWED, (desired & MAXIMUM_ALLOWED) != 0};
}

[[nodiscard]] bool is(void const* sid, void const* other) noexcept {
  return RtlEqualSid(const_cast<void*>(sid), const_cast<void*>(other)) != FALSE;
}

[[nodiscard]] bool is_of(Token const& token, void const* sid) noexcept {
  if (is(token.user, sid)) return true;
  for (Group const& group : token.groups)
    if ((group.attributes & SE_GROUP_ENABLED) != 0 && is(group.sid, sid)) return true;
  return false;
}

[[nodiscard]] void const* sid_in(ACE_HEADER const& ace) noexcept {
  return &reinterpret_cast<ACCESS_ALLOWED_ACE const&>(ace).SidStart;
}

// Whether an entry of the list says something of the object itself.
[[nodiscard]] bool counts(ACE_HEADER const& ace) noexcept {
  return ace.AceType <= ACCESS_DENIED_ACE_TYPE && (ace.AceFlags & INHERIT_ONLY_ACE) == 0;
}

[[nodiscard]] bool speaks_of_owner(ACL& list) noexcept {
  bool found = false;
  rtl::for_each_ace(list, [&](ACE_HEADER const& ace) {
    found = found || (counts(ace) && is(sid_in(ace), &owner_rights));
  });
  return found;
}

class Judge {
 public:
  Judge(Token const& token, rtl::DescriptorParts const& object, GENERIC_MAPPING& mapping) noexcept
      : token_{token},
        object_{object},
        mapping_{mapping},
        is_owner_{object.owner != nullptr && is_of(token, object.owner)} {}

  // What the list grants; without one whatever is wished for.
  [[nodiscard]] ACCESS_MASK granted_by_list(ACCESS_MASK wished) noexcept {
    if (object_.dacl == nullptr) return mapping_.GenericAll | wished;
    if (is_owner_ && !speaks_of_owner(*object_.dacl)) granted_ = READ_CONTROL | WRITE_DAC;
    rtl::for_each_ace(*object_.dacl, [this](ACE_HEADER const& ace) {
      if (counts(ace) && is_for_token(sid_in(ace))) decide(ace);
    });
    return granted_;
  }

 private:
  [[nodiscard]] bool is_for_token(void const* sid) const noexcept {
    return is_of(token_, sid) || (is_owner_ && is(sid, &owner_rights));
  }

  // Of what no entry before has decided.
  void decide(ACE_HEADER const& ace) noexcept {
    ACCESS_MASK mask = reinterpret_cast<ACCESS_ALLOWED_ACE const&>(ace).Mask;
    RtlMapGenericMask(&mask, &mapping_);
    if (ace.AceType == ACCESS_ALLOWED_ACE_TYPE)
      granted_ |= mask & ~denied_;
    else
      denied_ |= mask & ~granted_;
  }

  Token const& token_;
  rtl::DescriptorParts const& object_;
  GENERIC_MAPPING& mapping_;
  bool const is_owner_;
  ACCESS_MASK granted_ = 0;
  ACCESS_MASK denied_ = 0;
};

// The privileges that were needed for what a subject was granted.
class Used {
 public:
  // Whether the token has it enabled.
  [[nodiscard]] bool take(Token const& token, UCHAR number) noexcept {
    LUID const privilege = RtlConvertUlongToLuid(number);
    if (!has_enabled(token, privilege)) return false;
    taken_[count_++] = {privilege, SE_PRIVILEGE_USED_FOR_ACCESS};
    return true;
  }

  // False: there is no memory.
  [[nodiscard]] bool tell(PRIVILEGE_SET** told) const noexcept {
    *told = nullptr;
    if (count_ == 0) return true;
    constexpr std::size_t bytes = sizeof(PRIVILEGE_SET) + sizeof(LUID_AND_ATTRIBUTES);
    auto* const set =
        static_cast<PRIVILEGE_SET*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_privileges));
    if (set == nullptr) return false;
    set->PrivilegeCount = count_;
    for (ULONG i = 0; i < count_; ++i) set->Privilege[i] = taken_[i];
    *told = set;
    return true;
  }

 private:
  LUID_AND_ATTRIBUTES taken_[2];
  ULONG count_ = 0;
};

struct Verdict {
  NTSTATUS status;
  ACCESS_MASK granted;
};

[[nodiscard]] Verdict judge(Token const& token, void* descriptor, Wish wish,
                            GENERIC_MAPPING& mapping, Used& used) noexcept {
  ACCESS_MASK granted = 0;
  if ((wish.rights & ACCESS_SYSTEM_SECURITY) != 0) {
    if (!used.take(token, SE_SECURITY_PRIVILEGE)) return {STATUS_PRIVILEGE_NOT_HELD, 0};
    granted = ACCESS_SYSTEM_SECURITY;
  }
  rtl::DescriptorParts const object = rtl::parts_of(descriptor);
  granted |= Judge{token, object, mapping}.granted_by_list(wish.rights);
  if ((wish.rights & ~granted & WRITE_OWNER) != 0 && used.take(token, SE_TAKE_OWNERSHIP_PRIVILEGE))
    granted |= WRITE_OWNER;
  if ((wish.rights & ~granted) != 0) return {STATUS_ACCESS_DENIED, 0};
  if (wish.maximum && granted == 0) return {STATUS_ACCESS_DENIED, 0};
  return {STATUS_SUCCESS, wish.maximum ? granted : wish.rights};
}

[[nodiscard]] bool only_identifies(SECURITY_SUBJECT_CONTEXT const& subject) noexcept {
  return subject.ClientToken != nullptr && subject.ImpersonationLevel < SecurityImpersonation;
}

[[nodiscard]] Token const& token_of(SECURITY_SUBJECT_CONTEXT const& subject) noexcept {
  return *static_cast<Token const*>(subject.ClientToken != nullptr ? subject.ClientToken
                                                                   : subject.PrimaryToken);
}

// What is not granted already.
[[nodiscard]] Verdict judge_subject(SECURITY_SUBJECT_CONTEXT const& subject, void* descriptor,
                                    Wish wish, GENERIC_MAPPING& mapping,
                                    PRIVILEGE_SET** privileges) noexcept {
  if (descriptor == nullptr) return {STATUS_ACCESS_DENIED, 0};
  if (only_identifies(subject)) return {STATUS_BAD_IMPERSONATION_LEVEL, 0};
  Used used;
  Verdict const verdict = judge(token_of(subject), descriptor, wish, mapping, used);
  if (!NT_SUCCESS(verdict.status) || privileges == nullptr || used.tell(privileges)) return verdict;
  return {STATUS_INSUFFICIENT_RESOURCES, 0};
}

}  // namespace
}  // namespace mica::se

using namespace mica;
using namespace mica::se;

// Tokens never change, so that there is nothing else to lock.
VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT) {
  KeEnterCriticalRegion();
}

VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT) {
  KeLeaveCriticalRegion();
}

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext, BOOLEAN,
                            ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
                            PPRIVILEGE_SET* Privileges, PGENERIC_MAPPING GenericMapping,
                            KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess,
                            PNTSTATUS AccessStatus) {
  if (Privileges != nullptr) *Privileges = nullptr;
  Wish wish = wish_for(DesiredAccess, *GenericMapping);
  Verdict verdict{STATUS_SUCCESS, wish.rights | (wish.maximum ? GenericMapping->GenericAll : 0)};
  wish.rights &= ~PreviouslyGrantedAccess;
  if (AccessMode != KernelMode && (wish.rights != 0 || wish.maximum))
    verdict = judge_subject(*SubjectSecurityContext, SecurityDescriptor, wish, *GenericMapping,
                            Privileges);
  *AccessStatus = verdict.status;
  *GrantedAccess = NT_SUCCESS(verdict.status) ? verdict.granted | PreviouslyGrantedAccess : 0;
  return NT_SUCCESS(verdict.status);
}

VOID NTAPI SeFreePrivileges(PPRIVILEGE_SET Privileges) {
  ExFreePoolWithTag(Privileges, tag_privileges);
}

BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG Length, PSECURITY_DESCRIPTOR SecurityDescriptor) {
  return RtlValidRelativeSecurityDescriptor(SecurityDescriptor, Length, 0);
}
