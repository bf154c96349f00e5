// Security descriptors, as values.
//     [MSDN RtlCreateSecurityDescriptor, RtlAbsoluteToSelfRelativeSD and relatives]
#include "security_support.hpp"

#include <cstddef>
#include <cstring>
#include <initializer_list>

using namespace mica::test;

namespace {

constexpr SECURITY_INFORMATION parts[] = {OWNER_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION,
                                          DACL_SECURITY_INFORMATION, SACL_SECURITY_INFORMATION};
constexpr SECURITY_INFORMATION every_part = 15;

}  // namespace

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
  MICA_CHECK(RtlSetOwnerSecurityDescriptor(&descriptor, system, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(descriptor.Control == (SE_OWNER_DEFAULTED | SE_GROUP_DEFAULTED));
  MICA_CHECK(RtlGetOwnerSecurityDescriptor(&descriptor, &sid, &defaulted) == STATUS_SUCCESS);
  MICA_CHECK(defaulted == TRUE);
}

MICA_CASE("Rtl: a security descriptor of another revision is none") {
  Descriptor descriptor{GENERIC_READ};
  Sid everyone{1, 0};
  descriptor->Revision = SECURITY_DESCRIPTOR_REVISION + 1;
  BOOLEAN present = 7, defaulted = 7;
  PACL dacl = nullptr;
  PSID sid = nullptr;
  constexpr NTSTATUS unknown = STATUS_UNKNOWN_REVISION;
  MICA_CHECK(RtlSetDaclSecurityDescriptor(descriptor, FALSE, nullptr, FALSE) == unknown);
  MICA_CHECK(RtlSetOwnerSecurityDescriptor(descriptor, everyone, FALSE) == unknown);
  MICA_CHECK(RtlSetGroupSecurityDescriptor(descriptor, everyone, FALSE) == unknown);
  MICA_CHECK(RtlGetDaclSecurityDescriptor(descriptor, &present, &dacl, &defaulted) == unknown);
  MICA_CHECK(RtlGetOwnerSecurityDescriptor(descriptor, &sid, &defaulted) == unknown);
  MICA_CHECK(RtlGetGroupSecurityDescriptor(descriptor, &sid, &defaulted) == unknown);
  MICA_CHECK(present == 7 && defaulted == 7 && dacl == nullptr && sid == nullptr);
  MICA_CHECK(!RtlValidSecurityDescriptor(descriptor));
  MICA_CHECK(!RtlValidSecurityDescriptor(nullptr));
}

MICA_CASE("Rtl: a security descriptor is valid if each of its parts is") {
  Whole whole;
  MICA_CHECK(RtlValidSecurityDescriptor(whole));
  for (PSID const sid : {whole.owner.get(), whole.group.get()}) {
    static_cast<SID*>(sid)->Revision = SID_REVISION + 1;
    MICA_CHECK(!RtlValidSecurityDescriptor(whole));
    static_cast<SID*>(sid)->Revision = SID_REVISION;
  }
  for (ACL* const acl : {whole.sacl.get(), whole.dacl.get()}) {
    acl->AclRevision = MAX_ACL_REVISION + 1;
    MICA_CHECK(!RtlValidSecurityDescriptor(whole));
    acl->AclRevision = ACL_REVISION;
  }
  MICA_CHECK(RtlValidSecurityDescriptor(whole));
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

MICA_CASE("Rtl: all parts of a security descriptor go along, a list as whole words") {
  Whole whole;
  whole->Sbz1 = 0x5A;  // a resource manager's
  whole->Control |= SE_RM_CONTROL_VALID;
  whole.sacl.get()->AclSize += 2;  // which is padded
  reinterpret_cast<UCHAR*>(whole.sacl.get())[sizeof(ACL) + 20 + 2] = 0xEE;  // of nobody
  constexpr ULONG bytes = 20 + (8 + 20 + 4) + (8 + 20) + 12 + 12;
  RelativeRoom room;
  std::memset(room.get(), 0xEE, sizeof room);
  ULONG length = sizeof room;
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(whole, room.get(), &length) == STATUS_SUCCESS);
  MICA_CHECK(RtlLengthSecurityDescriptor(room.get()) == bytes);
  MICA_CHECK(RtlLengthSecurityDescriptor(whole) == bytes);
  auto const* const start = static_cast<UCHAR const*>(room.get());
  SECURITY_DESCRIPTOR_RELATIVE const& header = room.relative();
  MICA_CHECK(header.Revision == SECURITY_DESCRIPTOR_REVISION && header.Sbz1 == 0x5A);
  MICA_CHECK(header.Control == (whole->Control | SE_SELF_RELATIVE));
  MICA_CHECK(std::memcmp(start + header.Sacl, whole.sacl.get(), 8 + 20 + 2) == 0);
  MICA_CHECK(start[header.Sacl + 8 + 20 + 2] == 0 && start[header.Sacl + 8 + 20 + 3] == 0);
  MICA_CHECK(std::memcmp(start + header.Dacl, whole.dacl.get(), 8 + 20) == 0);
  MICA_CHECK(std::memcmp(start + header.Owner, whole.owner.get(), 12) == 0);
  MICA_CHECK(std::memcmp(start + header.Group, whole.group.get(), 12) == 0);
  MICA_CHECK(start[bytes] == 0xEE);
  MICA_CHECK(RtlValidRelativeSecurityDescriptor(room.get(), bytes, every_part));
}

MICA_CASE("Rtl: a list that is not present does not go along") {
  Whole whole;
  whole->Control &= static_cast<USHORT>(~(SE_SACL_PRESENT | SE_DACL_PRESENT));
  RelativeRoom room;
  std::memset(room.get(), 0xEE, sizeof room);
  ULONG length = 20 + 12 + 12;
  MICA_CHECK(RtlLengthSecurityDescriptor(whole) == length);
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(whole, room.get(), &length) == STATUS_SUCCESS);
  MICA_CHECK(room.relative().Sacl == 0 && room.relative().Dacl == 0);
  room.relative().Sacl = room.relative().Dacl = room.relative().Owner;
  MICA_CHECK(RtlLengthSecurityDescriptor(room.get()) == length);
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
  MICA_CHECK(!lie([](auto& header) { header.Dacl = 0xFFFF'FFFC; }));
  MICA_CHECK(lie([](auto& header) { header.Sacl = 0xFFFF'FFFC; }));  // which is not present
  // A SID would be there, of no sub-authority, but in the header.
  MICA_CHECK(!lie([](auto& header) {
    header.Sacl = SID_REVISION;
    header.Owner = offsetof(SECURITY_DESCRIPTOR_RELATIVE, Sacl);
  }));
  MICA_CHECK(valid(length));
  // A SID is where its owner is said to be, but askew.
  std::memmove(static_cast<char*>(room.get()) + truth.Owner + 2, system.get(), 12);
  length += 2;
  MICA_CHECK(!lie([](auto& header) { header.Owner += 2; }));
}

MICA_CASE("Rtl: a security descriptor may be nothing but its header, and lack what nobody needs") {
  RelativeRoom room;
  SECURITY_DESCRIPTOR_RELATIVE& header = room.relative();
  header.Revision = SECURITY_DESCRIPTOR_REVISION;
  header.Control = SE_SELF_RELATIVE;
  constexpr ULONG bytes = sizeof header;
  MICA_CHECK(RtlValidRelativeSecurityDescriptor(room.get(), bytes, 0));
  MICA_CHECK(!RtlValidRelativeSecurityDescriptor(room.get(), bytes - 1, 0));
  for (SECURITY_INFORMATION const part : parts)
    MICA_CHECK(!RtlValidRelativeSecurityDescriptor(room.get(), bytes, part));
  header.Control |= SE_DACL_PRESENT | SE_SACL_PRESENT;  // lists that are null
  MICA_CHECK(RtlValidRelativeSecurityDescriptor(
      room.get(), bytes, DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION));
}

MICA_CASE("Rtl: each part of a self-relative security descriptor has to be what it says") {
  Whole whole;
  RelativeRoom room;
  ULONG length = sizeof room;
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(whole, room.get(), &length) == STATUS_SUCCESS);
  length = RtlLengthSecurityDescriptor(room.get());
  SECURITY_DESCRIPTOR_RELATIVE& header = room.relative();
  auto valid = [&] { return RtlValidRelativeSecurityDescriptor(room.get(), length, 0) != FALSE; };
  MICA_CHECK(valid());
  for (ULONG const part : {header.Owner, header.Group, header.Sacl, header.Dacl}) {
    UCHAR& revision = static_cast<UCHAR*>(room.get())[part];
    revision += 8;
    MICA_CHECK(!valid());
    revision -= 8;
  }
  static_cast<UCHAR*>(room.get())[header.Dacl] += 8;
  header.Control &= static_cast<USHORT>(~SE_DACL_PRESENT);
  MICA_CHECK(valid());
}
