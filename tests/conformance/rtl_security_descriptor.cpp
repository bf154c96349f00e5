// Security descriptors and lists of access rights, as values.
//     [MSDN RtlCreateAcl, RtlCreateSecurityDescriptor, RtlAbsoluteToSelfRelativeSD and relatives]
#include "security_support.hpp"

#include <cstring>
#include <initializer_list>

using namespace mica::test;

MICA_CASE("Rtl: a list of access rights has entries as long as there is room") {
  AclRoom room;
  ACL* const acl = room.get();
  MICA_CHECK(RtlCreateAcl(acl, sizeof(ACL) - 1, ACL_REVISION) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(RtlCreateAcl(acl, 0x10000, ACL_REVISION) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlCreateAcl(acl, 64, MIN_ACL_REVISION - 1) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlCreateAcl(acl, 64, MAX_ACL_REVISION + 1) == STATUS_INVALID_PARAMETER);
  constexpr ULONG entries = 2 * 20;  // a header, a mask, a SID of one number
  MICA_REQUIRE(RtlCreateAcl(acl, sizeof(ACL) + entries + 3, ACL_REVISION) == STATUS_SUCCESS);
  MICA_CHECK(acl->AclRevision == ACL_REVISION && acl->AclSize == sizeof(ACL) + entries);
  MICA_CHECK(acl->AceCount == 0);
  Sid system{5, 18}, everyone{1, 0};
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, system) == STATUS_SUCCESS);
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, 0x89, everyone) == STATUS_SUCCESS);
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, everyone) ==
             STATUS_ALLOTTED_SPACE_EXCEEDED);
  MICA_CHECK(acl->AceCount == 2);
  void* at = nullptr;
  MICA_REQUIRE(RtlGetAce(acl, 1, &at) == STATUS_SUCCESS);
  auto& ace = *static_cast<ACCESS_ALLOWED_ACE*>(at);
  MICA_CHECK(ace.Header.AceType == ACCESS_ALLOWED_ACE_TYPE && ace.Header.AceFlags == 0);
  MICA_CHECK(ace.Header.AceSize == 20 && ace.Mask == 0x89);
  MICA_CHECK(RtlEqualSid(&ace.SidStart, everyone));
  MICA_CHECK(at == reinterpret_cast<char*>(acl) + sizeof(ACL) + 20);
  MICA_CHECK(RtlGetAce(acl, 2, &at) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Rtl: what is no list or no SID gets no entry") {
  AclRoom room;
  ACL* const acl = room.get();
  MICA_REQUIRE(RtlCreateAcl(acl, sizeof room, ACL_REVISION) == STATUS_SUCCESS);
  Sid system{5, 18}, none{5, 18};
  none.make_invalid();
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, none) == STATUS_INVALID_SID);
  MICA_CHECK(RtlAddAccessAllowedAce(acl, 5, 1, system) == STATUS_REVISION_MISMATCH);
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION_DS, 1, system) == STATUS_SUCCESS);
  MICA_CHECK(acl->AclRevision == ACL_REVISION_DS);
  void* at = nullptr;
  MICA_REQUIRE(RtlGetAce(acl, 0, &at) == STATUS_SUCCESS);
  static_cast<ACE_HEADER*>(at)->AceSize = 0xFFFC;
  MICA_CHECK(RtlGetAce(acl, 0, &at) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, system) == STATUS_INVALID_ACL);
  for (USHORT const size : {16, 22}) {  // its SID would end outside; the next would begin askew
    static_cast<ACE_HEADER*>(at)->AceSize = size;
    MICA_CHECK(RtlGetAce(acl, 0, &at) == STATUS_INVALID_PARAMETER);
  }
}

