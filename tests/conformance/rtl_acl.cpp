// Lists of access rights, as values.      [MSDN RtlCreateAcl, RtlAddAccessAllowedAce, RtlGetAce]
#include "security_support.hpp"

#include <cstddef>
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
  MICA_CHECK(RtlCreateAcl(acl, 0xFFFF, ACL_REVISION) == STATUS_SUCCESS);
  MICA_CHECK(acl->AclSize == 0xFFFC);
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

namespace {

// SYSTEM_MANDATORY_LABEL_ACE_TYPE: its contents are not looked at.
constexpr UCHAR label_type = 0x11;

// A list of one entry for S-1-5-18, which a case then changes.
class OneEntry {
 public:
  OneEntry() noexcept {
    Sid system{5, 18};
    MICA_REQUIRE(RtlCreateAcl(acl(), sizeof(ACL) + 20, ACL_REVISION) == STATUS_SUCCESS);
    MICA_REQUIRE(RtlAddAccessAllowedAce(acl(), ACL_REVISION, 1, system) == STATUS_SUCCESS);
  }
  [[nodiscard]] ACL* acl() noexcept { return room_.get(); }
  [[nodiscard]] ACCESS_ALLOWED_ACE& ace() noexcept {
    return *reinterpret_cast<ACCESS_ALLOWED_ACE*>(acl() + 1);
  }
  [[nodiscard]] SID& sid() noexcept { return *reinterpret_cast<SID*>(&ace().SidStart); }
  void make(UCHAR type, USHORT size) noexcept { ace().Header = {type, 0, size}; }
  [[nodiscard]] bool is_valid() noexcept {
    void* at = nullptr;
    return RtlGetAce(acl(), 0, &at) == STATUS_SUCCESS;
  }

 private:
  AclRoom room_;
};

}  // namespace

MICA_CASE("Rtl: an entry of rights has a whole SID within what it says is its size") {
  OneEntry list;
  MICA_REQUIRE(list.is_valid());
  for (UCHAR const type : {ACCESS_ALLOWED_ACE_TYPE, ACCESS_DENIED_ACE_TYPE, SYSTEM_AUDIT_ACE_TYPE,
                           SYSTEM_ALARM_ACE_TYPE}) {
    list.make(type, 20);
    MICA_CHECK(list.is_valid());
    list.sid().Revision = SID_REVISION + 1;
    MICA_CHECK(!list.is_valid());
    list.sid().Revision = SID_REVISION;
    list.sid().SubAuthorityCount = 2;
    MICA_CHECK(!list.is_valid());
    list.sid().SubAuthorityCount = 1;
    for (USHORT const size : {4, 8, 12, 16}) {
      list.make(type, size);
      MICA_CHECK(!list.is_valid());
    }
    list.sid().SubAuthorityCount = 0;
    MICA_CHECK(list.is_valid());  // in sixteen bytes
    list.sid().SubAuthorityCount = 1;
  }
}

MICA_CASE("Rtl: an entry of another type is any number of words, a header at least") {
  OneEntry list;
  for (USHORT const size : {4, 8, 20}) {
    list.make(label_type, size);
    MICA_CHECK(list.is_valid());
  }
  for (USHORT const size : {0, 2, 6, 24}) {
    list.make(label_type, size);
    MICA_CHECK(!list.is_valid());
  }
  list.make(label_type, 4);
  list.acl()->AclSize = sizeof(ACL) + 4;
  MICA_CHECK(list.is_valid());
  list.acl()->AceCount = 2;  // the second would begin where the list ends
  MICA_CHECK(!list.is_valid());
}

MICA_CASE("Rtl: a list of rights has a known revision, and is no shorter than its header") {
  OneEntry list;
  Sid system{5, 18};
  list.acl()->AceCount = 0;
  list.acl()->AclSize = sizeof(ACL) - 4;
  MICA_CHECK(RtlAddAccessAllowedAce(list.acl(), ACL_REVISION, 1, system) == STATUS_INVALID_ACL);
  list.acl()->AclSize = sizeof(ACL) + 20;
  for (UCHAR const revision : {MIN_ACL_REVISION - 1, MAX_ACL_REVISION + 1}) {
    list.acl()->AclRevision = revision;
    MICA_CHECK(RtlAddAccessAllowedAce(list.acl(), ACL_REVISION, 1, system) == STATUS_INVALID_ACL);
  }
  MICA_CHECK(list.acl()->AceCount == 0);
}
