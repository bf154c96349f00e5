// What the cases about security descriptors share.
#pragma once

#include <nt/ntifs.h>
#include <mica/test.hpp>

#include <cstddef>
#include <initializer_list>

namespace mica::test {

// S-1-AUTHORITY-NUMBER.
class Sid {
 public:
  Sid(UCHAR authority, ULONG number) noexcept {
    SID_IDENTIFIER_AUTHORITY value{{0, 0, 0, 0, 0, authority}};
    MICA_REQUIRE(RtlInitializeSid(&sid_, &value, 1) == STATUS_SUCCESS);
    *RtlSubAuthoritySid(&sid_, 0) = number;
  }
  void make_invalid() noexcept { sid_.Revision = 9; }
  [[nodiscard]] PSID get() noexcept { return &sid_; }
  operator PSID() noexcept { return &sid_; }

 private:
  SID sid_{};
};

// Room for a list of access rights.
class AclRoom {
 public:
  [[nodiscard]] ACL* get() noexcept { return reinterpret_cast<ACL*>(bytes_); }

 private:
  alignas(8) UCHAR bytes_[128] = {};
};

// A list of who may do what, and the absolute descriptor that has it.
class AccessList {
 public:
  AccessList() noexcept {
    MICA_REQUIRE(RtlCreateAcl(acl_.get(), 128, ACL_REVISION) == STATUS_SUCCESS);
    MICA_REQUIRE(RtlCreateSecurityDescriptor(&descriptor_, SECURITY_DESCRIPTOR_REVISION) ==
                 STATUS_SUCCESS);
    MICA_REQUIRE(RtlSetDaclSecurityDescriptor(&descriptor_, TRUE, acl_.get(), FALSE) ==
                 STATUS_SUCCESS);
  }
  AccessList(AccessList const&) = delete;
  AccessList& operator=(AccessList const&) = delete;
  AccessList& allow(ACCESS_MASK mask, PSID who, UCHAR flags = 0) noexcept {
    return add(ACCESS_ALLOWED_ACE_TYPE, mask, who, flags);
  }
  AccessList& deny(ACCESS_MASK mask, PSID who, UCHAR flags = 0) noexcept {
    return add(ACCESS_DENIED_ACE_TYPE, mask, who, flags);
  }
  AccessList& add(UCHAR type, ACCESS_MASK mask, PSID who, UCHAR flags) noexcept {
    MICA_REQUIRE(RtlAddAccessAllowedAce(acl_.get(), ACL_REVISION, mask, who) == STATUS_SUCCESS);
    void* ace = nullptr;
    MICA_REQUIRE(RtlGetAce(acl_.get(), acl_.get()->AceCount - 1u, &ace) == STATUS_SUCCESS);
    static_cast<ACE_HEADER*>(ace)->AceType = type;
    static_cast<ACE_HEADER*>(ace)->AceFlags = flags;
    return *this;
  }
  AccessList& owned_by(PSID owner) noexcept {
    MICA_REQUIRE(RtlSetOwnerSecurityDescriptor(&descriptor_, owner, FALSE) == STATUS_SUCCESS);
    return *this;
  }
  operator PSECURITY_DESCRIPTOR() noexcept { return &descriptor_; }
  SECURITY_DESCRIPTOR* operator->() noexcept { return &descriptor_; }

