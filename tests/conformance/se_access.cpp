// Access checks: SeAccessCheck with the one token that there is, LocalSystem's.
//                [MSDN SeAccessCheck, RtlMapGenericMask, SE_EXPORTS; MS-DTYP 2.5.3 "Access Checks"]
#include "security_support.hpp"

#include "support.hpp"

using namespace mica::test;

namespace {

// Rights of some object: 1, 2 and 4 are its own.
GENERIC_MAPPING some_mapping{1 | READ_CONTROL, 2, 4, 7 | STANDARD_RIGHTS_REQUIRED};

// What becomes of a wish.
struct Answer {
  NTSTATUS status = STATUS_UNSUCCESSFUL;
  ACCESS_MASK granted = 0xFFFF'FFFF;
  bool operator==(Answer const&) const = default;
};

constexpr Answer denied{STATUS_ACCESS_DENIED, 0};

[[nodiscard]] constexpr Answer granted(ACCESS_MASK rights) noexcept {
  return {STATUS_SUCCESS, rights};
}

[[nodiscard]] Answer ask(PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK desired,
                         KPROCESSOR_MODE mode = UserMode, ACCESS_MASK before = 0) noexcept {
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  Answer answer;
  PPRIVILEGE_SET privileges = reinterpret_cast<PPRIVILEGE_SET>(&subject);
  BOOLEAN const allowed = SeAccessCheck(descriptor, &subject, FALSE, desired, before, &privileges,
                                        &some_mapping, mode, &answer.granted, &answer.status);
  MICA_CHECK((allowed != FALSE) == NT_SUCCESS(answer.status));
  MICA_CHECK(privileges == nullptr);
  SeReleaseSubjectContext(&subject);
  return answer;
}

}  // namespace

MICA_CASE("Se: of the entries that speak of a right the first decides") {
  Sid system{5, 18}, everyone{1, 0};
  AccessList denies_first;
  denies_first.deny(2, system).allow(7, everyone);
  MICA_CHECK(ask(denies_first, 1) == granted(1));
  MICA_CHECK(ask(denies_first, 1 | 4) == granted(1 | 4));
  MICA_CHECK(ask(denies_first, 2) == denied);
  MICA_CHECK(ask(denies_first, 1 | 2) == denied);
  MICA_CHECK(ask(denies_first, DELETE) == denied);
  AccessList allows_first;
  allows_first.allow(2, everyone).deny(7, system);
  MICA_CHECK(ask(allows_first, 2) == granted(2));
  MICA_CHECK(ask(allows_first, 1) == denied);
  AccessList in_parts;
  in_parts.allow(1, everyone).allow(2, system);
  MICA_CHECK(ask(in_parts, 1 | 2) == granted(1 | 2));
}

MICA_CASE("Se: entries count for whom they are, and for the object itself") {
  Sid network{5, 2}, known{5, 11}, integrity{16, 0x4000};
  AccessList list;
  list.allow(1, known).allow(2, network).allow(4, known, INHERIT_ONLY_ACE);
  MICA_CHECK(ask(list, 1) == granted(1));
  MICA_CHECK(ask(list, 2) == denied);
  MICA_CHECK(ask(list, 4) == denied);
  AccessList others;
  others.deny(1, network).deny(1, known, INHERIT_ONLY_ACE).allow(1, known);
  MICA_CHECK(ask(others, 1) == granted(1));
  AccessList audited;  // is an entry of no kind that grants
  audited.add(SYSTEM_AUDIT_ACE_TYPE, 1, known, 0).allow(2, integrity);
  MICA_CHECK(ask(audited, 1) == denied);
  MICA_CHECK(ask(audited, 2) == denied);  // a level of integrity is no group that is enabled
}

MICA_CASE("Se: generic rights are those of the object, in wishes and in entries") {
  Sid everyone{1, 0};
  AccessList list;
  list.allow(GENERIC_READ, everyone);
  MICA_CHECK(ask(list, GENERIC_READ) == granted(1 | READ_CONTROL));
  MICA_CHECK(ask(list, GENERIC_WRITE) == denied);
  MICA_CHECK(ask(list, MAXIMUM_ALLOWED) == granted(1 | READ_CONTROL));
  MICA_CHECK(ask(list, MAXIMUM_ALLOWED | 2) == denied);
  AccessList denies;
  denies.deny(GENERIC_EXECUTE, everyone).allow(GENERIC_ALL, everyone);
  MICA_CHECK(ask(denies, MAXIMUM_ALLOWED) == granted(3 | STANDARD_RIGHTS_REQUIRED));
  ACCESS_MASK mask = GENERIC_WRITE | GENERIC_EXECUTE | SYNCHRONIZE | MAXIMUM_ALLOWED;
  RtlMapGenericMask(&mask, &some_mapping);
  MICA_CHECK(mask == (2 | 4 | SYNCHRONIZE | MAXIMUM_ALLOWED));
  mask = GENERIC_ALL;
  RtlMapGenericMask(&mask, &some_mapping);
  MICA_CHECK(mask == some_mapping.GenericAll);
}

