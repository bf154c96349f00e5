// Identifiers that every system has. [MSDN "Well-known SIDs"]
#pragma once

#include <nt/se/sid.h>

namespace mica::se {

// A SID with its sub-authorities.
template <unsigned Count>
struct FixedSid {
  UCHAR revision = SID_REVISION;
  UCHAR count = Count;
  SID_IDENTIFIER_AUTHORITY authority;
  ULONG sub_authorities[Count == 0 ? 1 : Count];
};

template <class... Numbers>
[[nodiscard]] consteval FixedSid<sizeof...(Numbers)> sid_of(UCHAR authority,
                                                            Numbers... numbers) noexcept {
  return {.authority = {{0, 0, 0, 0, 0, authority}}, .sub_authorities = {ULONG{numbers}...}};
}

// Null, world, local, creator: S-1-0 to S-1-3.
inline constexpr auto null_sid = sid_of(0, 0u);
inline constexpr auto everyone = sid_of(1, 0u);
inline constexpr auto local = sid_of(2, 0u);
inline constexpr auto creator_owner = sid_of(3, 0u);
inline constexpr auto creator_group = sid_of(3, 1u);
inline constexpr auto owner_rights = sid_of(3, 4u);

// NT's: S-1-5.
inline constexpr auto nt_authority = sid_of(5);
inline constexpr auto dialup = sid_of(5, 1u);
inline constexpr auto network = sid_of(5, 2u);
inline constexpr auto batch = sid_of(5, 3u);
inline constexpr auto interactive = sid_of(5, 4u);
inline constexpr auto anonymous_logon = sid_of(5, 7u);
inline constexpr auto authenticated_users = sid_of(5, 11u);
inline constexpr auto restricted = sid_of(5, 12u);
inline constexpr auto internet_user = sid_of(5, 17u);
inline constexpr auto local_system = sid_of(5, 18u);
inline constexpr auto local_service = sid_of(5, 19u);
inline constexpr auto network_service = sid_of(5, 20u);

// Groups that every system has: S-1-5-32.
inline constexpr auto administrators = sid_of(5, 32u, 544u);
inline constexpr auto users = sid_of(5, 32u, 545u);
inline constexpr auto guests = sid_of(5, 32u, 546u);
inline constexpr auto power_users = sid_of(5, 32u, 547u);
inline constexpr auto account_operators = sid_of(5, 32u, 548u);
inline constexpr auto system_operators = sid_of(5, 32u, 549u);
inline constexpr auto print_operators = sid_of(5, 32u, 550u);
inline constexpr auto backup_operators = sid_of(5, 32u, 551u);

// Levels of integrity: S-1-16.
inline constexpr auto untrusted_integrity = sid_of(16, 0u);
inline constexpr auto low_integrity = sid_of(16, 0x1000u);
inline constexpr auto medium_integrity = sid_of(16, 0x2000u);
inline constexpr auto high_integrity = sid_of(16, 0x3000u);
inline constexpr auto system_integrity = sid_of(16, 0x4000u);

}  // namespace mica::se
