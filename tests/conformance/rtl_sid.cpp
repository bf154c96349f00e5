// Security identifiers. [MSDN RtlInitializeSid and its relatives]
#include <nt/rtl/string.h>
#include <nt/se/sid.h>
#include <mica/test.hpp>

#include <cstddef>
#include <cstring>

namespace {

// Room for the largest.
struct Room {
  alignas(SID) UCHAR bytes[offsetof(SID, SubAuthority) + SID_MAX_SUB_AUTHORITIES * sizeof(ULONG)];
  [[nodiscard]] PSID get() noexcept { return bytes; }
};

constexpr SID_IDENTIFIER_AUTHORITY nt_authority{SECURITY_NT_AUTHORITY};

// S-1-5-32-544
void make_administrators(Room& room) noexcept {
  SID_IDENTIFIER_AUTHORITY authority = nt_authority;
  MICA_REQUIRE(RtlInitializeSid(room.get(), &authority, 2) == STATUS_SUCCESS);
  *RtlSubAuthoritySid(room.get(), 0) = 32;
  *RtlSubAuthoritySid(room.get(), 1) = 544;
}

[[nodiscard]] bool is_text(UNICODE_STRING const& string, char16_t const* text,
                           std::size_t length) noexcept {
  return string.Length == length * sizeof(WCHAR) &&
         std::memcmp(string.Buffer, text, string.Length) == 0;
}

}  // namespace

MICA_CASE("Rtl: a SID is as long as its sub-authorities are many") {
  Room room{};
  make_administrators(room);
  MICA_CHECK(RtlValidSid(room.get()));
  MICA_CHECK(RtlLengthSid(room.get()) == 16);
  MICA_CHECK(RtlLengthRequiredSid(0) == 8);
  MICA_CHECK(RtlLengthRequiredSid(2) == 16);
  MICA_CHECK(RtlLengthRequiredSid(15) == 68);
  MICA_CHECK(*RtlSubAuthorityCountSid(room.get()) == 2);
  auto const& sid = *static_cast<SID const*>(room.get());
  MICA_CHECK(sid.Revision == SID_REVISION && sid.IdentifierAuthority.Value[5] == 5);
  MICA_CHECK(sid.SubAuthority[0] == 32);
}

MICA_CASE("Rtl: what is no SID is not valid") {
  Room room{};
  MICA_CHECK(!RtlValidSid(nullptr));
  MICA_CHECK(!RtlValidSid(room.get()));  // revision 0
  make_administrators(room);
  *RtlSubAuthorityCountSid(room.get()) = SID_MAX_SUB_AUTHORITIES;
  MICA_CHECK(RtlValidSid(room.get()));
  *RtlSubAuthorityCountSid(room.get()) = SID_MAX_SUB_AUTHORITIES + 1;
  MICA_CHECK(!RtlValidSid(room.get()));
  SID_IDENTIFIER_AUTHORITY authority = nt_authority;
  MICA_CHECK(RtlInitializeSid(room.get(), &authority, 16) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlInitializeSid(room.get(), &authority, 15) == STATUS_SUCCESS);
  *RtlSubAuthorityCountSid(room.get()) = SID_MAX_SUB_AUTHORITIES + 1;
  UNICODE_STRING text{};
  MICA_CHECK(RtlConvertSidToUnicodeString(&text, room.get(), FALSE) == STATUS_INVALID_SID);
}

MICA_CASE("Rtl: SIDs are equal in all their parts, and a copy is") {
  Room first{}, second{};
  make_administrators(first);
  MICA_CHECK(RtlCopySid(15, second.get(), first.get()) == STATUS_BUFFER_TOO_SMALL);
  *RtlSubAuthoritySid(first.get(), 2) = 1;  // behind it
  *RtlSubAuthoritySid(second.get(), 2) = 2;
  MICA_CHECK(RtlCopySid(16, second.get(), first.get()) == STATUS_SUCCESS);
  MICA_CHECK(*RtlSubAuthoritySid(second.get(), 2) == 2);
  MICA_CHECK(RtlEqualSid(first.get(), second.get()));
  *RtlSubAuthoritySid(second.get(), 1) = 545;
  MICA_CHECK(!RtlEqualSid(first.get(), second.get()));
  make_administrators(second);
  *RtlSubAuthorityCountSid(second.get()) = 1;
  MICA_CHECK(!RtlEqualSid(first.get(), second.get()));
  MICA_CHECK(!RtlEqualSid(second.get(), first.get()));
  make_administrators(second);
  static_cast<SID*>(second.get())->IdentifierAuthority.Value[0] = 1;
  MICA_CHECK(!RtlEqualSid(first.get(), second.get()));
}

MICA_CASE("Rtl: a SID is S, revision, authority, sub-authorities") {
  Room room{};
  make_administrators(room);
  UNICODE_STRING text{};
  MICA_REQUIRE(RtlConvertSidToUnicodeString(&text, room.get(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is_text(text, u"S-1-5-32-544", 12));
  MICA_CHECK(text.Buffer[12] == UNICODE_NULL && text.MaximumLength == 26);
  RtlFreeUnicodeString(&text);

  WCHAR buffer[16] = {u'x', u'x'};
  text = {0, 11 * sizeof(WCHAR), buffer};
  MICA_CHECK(RtlConvertSidToUnicodeString(&text, room.get(), FALSE) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(buffer[0] == u'x' && text.Length == 0);
  buffer[12] = u'x';
  text = {0, 12 * sizeof(WCHAR), buffer};
  MICA_CHECK(RtlConvertSidToUnicodeString(&text, room.get(), FALSE) == STATUS_SUCCESS);
  MICA_CHECK(is_text(text, u"S-1-5-32-544", 12) && buffer[12] == u'x');
}

MICA_CASE("Rtl: an authority of more than 32 bits is hexadecimal") {
  Room room{};
  SID_IDENTIFIER_AUTHORITY authority{{0, 0, 0xff, 0xff, 0xff, 0xff}};
  MICA_REQUIRE(RtlInitializeSid(room.get(), &authority, 1) == STATUS_SUCCESS);
  *RtlSubAuthoritySid(room.get(), 0) = MAXULONG;
  UNICODE_STRING text{};
  MICA_REQUIRE(RtlConvertSidToUnicodeString(&text, room.get(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is_text(text, u"S-1-4294967295-4294967295", 25));
  RtlFreeUnicodeString(&text);
  authority = {{0, 1, 0, 0, 0, 0xa}};
  MICA_REQUIRE(RtlInitializeSid(room.get(), &authority, 0) == STATUS_SUCCESS);
  MICA_REQUIRE(RtlConvertSidToUnicodeString(&text, room.get(), TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is_text(text, u"S-1-0x00010000000A", 18));
  RtlFreeUnicodeString(&text);
}
