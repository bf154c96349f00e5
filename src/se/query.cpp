// What a token says, by class.              [MSDN ZwQueryInformationToken, SeQueryInformationToken]
#include <nt/ex.h>

#include <algorithm>
#include <cstring>

#include "ob/header.hpp"
#include "se/token.hpp"
#include "se/well_known.hpp"

namespace mica::se {
namespace {

constexpr ULONG tag_answer = ob::pool_tag("SeTi");

// An answer: a structure of a known size, then what it points to. Counts always; writes only if
// there is a buffer.
class Answer {
 public:
  Answer(void* buffer, std::size_t structure_bytes) noexcept
      : begin_{static_cast<std::byte*>(buffer)}, bytes_{structure_bytes} {}

  template <class T>
  void put(std::size_t at, T const& value) noexcept {
    if (begin_ != nullptr) std::memcpy(begin_ + at, &value, sizeof value);
  }
  // A SID behind what is there, and at `at` where it is.
  void put_sid(std::size_t at, void const* sid) noexcept {
    ULONG const bytes = RtlLengthSid(const_cast<void*>(sid));
    if (begin_ != nullptr) {
      std::memcpy(begin_ + bytes_, sid, bytes);
      put(at, PSID{begin_ + bytes_});
    }
    bytes_ += bytes;
  }
  [[nodiscard]] ULONG bytes() const noexcept { return static_cast<ULONG>(bytes_); }

 private:
  std::byte* begin_;
  std::size_t bytes_;
};

template <class T>
[[nodiscard]] ULONG tell(void* buffer, T const& value) noexcept {
  Answer answer{buffer, sizeof value};
  answer.put(0, value);
  return answer.bytes();
}

// Structures of one pointer to a SID.
[[nodiscard]] ULONG tell_sid(void* buffer, void const* sid) noexcept {
  Answer answer{buffer, sizeof(PSID)};
  answer.put_sid(0, sid);
  return answer.bytes();
}

// Structures of a count and as many of each: put(answer, where, one) tells one of them.
template <class Each, class Many, class Put>
[[nodiscard]] ULONG tell_many(void* buffer, std::size_t first, Many const& many, Put put) noexcept {
  Answer answer{buffer, first + many.size() * sizeof(Each)};
  answer.put(0, static_cast<ULONG>(many.size()));
  std::size_t at = first;
  for (auto const& one : many) {
    put(answer, at, one);
    at += sizeof(Each);
  }
  return answer.bytes();
}

void put_group(Answer& answer, std::size_t at, Group const& group) noexcept {
  answer.put(at, SID_AND_ATTRIBUTES{nullptr, group.attributes});
  answer.put_sid(at, group.sid);
}

void put_privilege(Answer& answer, std::size_t at, Privilege const& privilege) noexcept {
  constexpr ULONG enabled = SE_PRIVILEGE_ENABLED_BY_DEFAULT | SE_PRIVILEGE_ENABLED;
  answer.put(at, LUID_AND_ATTRIBUTES{{privilege.number, 0}, privilege.enabled ? enabled : 0});
}

[[nodiscard]] ULONG tell_group(void* buffer, Group const& group) noexcept {
  Answer answer{buffer, sizeof(SID_AND_ATTRIBUTES)};
  put_group(answer, 0, group);
  return answer.bytes();
}

[[nodiscard]] ULONG tell_groups(void* buffer, Token const& token) noexcept {
  return tell_many<SID_AND_ATTRIBUTES>(buffer, offsetof(TOKEN_GROUPS, Groups), token.groups,
                                       put_group);
}

[[nodiscard]] ULONG tell_privileges(void* buffer, Token const& token) noexcept {
  return tell_many<LUID_AND_ATTRIBUTES>(buffer, offsetof(TOKEN_PRIVILEGES, Privileges),
                                        token.privileges, put_privilege);
}

[[nodiscard]] TOKEN_SOURCE source_of(Token const& token) noexcept {
  TOKEN_SOURCE source{};
  std::copy(std::begin(token.source), std::end(token.source), source.SourceName);
  return source;
}

[[nodiscard]] TOKEN_STATISTICS statistics_of(Token const& token) noexcept {
  TOKEN_STATISTICS statistics{};
  statistics.TokenId = token.id;
  statistics.AuthenticationId = token.logon;
  statistics.ExpirationTime.QuadPart = MAXLONGLONG;
  statistics.TokenType = TokenPrimary;
  statistics.GroupCount = static_cast<ULONG>(token.groups.size());
  statistics.PrivilegeCount = static_cast<ULONG>(token.privileges.size());
  statistics.ModifiedId = token.id;
  return statistics;
}

[[nodiscard]] Group const* integrity_of(Token const& token) noexcept {
  for (Group const& group : token.groups)
    if ((group.attributes & SE_GROUP_INTEGRITY) != 0) return &group;
  return nullptr;
}

// The bytes of the answer, which is written if there is a buffer; 0: no such class.
[[nodiscard]] ULONG tell(Token const& token, TOKEN_INFORMATION_CLASS what, void* buffer) noexcept {
  switch (what) {
    case TokenUser:
      return tell_group(buffer, Group{token.user, 0});
    case TokenGroups:
      return tell_groups(buffer, token);
    case TokenPrivileges:
      return tell_privileges(buffer, token);
    case TokenOwner:
      return tell_sid(buffer, token.owner);
    case TokenPrimaryGroup:
      return tell_sid(buffer, token.primary_group);
    case TokenSource:
      return tell(buffer, source_of(token));
    case TokenType:
      return tell(buffer, TokenPrimary);
    case TokenStatistics:
      return tell(buffer, statistics_of(token));
    case TokenSessionId:
      return tell(buffer, token.session);
    case TokenElevationType:
      return tell(buffer, TokenElevationTypeDefault);
    case TokenElevation:
      return tell(buffer, TOKEN_ELEVATION{TRUE});
    case TokenIntegrityLevel:
      if (Group const* const integrity = integrity_of(token)) return tell_group(buffer, *integrity);
      break;
  }
  return 0;
}

}  // namespace
}  // namespace mica::se