 private:
  AclRoom acl_;
  SECURITY_DESCRIPTOR descriptor_{};
};

// An absolute security descriptor that allows everyone something.
class Descriptor {
 public:
  explicit Descriptor(ACCESS_MASK allowed) noexcept {
    Sid everyone{1, 0};
    MICA_REQUIRE(RtlCreateAcl(acl_.get(), sizeof(ACL) + 20, ACL_REVISION) == STATUS_SUCCESS);
    MICA_REQUIRE(RtlAddAccessAllowedAce(acl_.get(), ACL_REVISION, allowed, everyone) ==
                 STATUS_SUCCESS);
    MICA_REQUIRE(RtlCreateSecurityDescriptor(&descriptor_, SECURITY_DESCRIPTOR_REVISION) ==
                 STATUS_SUCCESS);
    MICA_REQUIRE(RtlSetDaclSecurityDescriptor(&descriptor_, TRUE, acl_.get(), FALSE) ==
                 STATUS_SUCCESS);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  operator PSECURITY_DESCRIPTOR() noexcept { return &descriptor_; }
  SECURITY_DESCRIPTOR* operator->() noexcept { return &descriptor_; }

 private:
  AclRoom acl_;
  SECURITY_DESCRIPTOR descriptor_{};
};

// An absolute descriptor with each of its parts; each list has one entry.
struct Whole {
  Whole() noexcept {
    MICA_REQUIRE(RtlCreateSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION) ==
                 STATUS_SUCCESS);
    for (ACL* const acl : {sacl.get(), dacl.get()}) {
      MICA_REQUIRE(RtlCreateAcl(acl, sizeof(ACL) + 20, ACL_REVISION) == STATUS_SUCCESS);
      MICA_REQUIRE(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, owner) == STATUS_SUCCESS);
    }
    MICA_REQUIRE(RtlSetDaclSecurityDescriptor(&descriptor, TRUE, dacl.get(), FALSE) ==
                 STATUS_SUCCESS);
    MICA_REQUIRE(RtlSetOwnerSecurityDescriptor(&descriptor, owner, FALSE) == STATUS_SUCCESS);
    MICA_REQUIRE(RtlSetGroupSecurityDescriptor(&descriptor, group, FALSE) == STATUS_SUCCESS);
    descriptor.Sacl = sacl.get();  // which no routine sets
    descriptor.Control |= SE_SACL_PRESENT;
  }
  Whole(Whole const&) = delete;
  Whole& operator=(Whole const&) = delete;
  operator PSECURITY_DESCRIPTOR() noexcept { return &descriptor; }
  SECURITY_DESCRIPTOR* operator->() noexcept { return &descriptor; }

  Sid owner{5, 18}, group{1, 0};
  AclRoom sacl, dacl;
  SECURITY_DESCRIPTOR descriptor;
};

// Room for one that is self-relative.
class RelativeRoom {
 public:
  [[nodiscard]] PSECURITY_DESCRIPTOR get() noexcept { return bytes_; }
  [[nodiscard]] SECURITY_DESCRIPTOR_RELATIVE& relative() noexcept {
    return *reinterpret_cast<SECURITY_DESCRIPTOR_RELATIVE*>(bytes_);
  }
  [[nodiscard]] bool is_untouched() const noexcept {
    for (UCHAR const byte : bytes_)
      if (byte != 0) return false;
    return true;
  }

 private:
  alignas(8) UCHAR bytes_[512] = {};
};

// What the discretionary list of a descriptor allows, and to whom.
class Rights {
 public:
  explicit Rights(PSECURITY_DESCRIPTOR descriptor) noexcept {
    BOOLEAN present = FALSE, defaulted = FALSE;
    MICA_REQUIRE(RtlGetDaclSecurityDescriptor(descriptor, &present, &acl_, &defaulted) ==
                 STATUS_SUCCESS);
    MICA_REQUIRE(present && acl_ != nullptr);
  }
  [[nodiscard]] ULONG count() const noexcept { return acl_->AceCount; }
  [[nodiscard]] ACCESS_MASK mask(ULONG index) const noexcept { return at(index).Mask; }
  [[nodiscard]] bool is_for(ULONG index, Sid who) const noexcept {
    return is_for(index, who.get());
  }
  [[nodiscard]] bool is_for(ULONG index, PSID who) const noexcept {
    return RtlEqualSid(&at(index).SidStart, who) != FALSE;
  }

 private:
  [[nodiscard]] ACCESS_ALLOWED_ACE& at(ULONG index) const noexcept {
    void* ace = nullptr;
    MICA_REQUIRE(RtlGetAce(acl_, index, &ace) == STATUS_SUCCESS);
    return *static_cast<ACCESS_ALLOWED_ACE*>(ace);
  }

  PACL acl_ = nullptr;
};

}  // namespace mica::test