MICA_CASE("Se: an owner may always see and change who may, unless an entry is for owners") {
  Sid system{5, 18}, network{5, 2}, owner_rights{3, 4};
  AccessList nothing;
  MICA_CHECK(ask(nothing, READ_CONTROL) == denied);
  nothing.owned_by(system);
  MICA_CHECK(ask(nothing, READ_CONTROL | WRITE_DAC) == granted(READ_CONTROL | WRITE_DAC));
  MICA_CHECK(ask(nothing, WRITE_OWNER) == denied);
  MICA_CHECK(ask(nothing, 1) == denied);
  nothing.allow(1, owner_rights);
  MICA_CHECK(ask(nothing, READ_CONTROL) == denied);
  MICA_CHECK(ask(nothing, 1) == granted(1));
  AccessList of_another;
  of_another.owned_by(network).allow(1, owner_rights);
  MICA_CHECK(ask(of_another, 1) == denied);
}

MICA_CASE("Se: without a list everything is granted, by an empty one nothing") {
  AccessList list;
  MICA_CHECK(ask(list, 1) == denied);
  MICA_CHECK(ask(list, MAXIMUM_ALLOWED) == denied);
  MICA_CHECK(RtlSetDaclSecurityDescriptor(list, TRUE, nullptr, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(ask(list, 1 | SYNCHRONIZE) == granted(1 | SYNCHRONIZE));
  MICA_CHECK(ask(list, MAXIMUM_ALLOWED) == granted(some_mapping.GenericAll));
  MICA_CHECK(RtlSetDaclSecurityDescriptor(list, FALSE, nullptr, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(ask(list, WRITE_DAC) == granted(WRITE_DAC));
  MICA_CHECK(ask(nullptr, 1) == denied);
}

MICA_CASE("Se: the kernel is not judged, nor is what was granted before") {
  AccessList nothing;
  MICA_CHECK(ask(nothing, GENERIC_READ | 4, KernelMode) == granted(1 | 4 | READ_CONTROL));
  MICA_CHECK(ask(nullptr, MAXIMUM_ALLOWED, KernelMode) == granted(some_mapping.GenericAll));
  MICA_CHECK(ask(nothing, 1, UserMode, 1 | 2) == granted(1 | 2));
  MICA_CHECK(ask(nothing, 1 | 4, UserMode, 1 | 2) == denied);
}

MICA_CASE("Se: what needs a privilege that is not enabled is refused") {
  Sid everyone{1, 0};
  AccessList all;
  all.allow(0xFFFF'FFFF, everyone);
  MICA_CHECK((ask(all, ACCESS_SYSTEM_SECURITY) == Answer{STATUS_PRIVILEGE_NOT_HELD, 0}));
  MICA_CHECK(ask(all, WRITE_OWNER) == granted(WRITE_OWNER));
}

MICA_CASE("Se: while a subject is locked its thread gets no APCs") {
  SECURITY_SUBJECT_CONTEXT subject;
  SeCaptureSubjectContext(&subject);
  SeLockSubjectContext(&subject);
  MICA_CHECK(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
  AccessList list;
  ACCESS_MASK rights = 0;
  NTSTATUS status = STATUS_SUCCESS;
  MICA_CHECK(!SeAccessCheck(list, &subject, TRUE, 1, 0, nullptr, &some_mapping, UserMode, &rights,
                            &status));
  SeUnlockSubjectContext(&subject);
  MICA_CHECK(!KeAreApcsDisabled());
  SeReleaseSubjectContext(&subject);
}

MICA_CASE("Se: bytes are a security descriptor, or none") {
  Descriptor absolute{1};
  RelativeRoom room;
  ULONG bytes = sizeof room;
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(absolute, room.get(), &bytes) == STATUS_SUCCESS);
  ULONG const length = RtlLengthSecurityDescriptor(room.get());
  MICA_CHECK(SeValidSecurityDescriptor(length, room.get()));
  MICA_CHECK(!SeValidSecurityDescriptor(length - 1, room.get()));
  MICA_CHECK(!SeValidSecurityDescriptor(sizeof(SECURITY_DESCRIPTOR), absolute));
}

MICA_CASE("Se: what every system has is known by name") {
  SE_EXPORTS const& known = *SeExports;
  MICA_CHECK(known.SeCreateTokenPrivilege.LowPart == SE_CREATE_TOKEN_PRIVILEGE);
  MICA_CHECK(known.SeDebugPrivilege.LowPart == SE_DEBUG_PRIVILEGE);
  MICA_CHECK(known.SeLoadDriverPrivilege.LowPart == SE_LOAD_DRIVER_PRIVILEGE);
  MICA_CHECK(known.SeCreateSymbolicLinkPrivilege.LowPart == SE_CREATE_SYMBOLIC_LINK_PRIVILEGE);
  MICA_CHECK(SeSinglePrivilegeCheck(known.SeDebugPrivilege, UserMode));
  struct {
    PSID known;
    Sid expected;
  } const pairs[] = {{known.SeNullSid, {0, 0}},
                     {known.SeWorldSid, {1, 0}},
                     {known.SeCreatorOwnerSid, {3, 0}},
                     {known.SeLocalSystemSid, {5, 18}},
                     {known.SeRestrictedSid, {5, 12}},
                     {known.SeNetworkServiceSid, {5, 20}},
                     {known.SeLowMandatorySid, {16, 0x1000}},
                     {known.SeOwnerRightsSid, {3, 4}}};
  for (auto const& pair : pairs) {
    Sid expected = pair.expected;
    MICA_CHECK(RtlEqualSid(pair.known, expected));
  }
  MICA_CHECK(*RtlSubAuthorityCountSid(known.SeNtAuthoritySid) == 0);
  MICA_CHECK(*RtlSubAuthoritySid(known.SeAliasBackupOpsSid, 1) == 551);
  MICA_CHECK(*RtlSubAuthoritySid(known.SeAliasUsersSid, 1) == 545);
}