using namespace mica;

NTSTATUS NTAPI ZwQueryInformationToken(HANDLE TokenHandle,
                                       TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID TokenInformation, ULONG TokenInformationLength,
                                       PULONG ReturnLength) {
  ACCESS_MASK const access =
      TokenInformationClass == TokenSource ? TOKEN_QUERY_SOURCE : TOKEN_QUERY;
  void* object = nullptr;
  NTSTATUS const status = ObReferenceObjectByHandle(TokenHandle, access, se::state().token_type,
                                                    KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference const reference{object};
  auto const& token = *static_cast<se::Token const*>(object);
  ULONG const bytes = se::tell(token, TokenInformationClass, nullptr);
  if (bytes == 0) return STATUS_INVALID_INFO_CLASS;
  *ReturnLength = bytes;
  if (TokenInformation == nullptr || TokenInformationLength < bytes) return STATUS_BUFFER_TOO_SMALL;
  static_cast<void>(se::tell(token, TokenInformationClass, TokenInformation));
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeQueryInformationToken(PACCESS_TOKEN Token,
                                       TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID* TokenInformation) {
  auto const& token = *static_cast<se::Token const*>(Token);
  if (TokenInformationClass == TokenSessionId) {
    static_cast<void>(se::tell(token, TokenInformationClass, TokenInformation));
    return STATUS_SUCCESS;
  }
  ULONG const bytes = se::tell(token, TokenInformationClass, nullptr);
  if (bytes == 0) return STATUS_INVALID_INFO_CLASS;
  void* const answer = ExAllocatePool2(POOL_FLAG_PAGED, bytes, se::tag_answer);
  if (answer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  static_cast<void>(se::tell(token, TokenInformationClass, answer));
  *TokenInformation = answer;
  return STATUS_SUCCESS;
}
