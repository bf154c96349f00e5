// Altitudes: decimal numbers of any length, as text; who filters stands at one. Any IRQL.
//                                   [MSDN "Load Order Groups and Altitudes for Minifilter Drivers"]
#pragma once

#include <nt/ntdef.h>

namespace mica::rtl {

// Digits, with one point among them or none.
[[nodiscard]] bool NTAPI is_altitude(UNICODE_STRING const& text) noexcept;

// As numbers: negative, 0 or positive.
[[nodiscard]] int NTAPI compare_altitudes(UNICODE_STRING const& left,
                                          UNICODE_STRING const& right) noexcept;

}  // namespace mica::rtl
