// The token of LocalSystem, which every process has.
//                    [MSDN ZwQueryInformationToken, ZwOpenProcessTokenEx, "LocalSystem Account"]
#include <nt/ntifs.h>
#include <mica/test.hpp>

#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "ob/header.hpp"

using namespace mica::test;

namespace {

class OpenToken {
 public:
  explicit OpenToken(ACCESS_MASK access = TOKEN_QUERY) noexcept {
    MICA_REQUIRE(ZwOpenProcessTokenEx(NtCurrentProcess(), access, OBJ_KERNEL_HANDLE, &handle_) ==
                 STATUS_SUCCESS);
  }
  OpenToken(OpenToken const&) = delete;
  OpenToken& operator=(OpenToken const&) = delete;
  ~OpenToken() { MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS); }
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }

 private:
  HANDLE handle_ = nullptr;
};

// What a token says of a class: it says first what that takes, and takes no less.
template <std::size_t Capacity = 1024>
struct Information {
  alignas(16) std::byte bytes[Capacity] = {};
  ULONG length = 0;

  Information(HANDLE token, TOKEN_INFORMATION_CLASS what) noexcept {
    MICA_CHECK(ZwQueryInformationToken(token, what, nullptr, 0, &length) ==
               STATUS_BUFFER_TOO_SMALL);
    MICA_REQUIRE(length != 0 && length <= sizeof bytes);
    ULONG again = 0;
    MICA_CHECK(ZwQueryInformationToken(token, what, bytes, length - 1, &again) ==
               STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(again == length && bytes[0] == std::byte{0});
    MICA_CHECK(ZwQueryInformationToken(token, what, bytes, length, &again) == STATUS_SUCCESS);
    MICA_CHECK(again == length);
  }
  template <class T>
  [[nodiscard]] T const& as() const noexcept {
    return *reinterpret_cast<T const*>(bytes);
  }
  // Whether a SID that the answer points to is in it.
  [[nodiscard]] bool contains(PSID sid) const noexcept {
    auto const* const begin = static_cast<std::byte const*>(sid);
    return begin >= bytes && begin + RtlLengthSid(sid) <= bytes + length;
  }
};

[[nodiscard]] bool is_sid(PSID sid, UCHAR authority,
                          std::initializer_list<ULONG> numbers) noexcept {
  auto const& found = *static_cast<SID const*>(sid);
  if (!RtlValidSid(sid) || found.SubAuthorityCount != numbers.size() ||
      found.IdentifierAuthority.Value[5] != authority)
    return false;
  ULONG const* at = found.SubAuthority;
  for (ULONG const number : numbers)
    if (*at++ != number) return false;
  return true;
}

}  // namespace

MICA_CASE("Se: the token of a process is LocalSystem's") {
  OpenToken const token;
  Information<> const user{token.get(), TokenUser};
  PSID const sid = user.as<TOKEN_USER>().User.Sid;
  MICA_CHECK(is_sid(sid, 5, {18}) && user.contains(sid));
  MICA_CHECK(user.as<TOKEN_USER>().User.Attributes == 0);
  Information<> const owner{token.get(), TokenOwner};
  MICA_CHECK(is_sid(owner.as<TOKEN_OWNER>().Owner, 5, {32, 544}));
  Information<> const group{token.get(), TokenPrimaryGroup};
  MICA_CHECK(is_sid(group.as<TOKEN_PRIMARY_GROUP>().PrimaryGroup, 5, {18}));
  Information<> const type{token.get(), TokenType};
  MICA_CHECK(type.as<TOKEN_TYPE>() == TokenPrimary);
  Information<> const elevated{token.get(), TokenElevation};
  MICA_CHECK(elevated.as<TOKEN_ELEVATION>().TokenIsElevated != 0);
  Information<> const kind{token.get(), TokenElevationType};
  MICA_CHECK(kind.as<TOKEN_ELEVATION_TYPE>() == TokenElevationTypeDefault);
  Information<> const label{token.get(), TokenIntegrityLevel};
  MICA_CHECK(is_sid(label.as<TOKEN_MANDATORY_LABEL>().Label.Sid, 16, {0x4000}));
}

