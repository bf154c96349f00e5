// The "OEM" code page, 437, character by character. Any IRQL.
#pragma once

#include <nt/ntdef.h>

namespace mica::rtl {

[[nodiscard]] WCHAR NTAPI unicode_of_oem(CHAR character) noexcept;
// '?' for what the code page lacks.
[[nodiscard]] CHAR NTAPI oem_of(WCHAR character) noexcept;

}  // namespace mica::rtl
