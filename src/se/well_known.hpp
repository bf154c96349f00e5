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
  ULONG sub_authorities[Count];
};

inline constexpr FixedSid<1> everyone{.authority = {SECURITY_WORLD_SID_AUTHORITY},
                                      .sub_authorities = {0}};
inline constexpr FixedSid<1> local_system{.authority = {SECURITY_NT_AUTHORITY},
                                          .sub_authorities = {18}};
inline constexpr FixedSid<1> authenticated_users{.authority = {SECURITY_NT_AUTHORITY},
                                                 .sub_authorities = {11}};
inline constexpr FixedSid<2> administrators{.authority = {SECURITY_NT_AUTHORITY},
                                            .sub_authorities = {32, 544}};
inline constexpr FixedSid<1> system_integrity{.authority = {SECURITY_MANDATORY_LABEL_AUTHORITY},
                                              .sub_authorities = {0x4000}};

}  // namespace mica::se