MICA_CASE("Se: a token's session is a number, 0 for the System's") {
  OpenToken const token;
  ULONG session = 1, length = 0;
  MICA_CHECK(ZwQueryInformationToken(token.get(), TokenSessionId, &session, sizeof session,
                                     &length) == STATUS_SUCCESS);
  MICA_CHECK(session == 0 && length == sizeof session);
}

MICA_CASE("Se: LocalSystem is in the groups of administrators, everyone and who is known") {
  OpenToken const token;
  Information<> const answer{token.get(), TokenGroups};
  auto const& groups = answer.as<TOKEN_GROUPS>();
  MICA_REQUIRE(groups.GroupCount == 4);
  unsigned found = 0;
  for (ULONG i = 0; i < groups.GroupCount; ++i) {
    SID_AND_ATTRIBUTES const& group = groups.Groups[i];
    MICA_CHECK(answer.contains(group.Sid));
    if (is_sid(group.Sid, 5, {32, 544})) found |= (group.Attributes & SE_GROUP_OWNER) != 0 ? 1u : 0;
    if (is_sid(group.Sid, 1, {0})) found |= (group.Attributes & SE_GROUP_ENABLED) != 0 ? 2u : 0;
    if (is_sid(group.Sid, 5, {11})) found |= (group.Attributes & SE_GROUP_ENABLED) != 0 ? 4u : 0;
    if (is_sid(group.Sid, 16, {0x4000}))
      found |= (group.Attributes & SE_GROUP_INTEGRITY) != 0 ? 8u : 0;
  }
  MICA_CHECK(found == 15);
}

MICA_CASE("Se: a token says its privileges, its source and its numbers") {
  OpenToken const token{TOKEN_QUERY | TOKEN_QUERY_SOURCE};
  Information<> const answer{token.get(), TokenPrivileges};
  auto const& privileges = answer.as<TOKEN_PRIVILEGES>();
  bool debug = false, load = true;
  for (ULONG i = 0; i < privileges.PrivilegeCount; ++i) {
    LUID_AND_ATTRIBUTES const& one = privileges.Privileges[i];
    bool const enabled = (one.Attributes & SE_PRIVILEGE_ENABLED) != 0;
    if (one.Luid.LowPart == SE_DEBUG_PRIVILEGE) debug = enabled;
    if (one.Luid.LowPart == SE_LOAD_DRIVER_PRIVILEGE) load = enabled;
  }
  MICA_CHECK(debug && !load);
  Information<> const source{token.get(), TokenSource};
  MICA_CHECK(std::memcmp(source.as<TOKEN_SOURCE>().SourceName, "*SYSTEM*", 8) == 0);
  Information<> const statistics{token.get(), TokenStatistics};
  auto const& numbers = statistics.as<TOKEN_STATISTICS>();
  MICA_CHECK(numbers.AuthenticationId.LowPart == 0x3e7 && numbers.TokenType == TokenPrimary);
  MICA_CHECK(numbers.GroupCount == 4 && numbers.PrivilegeCount == privileges.PrivilegeCount);
}

MICA_CASE("Se: a token is asked only what there is, by a handle that is a token's") {
  ULONG length = 0;
  ULONG buffer[4] = {};
  OpenToken const token;
  MICA_CHECK(ZwQueryInformationToken(token.get(), static_cast<TOKEN_INFORMATION_CLASS>(0), buffer,
                                     sizeof buffer, &length) == STATUS_INVALID_INFO_CLASS);
  MICA_CHECK(ZwQueryInformationToken(token.get(), static_cast<TOKEN_INFORMATION_CLASS>(99), buffer,
                                     sizeof buffer, &length) == STATUS_INVALID_INFO_CLASS);
  MICA_CHECK(ZwQueryInformationToken(NtCurrentProcess(), TokenUser, buffer, sizeof buffer,
                                     &length) == STATUS_OBJECT_TYPE_MISMATCH);
  HANDLE none = nullptr;
  MICA_CHECK(ZwOpenProcessToken(NtCurrentThread(), TOKEN_QUERY, &none) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwOpenProcessToken(nullptr, TOKEN_QUERY, &none) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwOpenProcessToken(NtCurrentProcess(), TOKEN_QUERY, &none) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(none) == STATUS_SUCCESS);
}