MICA_CASE("Rtl: an absolute security descriptor points to what it is given") {
  AclRoom room;
  MICA_REQUIRE(RtlCreateAcl(room.get(), sizeof room, ACL_REVISION) == STATUS_SUCCESS);
  Sid system{5, 18}, everyone{1, 0};
  SECURITY_DESCRIPTOR descriptor;
  MICA_CHECK(RtlCreateSecurityDescriptor(&descriptor, 2) == STATUS_UNKNOWN_REVISION);
  MICA_REQUIRE(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) ==
               STATUS_SUCCESS);
  MICA_CHECK(RtlValidSecurityDescriptor(&descriptor));
  BOOLEAN present = TRUE, defaulted = 7;
  PACL dacl = nullptr;
  PSID sid = &descriptor;
  MICA_CHECK(RtlGetDaclSecurityDescriptor(&descriptor, &present, &dacl, &defaulted) ==
             STATUS_SUCCESS);
  MICA_CHECK(!present && defaulted == 7);
  MICA_CHECK(RtlGetOwnerSecurityDescriptor(&descriptor, &sid, &defaulted) == STATUS_SUCCESS);
  MICA_CHECK(sid == nullptr && defaulted == FALSE);

  MICA_CHECK(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, room.get(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(RtlSetOwnerSecurityDescriptor(&descriptor, system, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(RtlSetGroupSecurityDescriptor(&descriptor, everyone, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(RtlGetDaclSecurityDescriptor(&descriptor, &present, &dacl, &defaulted) ==
             STATUS_SUCCESS);
  MICA_CHECK(present && defaulted && dacl == room.get());
  MICA_CHECK(RtlGetOwnerSecurityDescriptor(&descriptor, &sid, &defaulted) == STATUS_SUCCESS);
  MICA_CHECK(sid == system.get() && !defaulted);
  MICA_CHECK(RtlGetGroupSecurityDescriptor(&descriptor, &sid, &defaulted) == STATUS_SUCCESS);
  MICA_CHECK(sid == everyone.get() && defaulted);
  MICA_CHECK(descriptor.Control == (SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_GROUP_DEFAULTED));

  MICA_CHECK(RtlSetDaclSecurityDescriptor(&descriptor, FALSE, room.get(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(descriptor.Control == SE_GROUP_DEFAULTED && descriptor.Dacl == nullptr);
  system.make_invalid();
  MICA_CHECK(!RtlValidSecurityDescriptor(&descriptor));
  descriptor.Revision = 2;
  MICA_CHECK(RtlSetOwnerSecurityDescriptor(&descriptor, everyone, FALSE) ==
             STATUS_UNKNOWN_REVISION);
  MICA_CHECK(RtlGetGroupSecurityDescriptor(&descriptor, &sid, &defaulted) ==
             STATUS_UNKNOWN_REVISION);
  MICA_CHECK(!RtlValidSecurityDescriptor(nullptr));
}

MICA_CASE("Rtl: a security descriptor becomes self-relative, and stays what it says") {
  Descriptor absolute{GENERIC_READ};
  Sid system{5, 18};
  MICA_REQUIRE(RtlSetOwnerSecurityDescriptor(absolute, system, FALSE) == STATUS_SUCCESS);
  constexpr ULONG bytes = 20 + 8 + 20 + 12;
  MICA_CHECK(RtlLengthSecurityDescriptor(absolute) == bytes);
  RelativeRoom room;
  ULONG length = bytes - 1;
  MICA_CHECK(RtlAbsoluteToSelfRelativeSD(absolute, room.get(), &length) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(length == bytes && room.is_untouched());
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(absolute, room.get(), &length) == STATUS_SUCCESS);
  MICA_CHECK(RtlLengthSecurityDescriptor(room.get()) == bytes);
  MICA_CHECK(room.relative().Control == (SE_SELF_RELATIVE | SE_DACL_PRESENT));
  MICA_CHECK(RtlValidSecurityDescriptor(room.get()));
  Rights const rights{room.get()};
  MICA_CHECK(rights.count() == 1 && rights.mask(0) == GENERIC_READ && rights.is_for(0, {1, 0}));
  BOOLEAN defaulted = TRUE;
  PSID owner = nullptr;
  MICA_CHECK(RtlGetOwnerSecurityDescriptor(room.get(), &owner, &defaulted) == STATUS_SUCCESS);
  MICA_CHECK(RtlEqualSid(owner, system));
  MICA_CHECK(RtlAbsoluteToSelfRelativeSD(room.get(), room.get(), &length) ==
             STATUS_BAD_DESCRIPTOR_FORMAT);
  MICA_CHECK(RtlSetDaclSecurityDescriptor(room.get(), TRUE, nullptr, FALSE) ==
             STATUS_INVALID_SECURITY_DESCR);
  MICA_CHECK(RtlSetGroupSecurityDescriptor(room.get(), system, FALSE) ==
             STATUS_INVALID_SECURITY_DESCR);
}

MICA_CASE("Rtl: bytes are a security descriptor if nothing in them leads outside") {
  Descriptor absolute{GENERIC_READ};
  Sid system{5, 18};
  MICA_REQUIRE(RtlSetOwnerSecurityDescriptor(absolute, system, FALSE) == STATUS_SUCCESS);
  RelativeRoom room;
  ULONG length = sizeof room;
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(absolute, room.get(), &length) == STATUS_SUCCESS);
  length = RtlLengthSecurityDescriptor(room.get());
  auto valid = [&](ULONG bytes, SECURITY_INFORMATION required = 0) {
    return RtlValidRelativeSecurityDescriptor(room.get(), bytes, required) != FALSE;
  };
  MICA_CHECK(valid(length));
  MICA_CHECK(valid(length, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION));
  MICA_CHECK(!valid(length, GROUP_SECURITY_INFORMATION));
  MICA_CHECK(!valid(length, SACL_SECURITY_INFORMATION));
  for (ULONG bytes = 0; bytes < length; ++bytes) MICA_CHECK(!valid(bytes));
  // Each lie by itself.
  SECURITY_DESCRIPTOR_RELATIVE const truth = room.relative();
  auto lie = [&](auto change) {
    change(room.relative());
    bool const believed = valid(length);
    room.relative() = truth;
    return believed;
  };
  MICA_CHECK(!lie([](auto& header) { header.Revision = 2; }));
  MICA_CHECK(!lie([](auto& header) { header.Control &= static_cast<USHORT>(~SE_SELF_RELATIVE); }));
  MICA_CHECK(!lie([](auto& header) { header.Owner = 4; }));
  MICA_CHECK(!lie([](auto& header) { header.Owner += 2; }));
  MICA_CHECK(!lie([](auto& header) { header.Group = 0xFFFF'FFFC; }));
  MICA_CHECK(!lie([](auto& header) { header.Dacl = header.Owner; }));
  MICA_CHECK(lie([](auto& header) { header.Sacl = 0xFFFF'FFFC; }));  // which is not present
  MICA_CHECK(valid(length));
  // A SID is where its owner is said to be, but askew.
  std::memmove(static_cast<char*>(room.get()) + truth.Owner + 2, system.get(), 12);
  length += 2;
  MICA_CHECK(!lie([](auto& header) { header.Owner += 2; }));
}
