// Access checks of another token than LocalSystem's: privileges that are enabled, groups that are
// not, clients of a server.                         [MSDN SeAccessCheck, SeFreePrivileges]
#include "security_support.hpp"

#include "ob/type.hpp"
#include "se/token.hpp"

using namespace mica::test;

namespace {

GENERIC_MAPPING some_mapping{1, 2, 4, 7};

// A client with a group that is enabled, one that is not, and such privileges.
class Client {
 public:
  explicit Client(bool privileged) noexcept
      : privileges_{{SE_SECURITY_PRIVILEGE, privileged},
                    {SE_TAKE_OWNERSHIP_PRIVILEGE, privileged}} {
    token_.user = user_.get();
    token_.groups = groups_;
    token_.privileges = privileges_;
    SeCaptureSubjectContext(&subject_);
    subject_.ClientToken = &token_;
    subject_.ImpersonationLevel = SecurityImpersonation;
  }
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;
  ~Client() {
    subject_.ClientToken = nullptr;
    SeReleaseSubjectContext(&subject_);
  }
  void only_identify() noexcept { subject_.ImpersonationLevel = SecurityIdentification; }

  // STATUS_SUCCESS, or why not.
  [[nodiscard]] NTSTATUS ask(PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK desired,
                             PPRIVILEGE_SET* privileges = nullptr) noexcept {
    ACCESS_MASK granted = 0;
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    bool const allowed = SeAccessCheck(descriptor, &subject_, FALSE, desired, 0, privileges,
                                       &some_mapping, UserMode, &granted, &status) != FALSE;
    MICA_CHECK(allowed == NT_SUCCESS(status) && granted == (allowed ? desired : 0));
    return status;
  }

 private:
  Sid user_{5, 1001}, enabled_{5, 1002}, disabled_{5, 1003};
  mica::se::Group groups_[2]{{enabled_.get(), SE_GROUP_ENABLED}, {disabled_.get(), 0}};
  mica::se::Privilege privileges_[2];
  mica::se::Token token_{};
  SECURITY_SUBJECT_CONTEXT subject_;
};

}  // namespace

MICA_CASE("Se: a client is judged in the server's place, by its groups that are enabled") {
  Sid user{5, 1001}, enabled{5, 1002}, disabled{5, 1003}, system{5, 18};
  AccessList list;
  list.allow(1, user).allow(2, enabled).allow(4, disabled).allow(DELETE, system);
  Client client{false};
  MICA_CHECK(client.ask(list, 1 | 2) == STATUS_SUCCESS);
  MICA_CHECK(client.ask(list, 4) == STATUS_ACCESS_DENIED);
  MICA_CHECK(client.ask(list, DELETE) == STATUS_ACCESS_DENIED);
  client.only_identify();
  MICA_CHECK(client.ask(list, 1) == STATUS_BAD_IMPERSONATION_LEVEL);
}

MICA_CASE("Se: privileges grant what the list does not, and are told") {
  SpecialPool const special{mica::ob::pool_tag("SePr")};  // of which nothing stays that was freed
  AccessList nothing;
  Client client{true}, other{false};
  PPRIVILEGE_SET used = nullptr;
  MICA_CHECK(client.ask(nothing, ACCESS_SYSTEM_SECURITY | WRITE_OWNER, &used) == STATUS_SUCCESS);
  MICA_REQUIRE(used != nullptr);
  MICA_CHECK(used->PrivilegeCount == 2);
  MICA_CHECK(used->Privilege[0].Luid.LowPart == SE_SECURITY_PRIVILEGE);
  MICA_CHECK(used->Privilege[0].Attributes == SE_PRIVILEGE_USED_FOR_ACCESS);
  MICA_CHECK((&used->Privilege[0])[1].Luid.LowPart == SE_TAKE_OWNERSHIP_PRIVILEGE);
  SeFreePrivileges(used);
  MICA_CHECK(!MmIsAddressValid(used));
  MICA_CHECK(client.ask(nothing, WRITE_OWNER) == STATUS_SUCCESS);
  MICA_CHECK(other.ask(nothing, WRITE_OWNER) == STATUS_ACCESS_DENIED);
  MICA_CHECK(other.ask(nothing, ACCESS_SYSTEM_SECURITY, &used) == STATUS_PRIVILEGE_NOT_HELD);
  MICA_CHECK(used == nullptr);
}

MICA_CASE("Se: a privilege that was not needed is not told") {
  Sid user{5, 1001};
  AccessList list;
  list.allow(WRITE_OWNER, user);
  Client client{true};
  PPRIVILEGE_SET used = nullptr;
  MICA_CHECK(client.ask(list, WRITE_OWNER, &used) == STATUS_SUCCESS);
  MICA_CHECK(used == nullptr);
  MICA_CHECK(client.ask(list, 1 | WRITE_OWNER | ACCESS_SYSTEM_SECURITY, &used) ==
             STATUS_ACCESS_DENIED);
  MICA_CHECK(used == nullptr);
}