MICA_CASE("Se: a thread that impersonates nobody has no token") {
  HANDLE token = nullptr;
  MICA_CHECK(ZwOpenThreadToken(NtCurrentThread(), TOKEN_QUERY, TRUE, &token) == STATUS_NO_TOKEN);
  MICA_CHECK(ZwOpenThreadTokenEx(NtCurrentThread(), TOKEN_QUERY, TRUE, OBJ_KERNEL_HANDLE, &token) ==
             STATUS_NO_TOKEN);
  MICA_CHECK(ZwOpenThreadToken(NtCurrentProcess(), TOKEN_QUERY, TRUE, &token) ==
             STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Se: what a token says comes in a block of pool too") {
  PACCESS_TOKEN const token = PsReferencePrimaryToken(PsGetCurrentProcess());
  MICA_REQUIRE(token != nullptr);
  auto const references = mica::ob::header_of(token).references.load();
  MICA_CHECK(SeTokenIsAdmin(token));
  void* answer = nullptr;
  MICA_REQUIRE(SeQueryInformationToken(token, TokenUser, &answer) == STATUS_SUCCESS);
  MICA_CHECK(is_sid(static_cast<TOKEN_USER*>(answer)->User.Sid, 5, {18}));
  ExFreePool(answer);
  ULONG session = 1;
  MICA_CHECK(SeQueryInformationToken(token, TokenSessionId, reinterpret_cast<PVOID*>(&session)) ==
             STATUS_SUCCESS);
  MICA_CHECK(session == 0);
  MICA_CHECK(SeQueryInformationToken(token, static_cast<TOKEN_INFORMATION_CLASS>(99), &answer) ==
             STATUS_INVALID_INFO_CLASS);
  PsDereferencePrimaryToken(token);
  MICA_CHECK(mica::ob::header_of(token).references.load() == references - 1);
}

MICA_CASE("Se: privileges count where user mode asks, and what is enabled does") {
  LUID const debug = RtlConvertUlongToLuid(SE_DEBUG_PRIVILEGE);
  LUID const load = RtlConvertUlongToLuid(SE_LOAD_DRIVER_PRIVILEGE);
  MICA_CHECK(SeSinglePrivilegeCheck(load, KernelMode));
  MICA_CHECK(SeSinglePrivilegeCheck(debug, UserMode));
  MICA_CHECK(!SeSinglePrivilegeCheck(load, UserMode));
  MICA_CHECK(!SeSinglePrivilegeCheck({SE_DEBUG_PRIVILEGE, 1}, UserMode));

  SECURITY_SUBJECT_CONTEXT subject{};
  SeCaptureSubjectContext(&subject);
  MICA_REQUIRE(subject.PrimaryToken != nullptr && subject.ClientToken == nullptr);
  struct {
    PRIVILEGE_SET set;
    LUID_AND_ATTRIBUTES second;
  } wanted{{2, PRIVILEGE_SET_ALL_NECESSARY, {{load, 0}}}, {debug, 0}};
  MICA_CHECK(SePrivilegeCheck(&wanted.set, &subject, KernelMode));
  MICA_CHECK(wanted.second.Attributes == 0);
  MICA_CHECK(!SePrivilegeCheck(&wanted.set, &subject, UserMode));
  MICA_CHECK(wanted.second.Attributes == SE_PRIVILEGE_USED_FOR_ACCESS);
  MICA_CHECK(wanted.set.Privilege[0].Attributes == 0);
  wanted.set.Control = 0;
  MICA_CHECK(SePrivilegeCheck(&wanted.set, &subject, UserMode));
  wanted.set.PrivilegeCount = 1;
  MICA_CHECK(!SePrivilegeCheck(&wanted.set, &subject, UserMode));
  SeReleaseSubjectContext(&subject);
  MICA_CHECK(subject.PrimaryToken == nullptr);
}
